//! Holders that are overdue: who is reported, when, and how often.

#![allow(clippy::expect_used)]

use poolcounter::event::HoldEnd;
use poolcounter::key::Groups;
use poolcounter::protocol::{Acquire, Command, Line, Mode, Response};
use poolcounter::table::{HoldChange, HoldId, HoldLimits, HoldPolicies, HoldReport};
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const SEED: HashSeed = HashSeed::new(5, 6);
const WARN: u32 = 10;
const MAX: u32 = 60;

fn at(secs: u32) -> Timestamp {
    Timestamp::from_micros(7_000_000).after_secs(secs)
}

fn limits(warn: Option<u32>, max: Option<u32>) -> HoldLimits {
    let duration = |secs: u32| Duration::from_secs(secs.into());
    HoldLimits { warn: warn.map(duration), max: max.map(duration) }
}

fn usual(warn: Option<u32>, max: Option<u32>) -> HoldPolicies {
    HoldPolicies { usual: limits(warn, max), by_group: Vec::new() }
}

struct World(LockTable);

impl World {
    fn new(policies: HoldPolicies) -> Self {
        let mut table = LockTable::new(SEED, at(0));
        table.watch_holds(policies);
        Self(table)
    }

    fn client(&mut self) -> ClientId {
        self.0.connect()
    }

    fn say(&mut self, client: ClientId, line: &str, now: u32) -> Option<Response> {
        let answer = self.0.command(client, Command::parse(Line::of(line.as_bytes())), at(now));
        while self.0.next_wakeup().is_some() {}
        answer
    }

    fn holder(&mut self, key: &str, now: u32) -> ClientId {
        let client = self.client();
        assert_eq!(self.say(client, &format!("ACQ4ME {key} 1 9 0"), now), Some(Response::Locked));
        client
    }

    fn waiter(&mut self, key: &str, now: u32) -> ClientId {
        let client = self.client();
        assert_eq!(self.say(client, &format!("ACQ4ME {key} 1 9 4000000000"), now), None);
        client
    }

    fn report(&mut self, now: u32) -> Option<HoldReport> {
        self.0.next_hold_report(at(now))
    }

    fn changes(&mut self, now: u32) -> Vec<(HoldChange, ClientId)> {
        std::iter::from_fn(|| self.report(now)).map(|report| (report.change, report.client)).take(9).collect()
    }
}

#[test]
fn a_holder_is_reported_once_and_its_end_once() {
    let mut world = World::new(usual(Some(WARN), None));
    let holder = world.holder("page:1", 0);
    let waiter = world.waiter("page:1", 1);
    assert_eq!(world.report(WARN - 1), None);
    let report = world.report(WARN).expect("it is overdue");
    let expected = (HoldChange::Overdue, holder, &b"page:1"[..], Duration::from_secs(10), 1);
    assert_eq!((report.change, report.client, &*report.key, report.held, report.waiters), expected);
    assert_eq!(world.report(WARN + 90), None);
    assert_eq!(world.say(holder, "RELEASE", 101), Some(Response::Released));
    let end = world.report(101).expect("it has ended");
    assert_eq!(
        (end.hold, end.change, end.held),
        (report.hold, HoldChange::Ended(HoldEnd::Released), Duration::from_secs(101))
    );
    // The next one has the lock since then, and nobody waits.
    assert_eq!(world.report(1_000), None);
    assert_eq!(world.say(waiter, "RELEASE", 1_000), Some(Response::Released));
    assert_eq!(world.report(1_000), None);
}

#[test]
fn only_while_others_wait() {
    let mut world = World::new(usual(Some(WARN), Some(MAX)));
    let holder = world.holder("page:1", 0);
    assert_eq!(world.report(1_000), None);
    let waiter = world.waiter("page:1", 1_000);
    world.0.disconnect(waiter, at(1_000));
    assert_eq!(world.report(1_000), None);
    // Its own wait is nobody's but its own.
    assert_eq!(world.say(holder, "ACQ4ME page:1 1 9 4000000000", 1_001), None);
    assert_eq!(world.report(1_001), None);
    world.waiter("page:1", 1_002);
    assert_eq!(world.changes(1_002).first(), Some(&(HoldChange::TooLong, holder)));
}

