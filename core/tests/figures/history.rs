//! The last ten minutes, beside a list of everything that has happened.

use crate::SEED;
use poolcounter::figures::{STEPS, Step};
use poolcounter::key::Groups;
use poolcounter::protocol::{Command, Line};
use poolcounter::{LockTable, Timestamp};

const KEY: &str = "ACQ4ANY enwiki:pcache:1 1 3 20";

fn say(table: &mut LockTable, client: usize, line: &str, now: Timestamp) {
    let id = table.clients().nth(client).expect("a client").id();
    table.received(id, now);
    let _ = table.command(id, Command::parse(Line::of(line.as_bytes())), now);
    while table.next_wakeup().is_some() {}
}

fn steps(table: &mut LockTable, now: Timestamp) -> (Timestamp, Vec<Option<Step>>) {
    let figures = table.figures_at(now).expect("they are on");
    let history = figures.history(figures.find("pcache").expect("a default group"));
    (history.end(), history.steps().collect())
}

#[test]
fn a_step_has_what_happened_in_it() {
    let at = |secs: u32| Timestamp::from_micros(0).after_secs(secs);
    let mut table = LockTable::new(SEED, at(0));
    table.observe(Groups::default(), at(13));
    for _ in 0..5 {
        table.connect();
    }
    // The step from 10 to 15: one holds, two wait, one is refused, one waiter leaves.
    for client in 0..4 {
        say(&mut table, client, KEY, at(13));
    }
    let third = table.clients().nth(2).expect("a client").id();
    table.disconnect(third, at(14));
    // From 15 to 20: the other waiter is served, the next one waits.
    say(&mut table, 0, "RELEASE", at(15));
    say(&mut table, 0, "ACQ4ME enwiki:pcache:1 1 3 9", at(16));
    say(&mut table, 1, "ACQ4ME enwiki:pcache:1 1 3 6", at(17));
    // From 20 to 25: its time is up.
    table.expire(at(23));
    while table.next_wakeup().is_some() {}

    let (end, found) = steps(&mut table, at(42));
    let step = |holders, waiters, [granted, done, refused, timed_out]: [u32; 4]| {
        let mut step = Step::default();
        (step.holders, step.waiters, step.granted, step.done) = (holders, waiters, granted, done);
        (step.refused, step.timed_out) = (refused, timed_out);
        step
    };
    assert_eq!((end, found.len()), (at(40), STEPS));
    let expected = [
        step(1, 2, [1, 0, 1, 0]),
        step(1, 1, [1, 1, 0, 0]),
        step(1, 1, [0, 0, 0, 1]),
        step(1, 0, [0; 4]),
        step(1, 0, [0; 4]),
        step(1, 0, [0; 4]),
    ];
    let (before, known) = found.split_at(STEPS - expected.len());
    assert!(before.iter().all(Option::is_none));
    assert_eq!(known.iter().copied().flatten().collect::<Vec<_>>(), expected);

    // Ten minutes later only the lock is left.
    let (end, found) = steps(&mut table, at(5 * 4_321));
    assert_eq!((end, found), (at(5 * 4_321), vec![Some(step(1, 0, [0; 4])); STEPS]));
    // A group that has never had a key is quiet; before the figures there is nothing.
    let figures = table.figures().expect("they are on");
    let quiet = figures.history(figures.find("rcache").expect("a default group"));
    assert!(quiet.steps().all(|step| step == Some(Step::default())));
}

/// A new history begins with what has been counted: that is no part of its first step.
#[test]
fn a_history_that_begins_anew_has_nothing_of_before() {
    let at = |secs: u32| Timestamp::from_micros(0).after_secs(secs);
    let mut table = LockTable::new(SEED, at(100));
    table.observe(Groups::default(), at(100));
    let clients: Vec<_> = (0..3).map(|_| table.connect()).collect();
    for client in 0..3 {
        say(&mut table, client, KEY, at(101));
    }
    table.disconnect(clients[2], at(101));
    // The clock goes back by one step.
    table.observe(Groups::default(), at(99));
    say(&mut table, 0, "RELEASE", at(99));
    let (end, found) = steps(&mut table, at(102));
    let step = found.last().copied().flatten().expect("one is over");
    assert_eq!((end, found.iter().flatten().count()), (at(100), 1));
    assert_eq!((step.holders, step.waiters, step.granted, step.done), (0, 1, 0, 1));
}
