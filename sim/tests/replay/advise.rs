//! Many settings for one recording.

use crate::desk::{Desk, group, played};
use poolcounter::recording::Recording;
use poolcounter_sim::replay::{Advice, Advisor, Doubt, Grid, Traffic};
use std::sync::Arc;

fn advice(recording: &Recording, cores: Option<u32>, grid: &Grid) -> Advice {
    let traffic = Arc::new(Traffic::of(std::slice::from_ref(recording)).unwrap());
    Advisor::new(&traffic, 1, cores, grid).unwrap().finish()
}

/// Three stampedes: ten readers, room for four, work of three seconds. A quiet group beside it.
fn stampedes() -> Recording {
    let mut desk = Desk::new();
    desk.record(0);
    for begin in [0, 20_000, 40_000] {
        let first = desk.come("ACQ4ANY enwiki:pcache:1 1 4 5", begin);
        for reader in 1..10 {
            desk.come("ACQ4ANY enwiki:pcache:1 1 4 5", begin + reader * 100);
        }
        let quiet = desk.come("ACQ4ME enwiki:ApiParse:a:1 2 10 5", begin + 1_000);
        desk.ask(quiet, "RELEASE", begin + 1_500);
        desk.ask(first, "RELEASE", begin + 3_000);
    }
    desk.recording()
}

#[test]
fn each_setting_has_the_figures_of_its_replay() {
    let grid = Grid { groups: vec!["ArticleView".into()], workers: vec![2], maxqueue: vec![40], ..Grid::default() };
    let advice = advice(&stampedes(), None, &grid);
    let [pcache] = &advice.groups[..] else { panic!("one group") };
    // Two values of workers and maxqueue, three of timeout, fastStale or not.
    assert_eq!((pcache.info.name.as_str(), pcache.settings.len(), pcache.is_near), ("pcache", 24, true));
    assert_eq!((pcache.settings[0].change.as_str(), pcache.settings[0].refusals), ("", 18));
    assert_eq!(pcache.recorded.refused, 18);
    for tried in pcache.settings.iter().skip(1) {
        let report = played(&stampedes(), &[&tried.change]);
        assert_eq!(group(&report, "pcache").b, tried.figures, "{}", tried.change);
    }
}

#[test]
fn the_best_are_those_that_no_other_beats() {
    let advice = advice(&stampedes(), None, &Grid { groups: vec!["pcache".into()], ..Grid::default() });
    let settings = &advice.groups[0].settings;
    let costs = |tried: &poolcounter_sim::replay::Tried| {
        let wait = &tried.figures.wait;
        (
            tried.refusals,
            wait.mean * f64::from(u32::try_from(wait.count).unwrap()),
            tried.figures.repeated,
            tried.figures.stale,
        )
    };
    let best: Vec<_> = settings.iter().filter(|tried| tried.is_best).collect();
    assert!(best.iter().any(|tried| tried.refusals == 0), "a longer queue refuses nobody");
    assert!(best.len() < settings.len());
    for other in settings.iter().filter(|tried| !tried.is_best) {
        let (refusals, waited, repeated, stale) = costs(other);
        let beaten = best
            .iter()
            .map(|tried| costs(tried))
            .any(|best| best.0 <= refusals && best.1 <= waited && best.2 <= repeated && best.3 <= stale);
        assert!(beaten, "{}", other.change);
    }
    for (number, one) in best.iter().enumerate() {
        assert!(best[..number].iter().all(|other| costs(other) != costs(one)), "{}", one.change);
    }
}

#[test]
fn it_says_what_the_recording_cannot_tell() {
    let advice = advice(&stampedes(), None, &Grid::default());
    let [api, pcache] = &advice.groups[..] else { panic!("two groups") };
    assert!(api.notes[0].starts_with("Nobody waited and nobody was refused"), "{:?}", api.notes);
    assert_eq!(api.settings.iter().filter(|tried| tried.is_best).count(), 1);
    let doubts = |change: &str| {
        let tried = pcache.settings.iter().find(|tried| tried.change == change);
        tried.unwrap_or_else(|| panic!("{change}")).doubts.clone()
    };
    assert_eq!(doubts("pcache: maxqueue 16"), []);
    assert_eq!(doubts("pcache: workers 4"), [Doubt::Cores]);
    // Two works of it, and one of the other group at the same time.
    assert_eq!(doubts("pcache: workers 2"), [Doubt::Cores]);
    assert_eq!(doubts("pcache: fastStale"), [Doubt::OldCopies]);
    let words = ["cores: there is more work at once", "old copies: the recording cannot tell"];
    for words in words {
        assert!(pcache.notes.iter().any(|note| note.starts_with(words)), "{:?}", pcache.notes);
    }
    let grid = Grid { groups: vec!["pcache".into()], ..Grid::default() };
    let with_cores = self::advice(&stampedes(), Some(4), &grid);
    assert!(with_cores.groups[0].settings.iter().all(|tried| !tried.doubts.contains(&Doubt::Cores)));
}

