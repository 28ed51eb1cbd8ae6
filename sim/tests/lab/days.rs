//! Days that are small enough to count by hand.

use poolcounter_sim::outcome::Totals;
use poolcounter_sim::{Curve, Outcome, Preset, Scenario, Setting, Simulation};

/// A day without readers and edits. Requests cost nothing, and a parse takes exactly one second.
pub(crate) fn empty_day() -> Scenario {
    Scenario {
        duration: 60,
        hot_readers: Curve::constant(0.0),
        readers: Curve::constant(0.0),
        edits: Curve::constant(0.0),
        other_edits: Curve::constant(0.0),
        parse_cpu: 1.0,
        parse_spread: 0.0,
        request_cpu: 0.0,
        servers: 1,
        cores: 1_000,
        web_workers: 1_000,
        ..Preset::QuietDay.scenario()
    }
}

/// About 200 readers within a hundredth of a second, at the tenth.
pub(crate) fn crowd() -> Curve {
    Curve::through(&[(9.99, 0.0), (10.0, 20_000.0), (10.01, 0.0)])
}

/// An edit or more in the second second.
pub(crate) fn an_edit() -> Curve {
    Curve::through(&[(1.0, 0.0), (1.5, 6_000.0), (2.0, 0.0)])
}

/// Runs the day and checks that the totals are consistent.
pub(crate) fn play(scenario: &Scenario, setting: &Setting) -> Outcome {
    let outcome = Simulation::new(scenario, setting).expect("a valid scenario").finish();
    let Totals { requests, fresh, stale, errors, unfinished, .. } = outcome.totals;
    assert_eq!(requests, fresh + stale + errors + unfinished);
    outcome
}

pub(crate) fn totals(scenario: &Scenario, setting: &Setting) -> Totals {
    play(scenario, setting).totals
}
