//! Figures beside what an onlooker counts.

#![allow(clippy::expect_used)]

mod history;
mod hot;
mod model;
mod snapshot;
mod walks;

use model::{KEYS, Onlooker};
use poolcounter::event::{Event, HoldEnd, Refusal, WaitEnd};
use poolcounter::figures::{GroupFigures, HotKey, Outcomes, Ranking, Step as HistoryStep, Window};
use poolcounter::key::{GroupId, Groups};
use poolcounter::protocol::{Acquire, Command, Mode, Response};
use poolcounter::table::{Limits, Occurrences};
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use proptest::prelude::*;
use snapshot::sections;
use std::collections::{BTreeMap, HashMap};

pub(crate) const SEED: HashSeed = HashSeed::new(11, 12);

#[derive(Clone, Debug)]
enum Step {
    Connect,
    Acquire {
        who: usize,
        mode: Mode,
        key: usize,
        limits: [u32; 3],
    },
    Release {
        who: usize,
    },
    Disconnect {
        who: usize,
    },
    Pass {
        micros: u64,
    },
    Observe,
    /// Time passes, and then other rules are given to the figures that are on.
    Reload {
        micros: u64,
    },
    /// The table is written out and read back.
    HandOver,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..12_usize;
    let acquire = (who.clone(), any::<bool>(), 0..KEYS.len(), [1..3_u32, 1..7_u32, 0..4_u32]).prop_map(
        |(who, for_me, key, limits)| {
            let mode = if for_me { Mode::ForMe } else { Mode::ForAnyone };
            Step::Acquire { who, mode, key, limits }
        },
    );
    prop_oneof![
        30 => Just(Step::Connect),
        200 => acquire,
        100 => who.clone().prop_map(|who| Step::Release { who }),
        20 => who.prop_map(|who| Step::Disconnect { who }),
        40 => (0..2_500_000_u64).prop_map(|micros| Step::Pass { micros }),
        1 => Just(Step::Observe),
        4 => (0..2_500_000_u64).prop_map(|micros| Step::Reload { micros }),
        4 => Just(Step::HandOver),
    ]
}

struct World {
    table: LockTable,
    onlooker: Onlooker,
    now: Timestamp,
    clients: Vec<ClientId>,
    /// What the events say that were written down.
    occurred: BTreeMap<String, Outcomes>,
    /// Whether the rules stand the other way round.
    reversed: bool,
}

impl World {
    fn new() -> Self {
        let now = Timestamp::from_micros(77);
        let mut world = Self {
            table: LockTable::new(SEED, now),
            onlooker: Onlooker::default(),
            now,
            clients: Vec::new(),
            occurred: BTreeMap::new(),
            reversed: false,
        };
        world.observe();
        world
    }

    fn observe(&mut self) {
        self.reversed = false;
        self.table.observe(self.rules(), self.now);
        self.table.record_occurrences(usize::MAX);
        self.onlooker.forget();
        self.occurred.clear();
    }

    /// They know the same groups either way round, and give them other numbers.
    fn rules(&self) -> Groups {
        let mut rules: Vec<&str> = Groups::DEFAULT.lines().collect();
        if self.reversed {
            rules.reverse();
        }
        Groups::parse(rules.join("\n")).expect("the same rules the other way round")
    }

    fn play(&mut self, step: &Step) {
        match *step {
            Step::Connect => {
                if self.clients.len() < 12 {
                    let client = self.table.connect();
                    self.clients.push(client);
                    self.onlooker.connected(client);
                }
            }
            Step::Observe => {
                self.table.stop_observing();
                self.observe();
            }
            Step::HandOver => self.hand_over(),
            Step::Reload { micros } => {
                self.now = self.now.after_micros(micros);
                self.table.expire(self.now);
                self.reversed = !self.reversed;
                let before = everything(&mut self.table, self.now);
                self.table.observe(self.rules(), self.now);
                assert_eq!(everything(&mut self.table, self.now), before);
            }
            Step::Pass { micros } => {
                self.now = self.now.after_micros(micros);
                self.table.expire(self.now);
            }
            Step::Acquire { who, .. } | Step::Release { who } | Step::Disconnect { who } => {
                let Some(&client) = who.checked_rem(self.clients.len()).and_then(|who| self.clients.get(who)) else {
                    return;
                };
                self.act(client, step);
            }
        }
        self.take_wakeups();
        self.take_occurrences();
        self.check();
    }

