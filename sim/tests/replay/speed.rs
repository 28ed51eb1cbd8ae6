//! How long a million calls take: `cargo test --release -p poolcounter_sim --test replay -- --ignored --nocapture million`.

use poolcounter::recording::Recording;
use poolcounter_sim::replay::{Plan, Replay, Traffic};
use poolcounter_sim::{Comparison, Simulation};
use std::sync::Arc;
use std::time::Instant;

#[test]
#[ignore = "prints a time, and judges nothing"]
fn a_million_calls() {
    let lab = Comparison::from_query(
        "preset=breaking-news&hotReaders=600&readers=0&cores=1024&webWorkers=10000&parseCpu=20&duration=2700",
    )
    .unwrap();
    let mut simulation = Simulation::new(&lab.scenario, &lab.b).unwrap().recorded();
    while simulation.advance(100_000) < 1.0 {}
    let file = simulation.end_recording();
    let begun = Instant::now();
    let recording = Recording::read(&file).unwrap();
    let read = begun.elapsed();
    let calls = recording.calls();
    let traffic = Arc::new(Traffic::of(&[recording]).unwrap());
    let understood = begun.elapsed();
    let plan = Plan::default().with("pcache: workers 4, maxqueue 50, fastStale").unwrap();
    let report = Replay::new(&traffic, &plan).unwrap().finish();
    let played = begun.elapsed();
    println!("{calls} calls in {} bytes: read {read:?}, understood {understood:?}, played {played:?}", file.len());
    println!("{:?}", report.to_json().len());
}
