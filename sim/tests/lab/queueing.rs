//! Compares the simulation with queueing theory.

use crate::days::{empty_day, play};
use poolcounter_sim::traffic::{self, Arrivals, Edits, HOT};
use poolcounter_sim::{Curve, Outcome, Scenario, Setting};

/// How many were there on average, by the areas under the curves.
fn average(levels: &[f64]) -> f64 {
    levels.iter().sum::<f64>() / 240.0
}

/// Every request parses a page of its own: a single queue.
fn queue(load: f64, cores: u32) -> Scenario {
    Scenario {
        duration: 80_000,
        crawler: Curve::constant(load * f64::from(cores)),
        other_parse_cpu: 1.0,
        parse_spread: 1.5,
        cores,
        patience: 600.0,
        ..empty_day()
    }
}

fn near(value: f64, expected: f64, share: f64) -> bool {
    (value - expected).abs() <= expected * share
}

#[test]
fn a_shared_core_serves_in_the_time_that_theory_says() {
    // M/G/1 with processor sharing: mean work / (1 - load), whatever the spread.
    for load in [0.3, 0.6] {
        let Outcome { totals, .. } = play(&queue(load, 1), &Setting::none());
        assert!(near(totals.wait.mean, 1.0 / (1.0 - load), 0.05), "load {load}: {:?}", totals.wait);
        assert!(near(totals.cpu_busy, load, 0.02), "load {load}: {}", totals.cpu_busy);
    }
}

#[test]
fn as_many_are_there_as_come_in_the_time_that_they_stay() {
    // Little's law: of parses that run, and of the clients of a pool that wait.
    let day = queue(0.8, 4);
    let Outcome { totals, series } = play(&day, &Setting::none());
    let rate = totals.wait.mean * average(&series.requests);
    assert!(near(average(&series.parses), rate, 0.01), "{} {rate}", average(&series.parses));
    let pool = Setting { workers: 4, maxqueue: 100_000, timeout: 3_600, slots: 1, ..Setting::default() };
    let for_me = Setting { mode: poolcounter_sim::setting::Mode::ForMe, ..pool };
    let Outcome { totals, series } = play(&day, &for_me);
    let there = average(&series.parses) + average(&series.waiting);
    assert!(near(there, totals.wait.mean * average(&series.requests), 0.01), "{there} {:?}", totals.wait);
}

#[test]
fn cpu_time_is_what_requests_and_parses_cost() {
    let day = Scenario { request_cpu: 0.02, ..queue(0.5, 2) };
    let totals = crate::days::totals(&day, &Setting::none());
    assert_eq!(totals.requests, totals.parses + totals.unfinished);
    let costs = Arrivals::new(&day).map(|arrival| traffic::parse(&day, arrival.number, arrival.page).cpu / 1e6 + 0.02);
    let expected: f64 = costs.sum();
    // A few are unfinished, and moments are rounded to microseconds.
    assert!(near(totals.cpu_seconds, expected, 0.001), "{} {expected}", totals.cpu_seconds);
}

#[test]
fn requests_follow_their_curve() {
    let hot_readers = Curve::through(&[(100.0, 0.0), (200.0, 100.0), (300.0, 100.0), (300.5, 10.0)]);
    let day = Scenario { duration: 1_000, hot_readers, readers: Curve::constant(3.0), ..empty_day() };
    let mut hot = [0_u32; 10];
    let mut last = 0;
    for arrival in Arrivals::new(&day) {
        assert!((last..=1_000_000_000).contains(&arrival.at));
        last = arrival.at;
        if arrival.page == HOT {
            hot[usize::try_from(arrival.at / 100_000_001).unwrap()] += 1;
        }
    }
    assert_eq!(hot[0], 0);
    assert!((4_750..5_250).contains(&hot[1]), "{hot:?}");
    assert!((9_600..10_400).contains(&hot[2]), "{hot:?}");
    assert!(hot[3..].iter().all(|count| (850..1_170).contains(count)), "{hot:?}");
    let edited = Scenario { edits: Curve::constant(60.0), other_edits: Curve::constant(600.0), ..day };
    let hot_edits = Edits::new(&edited).filter(|edit| edit.page == HOT).count();
    assert!((900..1_100).contains(&hot_edits), "{hot_edits}");
    assert!((10_500..11_500).contains(&Edits::new(&edited).count()));
}