    /// The figures are the same under other rules.
    fn hand_over(&mut self) {
        let before = everything(&mut self.table, self.now);
        let limits = |table: &LockTable| -> Vec<_> {
            let claims = table
                .clients()
                .flat_map(|client| client.claims().map(|claim| (claim.mode, claim.limits)).collect::<Vec<_>>());
            claims.collect()
        };
        let (limits_before, order) = (limits(&self.table), ids(&self.table));
        let bytes = self.table.snapshot().expect("a snapshot");
        self.table = LockTable::restore(&bytes, SEED).expect("its own snapshot");
        let again = self.table.snapshot().expect("a snapshot");
        // The others number deadlines anew, and have a test of their own.
        assert!(sections(&again).iter().zip(sections(&bytes)).all(|(again, before)| again.0 < 3 || *again == before));
        self.reversed = !self.reversed;
        self.table.observe(self.rules(), self.now);
        self.table.record_occurrences(usize::MAX);
        let numbers: HashMap<_, _> = order.into_iter().zip(ids(&self.table)).collect();
        self.clients = self.clients.iter().map(|client| numbers[client]).collect();
        self.onlooker.renumbered(&numbers);
        assert_eq!(everything(&mut self.table, self.now), before);
        let known = |(mode, limits): &(Option<Mode>, Option<Limits>)| mode.is_some() && limits.is_some();
        assert!(limits_before.iter().all(known));
        assert_eq!(limits(&self.table), limits_before);
    }

    fn act(&mut self, client: ClientId, step: &Step) {
        let now = self.now.as_micros();
        match *step {
            Step::Acquire { mode, key, limits: [workers, maxqueue, timeout], .. } => {
                let acquire = Acquire::new(mode, KEYS[key].0, workers, maxqueue, timeout).expect("a key");
                let answer = self.table.command(client, Command::Acquire(acquire), self.now);
                self.onlooker.answered(client, key, answer.as_ref(), now);
            }
            Step::Release { .. } => {
                if self.table.command(client, Command::Release, self.now) == Some(Response::Released) {
                    self.onlooker.released(client, now);
                }
            }
            _ => {
                self.clients.retain(|other| *other != client);
                // Whose time is up is told so, this client too, and then it leaves.
                self.table.expire(self.now);
                self.take_wakeups();
                self.table.disconnect(client, self.now);
                self.onlooker.left(client, now);
            }
        }
    }

    fn take_wakeups(&mut self) {
        while let Some(wakeup) = self.table.next_wakeup() {
            self.onlooker.woken(wakeup.client, &wakeup.response, self.now.as_micros());
        }
    }

    fn take_occurrences(&mut self) {
        let now = self.now;
        let mut groups = Vec::new();
        let read = |occurrences: &Occurrences| {
            assert_eq!(occurrences.lost(), 0);
            for occurrence in occurrences.iter() {
                assert!(occurrence.at <= now);
                let (_, name) = KEYS.iter().find(|(key, _)| *key == occurrence.key).expect("one of them");
                groups.push((occurrence.group, *name));
                add(self.occurred.entry((*name).to_owned()).or_default(), occurrence.event);
            }
        };
        self.table.take_occurrences(read);
        let figures = self.table.figures().expect("they are on");
        assert!(groups.iter().all(|(group, name)| figures.name(*group) == *name));
    }

