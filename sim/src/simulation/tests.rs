//! What can only be seen from inside: who holds which key, after every event.

use super::{Phase, Simulation};
use crate::setting::Mode;
use crate::{Preset, Setting};
use alloc::collections::BTreeMap;

/// The most parses of one revision of one page that run now.
fn most_of_one_revision(simulation: &Simulation) -> usize {
    let mut parses = BTreeMap::new();
    for (_, request) in &simulation.requests {
        if matches!(request.phase, Phase::Parsing(_)) {
            *parses.entry((request.arrival.page, request.wanted)).or_insert(0) += 1;
        }
    }
    parses.into_values().max().unwrap_or(0)
}

#[test]
fn never_more_than_the_workers_parse_one_revision() {
    for preset in [Preset::BreakingNews, Preset::WorkerCrash, Preset::SlowParse] {
        for (mode, workers, fast_stale) in
            [(Mode::ForAnyone, 1, false), (Mode::ForAnyone, 3, true), (Mode::ForMe, 2, false)]
        {
            let setting = Setting { mode, workers, fast_stale, ..Setting::default() };
            let mut simulation = Simulation::new(&preset.scenario(), &setting).unwrap();
            let mut reached = 0;
            while simulation.advance(97) < 0.5 {
                let holders = simulation.pool.holders().max().unwrap_or(0);
                let parses = most_of_one_revision(&simulation);
                assert!(holders <= workers as usize && parses <= workers as usize, "{preset:?} {setting}");
                reached = reached.max(parses);
            }
            assert_eq!(reached, workers as usize, "{preset:?} {setting}");
        }
    }
}

#[test]
fn a_lock_is_held_just_where_a_page_is_parsed() {
    let scenario = Preset::WorkerCrash.scenario();
    let mut simulation = Simulation::new(&scenario, &Setting::default()).unwrap();
    while simulation.advance(31) < 0.6 {
        let parses =
            simulation.requests.iter().filter(|(_, request)| matches!(request.phase, Phase::Parsing(_))).count();
        assert_eq!(simulation.pool.holders().sum::<usize>(), parses);
        assert_eq!(simulation.meter.levels.parses, parses as u64);
    }
    assert!(simulation.outcome().totals.crashes > 0);
}