#[test]
fn the_next_waiter_gets_the_lock_of_one_that_is_disconnected() {
    let mut world = World::new(usual(Some(WARN), Some(MAX)));
    let holder = world.holder("page:1", 0);
    let (second, third) = (world.waiter("page:1", 1), world.waiter("page:1", 2));
    assert_eq!(world.changes(WARN), [(HoldChange::Overdue, holder)]);
    assert_eq!(world.changes(MAX - 1), []);
    assert_eq!(world.changes(MAX), [(HoldChange::TooLong, holder)]);
    // If nothing is done, it is said again, and not at once.
    assert_eq!(world.changes(MAX), []);
    assert_eq!(world.changes(MAX + 1), [(HoldChange::TooLong, holder)]);
    world.0.disconnect(holder, at(MAX + 1));
    assert_eq!(world.0.next_wakeup().map(|wakeup| (wakeup.client, wakeup.response)), Some((second, Response::Locked)));
    assert_eq!(world.changes(MAX + 1), [(HoldChange::Ended(HoldEnd::Left), holder)]);
    assert_eq!(world.changes(MAX + 1 + WARN), [(HoldChange::Overdue, second)]);
    world.0.disconnect(third, at(80));
    // Nobody waits any more.
    assert_eq!(world.changes(1_000), []);
}

/// A newcomer with a larger `workers` gets a lock while others wait.
#[test]
fn each_of_several_holders_has_its_own_time() {
    let mut world = World::new(usual(Some(WARN), None));
    let first = world.holder("page:1", 0);
    world.waiter("page:1", 1);
    let second = world.client();
    assert_eq!(world.say(second, "ACQ4ME page:1 2 9 0", 5), Some(Response::Locked));
    assert_eq!(world.changes(WARN), [(HoldChange::Overdue, first)]);
    let third = world.client();
    assert_eq!(world.say(third, "ACQ4ME page:1 3 9 0", 12), Some(Response::Locked));
    assert_eq!(world.changes(14), []);
    assert_eq!(world.changes(15), [(HoldChange::Overdue, second)]);
    assert_eq!(world.changes(21), []);
    assert_eq!(world.changes(22), [(HoldChange::Overdue, third)]);
}

#[test]
fn groups_have_limits_of_their_own() {
    let policies = HoldPolicies {
        usual: limits(Some(WARN), None),
        by_group: vec![("slow".into(), limits(Some(50), None)), ("Made".into(), limits(None, None))],
    };
    let mut world = World::new(policies);
    let groups = Groups::parse("slow slow:*\nslots *").expect("rules");
    let keys = ["slow:1", "Made:5", "Other:5", "page"];
    let holders = keys.map(|key| world.holder(key, 0));
    for key in keys {
        world.waiter(key, 0);
    }
    // Groups that exist already, and groups that are made by their first keys.
    world.0.observe(groups, at(1));
    let overdue = |holder| (HoldChange::Overdue, holder);
    let mut changes = world.changes(WARN);
    changes.sort_by_key(|(_, client)| client.index());
    assert_eq!(changes, [overdue(holders[2]), overdue(holders[3])]);
    assert_eq!(world.changes(49), []);
    assert_eq!(world.changes(50), [overdue(holders[0])]);
    assert_eq!(world.changes(1_000), []);
    // Other limits count at once.
    world.0.watch_holds(usual(Some(WARN), None));
    assert_eq!(world.changes(1_000), [overdue(holders[1])]);
    world.0.watch_holds(HoldPolicies::default());
    world.0.disconnect(holders[1], at(1_000));
    assert_eq!(world.changes(2_000), []);
}

#[derive(Clone, Debug)]
enum Step {
    Connect,
    Acquire { who: usize, key: usize, workers: u32, timeout: u32 },
    Release { who: usize },
    Disconnect { who: usize },
    Pass { micros: u64 },
    HandOver,
    Watch { warn: Option<u32>, max: Option<u32> },
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..9_usize;
    let acquire = (who.clone(), 0..2_usize, 1..4_u32, 0..30_u32)
        .prop_map(|(who, key, workers, timeout)| Step::Acquire { who, key, workers, timeout });
    let limit = prop_oneof![Just(None), (1..9_u32).prop_map(Some)];
    prop_oneof![
        3 => Just(Step::Connect),
        20 => acquire,
        6 => who.clone().prop_map(|who| Step::Release { who }),
        2 => who.prop_map(|who| Step::Disconnect { who }),
        9 => (0..4_000_000_u64).prop_map(|micros| Step::Pass { micros }),
        1 => Just(Step::HandOver),
        1 => (limit.clone(), limit).prop_map(|(warn, max)| Step::Watch { warn, max }),
    ]
}

struct Run {
    table: LockTable,
    limits: HoldLimits,
    now: Timestamp,
    clients: Vec<ClientId>,
    reported: BTreeSet<HoldId>,
    /// Since when a hold has been overdue without a report, by key and time of its grant.
    missed: BTreeMap<(Vec<u8>, Timestamp), Timestamp>,
}

