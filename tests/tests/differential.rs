//! Our daemon against the reference, in random stories: `SEED=` and `STEPS=` choose them.

use std::env;
use std::hash::{BuildHasher, RandomState};

use poolcounter_test_support::fuzz;

#[test]
fn both_daemons_say_the_same() {
    let number = |name: &str| env::var(name).ok().map(|value| value.parse().expect("a number"));
    let seed = number("SEED").unwrap_or_else(|| RandomState::new().hash_one("seed") >> 32);
    let steps = number("STEPS").unwrap_or(2400);
    println!("SEED={seed} STEPS={steps}");
    if let Err(difference) = fuzz::run(seed, usize::try_from(steps).expect("a number of steps")) {
        panic!("{difference:#}");
    }
}