#[test]
fn a_wrong_grid_is_refused() {
    let traffic = Arc::new(Traffic::of(&[stampedes()]).unwrap());
    let refusal = |grid: &Grid| Advisor::new(&traffic, 1, None, grid).unwrap_err().to_string();
    let groups =
        |names: &[&str]| Grid { groups: names.iter().map(|name| (*name).to_owned()).collect(), ..Grid::default() };
    assert!(refusal(&groups(&["rcache"])).starts_with("rcache: the recordings have no key of this group"));
    assert_eq!(refusal(&groups(&["pcache", "pcache"])), "pcache: is named twice");
    let grid = Grid { workers: vec![2, 0], ..Grid::default() };
    assert_eq!(refusal(&grid), "workers: must be from 1 to 100000, not 0");
}

#[test]
fn progress_never_goes_back() {
    let traffic = Arc::new(Traffic::of(&[stampedes()]).unwrap());
    let mut advisor = Advisor::new(&traffic, 1, None, &Grid::default()).unwrap();
    let (mut share, mut steps) = (0.0, 0);
    while share < 1.0 {
        let next = advisor.advance(10);
        assert!((share..=1.0).contains(&next), "{next} after {share}");
        (share, steps) = (next, steps + 1);
    }
    assert!(steps > 100);
    assert_eq!(advisor.advice(), advice(&stampedes(), None, &Grid::default()));
}

/// Six users at once, each with work of a second; two of them may work, and nobody waits.
fn never_waiting() -> Recording {
    let mut desk = Desk::new();
    desk.record(0);
    let users: Vec<_> = (0..6).map(|user| desk.come("ACQ4ME nowait:enwiki:ApiParse:a:1 2 30 0", user * 10)).collect();
    for (user, at) in users[..2].iter().zip([1_000, 1_010]) {
        desk.ask(*user, "RELEASE", at);
    }
    desk.recording()
}

#[test]
fn a_program_that_never_waits_is_refused_when_nothing_is_free() {
    let grid = Grid { workers: vec![6], ..Grid::default() };
    let advice = advice(&never_waiting(), None, &grid);
    let [api] = &advice.groups[..] else { panic!("one group") };
    let recorded = &api.settings[0];
    assert_eq!((recorded.workers, recorded.maxqueue, recorded.timeout, recorded.refusals), (2, 30, 0, 4));
    let more = api.settings.iter().find(|tried| tried.change == "ApiParse: workers 6").unwrap();
    assert_eq!((more.refusals, more.is_best), (0, true));
}

#[test]
fn timeout_0_is_no_way_to_refuse_nobody() {
    let grid = Grid { groups: vec!["pcache".into()], timeout: vec![0], ..Grid::default() };
    let tried = advice(&stampedes(), None, &grid);
    let at_once =
        tried.groups[0].settings.iter().find(|tried| tried.change == "pcache: maxqueue 16, timeout 0").unwrap();
    assert_eq!((at_once.refusals, at_once.figures.turned_away), (27, 27));
    // Half of a second is no timeout.
    let mut desk = Desk::new();
    desk.record(0);
    let first = desk.come("ACQ4ANY enwiki:pcache:1 1 4 1", 0);
    desk.come("ACQ4ANY enwiki:pcache:1 1 4 1", 100);
    desk.ask(first, "RELEASE", 500);
    let grid = Grid { groups: vec!["pcache".into()], ..Grid::default() };
    let tried = advice(&desk.recording(), None, &grid);
    assert!(tried.groups[0].settings.iter().all(|tried| tried.timeout > 0));
}