impl Run {
    fn do_step(&mut self, step: &Step) {
        let who = |who: usize| self.clients.get(who).copied();
        match *step {
            Step::Connect => self.clients.push(self.table.connect()),
            Step::Acquire { who: client, key, workers, timeout } => {
                let key: &[u8] = [&b"page:1"[..], b"page:2"][key];
                let Some(client) = who(client) else { return };
                let acquire = Acquire::new(Mode::ForMe, key, workers, 9, timeout).expect("a key");
                let _ = self.table.command(client, Command::Acquire(acquire), self.now);
            }
            Step::Release { who: client } => {
                let Some(client) = who(client) else { return };
                let _ = self.table.command(client, Command::Release, self.now);
            }
            Step::Disconnect { who: client } => {
                if client < self.clients.len() {
                    let client = self.clients.remove(client);
                    self.table.disconnect(client, self.now);
                }
            }
            Step::Pass { micros } => {
                self.now = self.now.after_micros(micros);
                self.table.expire(self.now);
            }
            Step::HandOver => self.hand_over(),
            Step::Watch { warn, max } => {
                self.limits = limits(warn, max);
                self.table.watch_holds(usual(warn, max));
                if warn.or(max).is_none() {
                    self.reported.clear();
                } else {
                    self.reported = self.table.overdue_holds().map(|(hold, _)| hold).collect();
                }
            }
        }
        while self.table.next_wakeup().is_some() {}
    }

    fn hand_over(&mut self) {
        self.table = LockTable::restore(&self.table.snapshot().expect("a snapshot"), SEED).expect("a table");
        self.table.watch_holds(HoldPolicies { usual: self.limits, by_group: Vec::new() });
        self.clients = self.table.clients().map(|client| client.id()).collect();
        self.reported = self.table.overdue_holds().map(|(hold, _)| hold).collect();
    }

    fn take_reports(&mut self) {
        let mut disconnected = 0;
        while let Some(report) = self.table.next_hold_report(self.now) {
            let reached = |limit: Option<Duration>| limit.is_some_and(|limit| report.held >= limit);
            match report.change {
                HoldChange::Overdue => {
                    assert!(reached(self.limits.warn) && report.waiters > 0, "{report:?}");
                    assert!(self.reported.insert(report.hold), "twice: {report:?}");
                }
                HoldChange::Ended(_) => assert!(self.reported.remove(&report.hold), "never begun: {report:?}"),
                HoldChange::TooLong => {
                    assert!(reached(self.limits.max) && report.waiters > 0, "{report:?}");
                    self.clients.retain(|client| *client != report.client);
                    self.table.disconnect(report.client, self.now);
                    while self.table.next_wakeup().is_some() {}
                    disconnected += 1;
                    assert!(disconnected < 100, "there is no end");
                }
            }
        }
    }

    /// Whoever is overdue has been reported, or disconnected. A hold whose own client was the only one that waited is looked at a second later.
    fn check(&mut self) {
        let (mut missed, mut overdue) = (BTreeMap::new(), 0);
        for pool in self.table.pools() {
            for holder in pool.holders() {
                overdue += usize::from(holder.overdue);
                let held =
                    Duration::from_micros(self.now.micros_since(holder.requested.max(holder.granted.expect("held"))));
                let waits = |claim: &poolcounter::table::ClaimView<'_>| claim.client != holder.client;
                let reached = |limit: Option<Duration>| limit.is_some_and(|limit| held >= limit);
                let should = reached(self.limits.max) || reached(self.limits.warn) && !holder.overdue;
                if pool.waiters_for_me().any(|claim| waits(&claim)) && should {
                    let id = (pool.key().to_vec(), holder.granted.expect("held"));
                    let since = self.missed.get(&id).copied().unwrap_or(self.now);
                    assert!(self.now.micros_since(since) < 1_000_000, "nobody speaks of {holder:?}");
                    missed.insert(id, since);
                }
            }
        }
        self.missed = missed;
        let is_on = self.limits != HoldLimits::default();
        assert!(!is_on || overdue == self.reported.len(), "{overdue} are overdue, {:?} were reported", self.reported);
    }
}

proptest! {
    #[test]
    fn whoever_is_overdue_is_reported_once(steps in proptest::collection::vec(step(), 1..300)) {
        let limits = limits(Some(3), Some(6));
        let mut table = LockTable::new(SEED, at(0));
        table.watch_holds(HoldPolicies { usual: limits, by_group: Vec::new() });
        let mut run =
            Run { table, limits, now: at(0), clients: Vec::new(), reported: BTreeSet::new(), missed: BTreeMap::new() };
        for step in &steps {
            run.do_step(step);
            run.take_reports();
            run.check();
        }
    }
}
