//! A crowd requests one page at once: every answer is predictable.

use crate::days::{an_edit, crowd, empty_day, totals};
use poolcounter_sim::setting::Mode;
use poolcounter_sim::{Curve, Scenario, Setting};

/// The hot page is not in the cache.
fn cold() -> Scenario {
    Scenario { hot_readers: crowd(), hot_cached: false, ..empty_day() }
}

/// The cache has an old revision of the hot page.
fn edited() -> Scenario {
    Scenario { hot_readers: crowd(), edits: an_edit(), ..empty_day() }
}

fn pool() -> Setting {
    Setting { maxqueue: 10_000, ..Setting::default() }
}

#[test]
fn without_a_pool_everybody_parses() {
    let totals = totals(&cold(), &Setting::none());
    assert!(totals.requests > 100);
    assert_eq!((totals.parses, totals.fresh), (totals.requests, totals.requests));
    assert_eq!(totals.repeated_parses, totals.requests - 1);
    assert_eq!(totals.most_parses, totals.requests);
}

#[test]
fn for_anyone_the_workers_parse_and_all_are_served() {
    let totals = totals(&cold(), &pool());
    assert_eq!((totals.parses, totals.fresh), (2, totals.requests));
    assert_eq!(totals.longest_queue, totals.requests - 2);
    // No reader waits longer than the first parse takes.
    assert!(totals.wait.max <= 1.000_001, "{:?}", totals.wait);
}

#[test]
fn for_me_everybody_parses_in_turn() {
    // Two a second: thirty have had their turn when the others' fifteen seconds are over.
    let totals = totals(&cold(), &Setting { mode: Mode::ForMe, ..pool() });
    assert_eq!(totals.most_parses, 2);
    assert!((28..=32).contains(&totals.parses), "{}", totals.parses);
    // After the first parse there is a copy to show.
    assert_eq!((totals.fresh, totals.errors), (totals.requests, 0));
    assert!((14.9..15.1).contains(&totals.wait.p95), "{:?}", totals.wait);
}

#[test]
fn a_full_queue_turns_the_rest_away() {
    let setting = Setting { maxqueue: 50, ..pool() };
    let cold = totals(&cold(), &setting);
    assert_eq!((cold.fresh, cold.stale), (50, 0));
    assert_eq!(cold.errors_by.queue_full, cold.requests - 50);
    let edited = totals(&edited(), &setting);
    assert_eq!((edited.fresh, edited.stale, edited.errors), (50, edited.requests - 50, 0));
}

#[test]
fn a_wait_ends_with_the_timeout() {
    let slow = |scenario: Scenario| Scenario { parse_cpu: 20.0, ..scenario };
    let cold = totals(&slow(cold()), &pool());
    assert_eq!((cold.fresh, cold.errors_by.timeout), (2, cold.requests - 2));
    assert!((14.999..15.01).contains(&cold.wait.p50), "{:?}", cold.wait);
    let edited = totals(&slow(edited()), &pool());
    assert_eq!((edited.fresh, edited.stale), (2, edited.requests - 2));
}

#[test]
fn fast_stale_shows_the_old_copy_at_once() {
    let setting = Setting { fast_stale: true, ..pool() };
    let edited = totals(&edited(), &setting);
    assert_eq!((edited.fresh, edited.stale, edited.longest_queue), (2, edited.requests - 2, 0));
    assert_eq!(edited.wait.p95, 0.0);
    // Without an old copy there is nothing to do but wait.
    let cold = totals(&cold(), &setting);
    assert_eq!((cold.parses, cold.fresh, cold.longest_queue), (2, cold.requests, cold.requests - 2));
}

#[test]
fn fast_stale_does_nothing_for_me() {
    let for_me = Setting { mode: Mode::ForMe, ..pool() };
    assert_eq!(totals(&edited(), &Setting { fast_stale: true, ..for_me.clone() }), totals(&edited(), &for_me));
}

#[test]
fn a_parse_that_dies_passes_its_turn_on() {
    let totals = totals(&Scenario { crash_share: 0.8, seed: 3, ..cold() }, &Setting { workers: 1, ..pool() });
    assert_eq!((totals.parses, totals.most_parses), (1, 1));
    assert!(totals.crashes > 0, "this seed should begin with a crash");
    assert_eq!((totals.errors_by.crashed, totals.fresh), (totals.crashes, totals.requests - totals.crashes));
    // Half a second for each that died.
    let crashes = u32::try_from(totals.crashes).unwrap();
    let expected = 1.0 + 0.5 * f64::from(crashes);
    assert!((expected - 0.02..=expected + 0.001).contains(&totals.wait.max), "{:?}", totals.wait);
}

#[test]
fn when_all_parses_die_all_get_errors() {
    let totals = totals(&Scenario { crash_share: 1.0, ..cold() }, &Setting { workers: 1, timeout: 3, ..pool() });
    assert_eq!((totals.fresh, totals.stale, totals.parses), (0, 0, 0));
    assert_eq!(totals.errors_by.crashed, totals.crashes);
    assert_eq!(totals.errors_by.timeout, totals.requests - totals.crashes);
}

#[test]
fn an_edit_during_the_parse_makes_its_result_old() {
    // The page is edited all the time: what is stored is old when the next reader comes.
    let day = Scenario { edits: Curve::constant(6_000.0), hot_readers: Curve::constant(1.0), ..empty_day() };
    let totals = totals(&day, &pool());
    assert_eq!((totals.hits, totals.stale), (0, 0));
    assert_eq!(totals.parses + totals.unfinished, totals.requests);
}

#[test]
fn pages_in_one_slot_wait_for_each_other() {
    // Forty pages of a crawler, each asked for once.
    let crawler = Curve::through(&[(9.99, 0.0), (10.0, 4_000.0), (10.01, 0.0)]);
    let day = Scenario { crawler, ..empty_day() };
    let free = totals(&day, &Setting { mode: Mode::ForMe, ..pool() });
    assert_eq!(free.most_parses, free.requests);
    let together = totals(&day, &Setting { mode: Mode::ForMe, slots: 1, ..pool() });
    assert_eq!(together.most_parses, 2);
    let apart = totals(&day, &Setting { mode: Mode::ForMe, slots: 4, ..pool() });
    assert_eq!(apart.most_parses, 8);
    // For anyone: DONE is said of another page, so each must ask again, for itself.
    let misled = totals(&day, &Setting { slots: 1, ..pool() });
    assert_eq!((misled.most_parses, misled.fresh), (2, misled.parses));
}

#[test]
fn without_web_workers_requests_queue_before_the_wiki() {
    let day = Scenario { web_workers: 10, backlog: 30, patience: 5.0, ..cold() };
    let totals = totals(&day, &Setting::none());
    // Ten parse, thirty wait, the others are turned away. After a second the thirty find the page in the cache.
    assert_eq!((totals.parses, totals.fresh, totals.longest_backlog), (10, 40, 30));
    assert_eq!(totals.errors_by.refused, totals.requests - 40);
}

#[test]
fn a_reader_gives_up() {
    let day = Scenario { patience: 5.0, ..cold() };
    // One core, 200 parses: all of them end together, long after everybody has gone.
    let stampede = totals(&Scenario { cores: 1, duration: 600, ..day.clone() }, &Setting::none());
    assert_eq!((stampede.errors_by.gave_up, stampede.wait.max), (stampede.requests, 5.0));
    let pooled = totals(&Scenario { cores: 1, duration: 600, ..day }, &pool());
    assert_eq!((pooled.fresh, pooled.errors), (pooled.requests, 0));
}
