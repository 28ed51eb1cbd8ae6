//! How long an hour takes: `cargo test --release -p poolcounter_sim --test lab -- --ignored --nocapture speed`.

use poolcounter_sim::{Comparison, Simulation};
use std::time::Instant;

#[test]
#[ignore = "prints a time, and judges nothing"]
fn an_hour_at_200_requests_a_second() {
    let lab = Comparison::from_query("hotReaders=100&readers=100&edits=6").unwrap();
    for setting in [&lab.a, &lab.b] {
        let begun = Instant::now();
        let totals = Simulation::new(&lab.scenario, setting).unwrap().finish().totals;
        println!("{setting}: {} requests in {:?}", totals.requests, begun.elapsed());
    }
}