    fn check(&self) {
        let figures = self.table.figures().expect("they are on");
        self.onlooker.compare(figures);
        for pool in self.table.pools() {
            let (_, name) = KEYS.iter().find(|(key, _)| *key == pool.key()).expect("one of them");
            assert_eq!(figures.name(pool.group()), *name);
            let waiters: Vec<_> = pool.waiters_for_me().chain(pool.waiters_for_anyone()).collect();
            let oldest = waiters.iter().map(|claim| claim.requested).min();
            assert_eq!(pool.oldest_waiter().map(|claim| claim.requested), oldest);
            assert_eq!((pool.holder_count(), pool.waiter_count()), (count(pool.holders()), count(waiters.iter())));
        }
        for (_, name, group) in figures.groups() {
            assert_eq!(group.outcomes, self.occurred.get(name).copied().unwrap_or_default(), "{name}");
        }
    }
}

fn ids(table: &LockTable) -> Vec<ClientId> {
    table.clients().map(|client| client.id()).collect()
}

type Everything =
    (Timestamp, BTreeMap<String, (GroupFigures, Vec<Option<HistoryStep>>)>, Vec<(Vec<u8>, String, u64, u64)>);

/// All that the figures tell, by the names of the groups.
pub(crate) fn everything(table: &mut LockTable, now: Timestamp) -> Everything {
    let figures = table.figures_at(now).expect("they are on");
    let group = |(id, name, group): (GroupId, &str, &GroupFigures)| {
        (name.to_owned(), (group.clone(), figures.history(id).steps().collect::<Vec<_>>()))
    };
    let windows = [Window::Minute, Window::Hour];
    let lists = Ranking::ALL.iter().flat_map(|&ranking| windows.map(|window| figures.hot_keys(ranking, window)));
    let hot = |hot: HotKey<'_>| (hot.key.to_vec(), figures.name(hot.group).to_owned(), hot.count, hot.error);
    (figures.since(), figures.groups().map(group).collect(), lists.flatten().map(hot).collect())
}

fn count(claims: impl Iterator) -> u32 {
    u32::try_from(claims.count()).expect("few")
}

fn add(outcomes: &mut Outcomes, event: Event) {
    let place = match event {
        Event::Granted => &mut outcomes.granted,
        Event::Refused(Refusal::QueueFull) => &mut outcomes.queue_full,
        Event::Refused(Refusal::NotFree) => &mut outcomes.not_free,
        Event::WaitEnded { end, .. } => match end {
            WaitEnd::Granted => &mut outcomes.granted_after_wait,
            WaitEnd::Done { .. } => &mut outcomes.done,
            WaitEnd::TimedOut => &mut outcomes.timed_out,
            WaitEnd::Cancelled => &mut outcomes.cancelled,
            _ => &mut outcomes.left_waiting,
        },
        Event::HoldEnded { end: HoldEnd::Released, .. } => &mut outcomes.released,
        Event::HoldEnded { .. } => &mut outcomes.left_holding,
        _ => return,
    };
    *place += 1;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_is_counted_once(steps in prop::collection::vec(step(), 1..1_000)) {
        let mut world = World::new();
        for step in &steps {
            world.play(step);
        }
        let figures = world.table.stop_observing().expect("they are on");
        prop_assert!(world.table.figures().is_none() && world.table.pools().all(|pool| pool.group().index() == 0));
        // All together are what STATS has.
        let since_the_start = !steps.iter().any(|step| matches!(step, Step::Observe));
        if since_the_start {
            let counters = &world.table.statistics().counters;
            let sum = |of: fn(&Outcomes) -> u64| figures.groups().map(|(_, _, group)| of(&group.outcomes)).sum::<u64>();
            prop_assert_eq!(counters.total_acquired, sum(|of| of.granted + of.granted_after_wait));
            prop_assert_eq!(counters.total_releases, sum(|of| of.released + of.cancelled));
            prop_assert_eq!(counters.processed_count, sum(|of| of.released + of.left_holding));
            prop_assert_eq!(counters.full_queues, sum(|of| of.queue_full));
            prop_assert_eq!(counters.processing_workers, figures.groups().map(|(_, _, group)| group.gauges.holders).sum::<u64>());
        }
    }
}
