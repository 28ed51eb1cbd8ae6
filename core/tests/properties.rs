//! Random traffic in virtual time, and properties that must always hold.

#![allow(clippy::expect_used)]

use poolcounter::protocol::{Acquire, Command, Line, Mode, Response};
use poolcounter::table::ClaimState;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

const KEYS: [&[u8]; 3] = [b"page:1", b"page:2", b"thumb"];
const SEED: HashSeed = HashSeed::new(3, 4);

#[derive(Clone, Debug)]
enum Step {
    Connect,
    Acquire {
        who: usize,
        mode: Mode,
        key: usize,
        workers: u32,
        maxqueue: u32,
        timeout: u32,
    },
    Release {
        who: usize,
    },
    /// An unfinished line.
    Half {
        who: usize,
    },
    Disconnect {
        who: usize,
    },
    Pass {
        micros: u64,
    },
    /// The table is saved and restored.
    HandOver,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..12_usize;
    let acquire = (who.clone(), any::<bool>(), 0..KEYS.len(), 0..4_u32, 0..9_u32, 0..4_u32).prop_map(
        |(who, for_me, key, workers, maxqueue, timeout)| {
            let mode = if for_me { Mode::ForMe } else { Mode::ForAnyone };
            Step::Acquire { who, mode, key, workers, maxqueue, timeout }
        },
    );
    prop_oneof![
        3 => Just(Step::Connect),
        20 => acquire,
        10 => who.clone().prop_map(|who| Step::Release { who }),
        1 => who.clone().prop_map(|who| Step::Half { who }),
        2 => who.prop_map(|who| Step::Disconnect { who }),
        4 => (0..2_500_000_u64).prop_map(|micros| Step::Pass { micros }),
        1 => Just(Step::HandOver),
    ]
}

/// A client's knowledge of itself, from its commands and answers.
#[derive(Default)]
struct Known {
    held: usize,
    wait: Wait,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wait {
    #[default]
    No,
    Until(Timestamp),
    /// The client has sent something meanwhile.
    WithoutTimer,
}

impl Wait {
    fn deadline(self) -> Option<Timestamp> {
        match self {
            Self::Until(deadline) => Some(deadline),
            _ => None,
        }
    }
}

type Entry = (Vec<u8>, ClientId, ClaimState, (Timestamp, Option<Timestamp>), Option<Timestamp>);

struct World {
    table: LockTable,
    now: Timestamp,
    clients: Vec<ClientId>,
    known: HashMap<ClientId, Known>,
    /// The largest `workers` that a lock of the key was granted or waited for with, while the key is in use.
    widest: BTreeMap<Vec<u8>, u32>,
    acquired: u64,
    released: u64,
}

impl World {
    fn new() -> Self {
        let now = Timestamp::from_micros(77);
        Self {
            table: LockTable::new(SEED, now),
            now,
            clients: Vec::new(),
            known: HashMap::new(),
            widest: BTreeMap::new(),
            acquired: 0,
            released: 0,
        }
    }

    fn play(&mut self, step: &Step) {
        match *step {
            Step::Connect => self.connect(),
            Step::Pass { micros } => {
                self.now = self.now.after_micros(micros);
                self.table.expire(self.now);
            }
            Step::HandOver => self.hand_over(),
            Step::Disconnect { who } => self.disconnect(who),
            Step::Acquire { who, .. } | Step::Release { who } | Step::Half { who } => {
                let Some(client) = self.client(who) else { return };
                self.send(client, step);
            }
        }
        self.take_wakeups();
        self.check();
    }

    fn client(&self, who: usize) -> Option<ClientId> {
        self.clients.get(who.checked_rem(self.clients.len())?).copied()
    }

    fn connect(&mut self) {
        if self.clients.len() < 12 {
            let client = self.table.connect();
            self.clients.push(client);
            assert!(self.known.insert(client, Known::default()).is_none(), "a number in use was given again");
        }
    }

    fn disconnect(&mut self, who: usize) {
        let Some(client) = self.client(who) else { return };
        self.clients.retain(|other| *other != client);
        self.known.remove(&client);
        self.table.disconnect(client, self.now);
    }

    fn send(&mut self, client: ClientId, step: &Step) {
        self.table.received(client, self.now);
        self.take_wakeups();
        let known = self.known.get_mut(&client).expect("a connected client");
        let waited = known.wait != Wait::No;
        if waited {
            known.wait = Wait::WithoutTimer;
        }
        match *step {
            Step::Acquire { mode, key, workers, maxqueue, timeout, .. } => {
                let acquire = Acquire::new(mode, KEYS[key], workers, maxqueue, timeout).expect("a key");
                let answer = self.table.command(client, Command::Acquire(acquire), self.now);
                self.acquired_or_waits(client, &acquire, waited, answer.as_ref());
            }
            Step::Release { .. } => {
                let answer = self.table.command(client, Command::Release, self.now).expect("a release is answered");
                self.take_wakeups();
                self.released_something(client, waited, &answer);
            }
            _ => {}
        }
    }

    fn acquired_or_waits(&mut self, client: ClientId, acquire: &Acquire<'_>, waited: bool, answer: Option<&Response>) {
        let known = self.known.get_mut(&client).expect("a connected client");
        match answer {
            Some(Response::Locked) => {
                known.held += 1;
                self.acquired += 1;
            }
            None => {
                assert!(!waited, "two waits at once");
                known.wait = Wait::Until(self.now.after_secs(acquire.timeout));
            }
            Some(_) => return,
        }
        let widest = self.widest.entry(acquire.key().to_vec()).or_default();
        *widest = acquire.workers.max(*widest);
    }

    fn released_something(&mut self, client: ClientId, waited: bool, answer: &Response) {
        let known = self.known.get_mut(&client).expect("a connected client");
        if waited {
            assert!(std::mem::take(&mut known.wait) != Wait::No, "a waiting releaser was told something else too");
        } else if known.held > 0 {
            known.held -= 1;
        } else {
            assert_eq!(*answer, Response::NotLocked);
            return;
        }
        assert_eq!(*answer, Response::Released);
        self.released += 1;
    }

    fn take_wakeups(&mut self) {
        while let Some(wakeup) = self.table.next_wakeup() {
            let known = self.known.get_mut(&wakeup.client).expect("only connected clients are told something");
            let wait = std::mem::take(&mut known.wait);
            assert!(wait != Wait::No, "only a client that waits is told something, and once");
            match wakeup.response {
                Response::Locked => {
                    known.held += 1;
                    self.acquired += 1;
                }
                Response::Timeout => {
                    assert!(wait.deadline().expect("the timer was cancelled") <= self.now, "too early");
                }
                other => assert_eq!(other, Response::Done),
            }
        }
    }

    /// Clients are numbered anew by the restored table, in the order of their numbers.
    fn hand_over(&mut self) {
        let before = self.contents();
        let order: Vec<ClientId> = self.table.clients().map(|client| client.id()).collect();
        let bytes = self.table.snapshot().expect("a snapshot");
        self.table = LockTable::restore(&bytes, SEED).expect("its own snapshot");
        let renumbered: HashMap<ClientId, ClientId> =
            order.into_iter().zip(self.table.clients().map(|client| client.id())).collect();
        self.clients = self.clients.iter().map(|client| renumbered[client]).collect();
        self.known = self.known.drain().map(|(client, known)| (renumbered[&client], known)).collect();
        let after = self.contents();
        let before: Vec<_> =
            before.into_iter().map(|entry| (entry.0, renumbered[&entry.1], entry.2, entry.3, entry.4)).collect();
        assert_eq!(before, after);
    }

    fn contents(&self) -> Vec<Entry> {
        let mut pools: Vec<_> = self.table.pools().collect();
        pools.sort_by_key(|pool| pool.key().to_vec());
        pools
            .iter()
            .flat_map(|pool| pool.holders().chain(pool.waiters_for_me()).chain(pool.waiters_for_anyone()))
            .map(|lock| (lock.key.to_vec(), lock.client, lock.state, (lock.requested, lock.granted), lock.deadline))
            .collect()
    }

    fn check(&mut self) {
        self.check_pools();
        self.check_clients();
        let counters = &self.table.statistics().counters;
        let holders: usize = self.table.pools().map(|pool| pool.holders().count()).sum();
        let waiters = self.known.values().filter(|known| known.wait != Wait::No).count();
        assert_eq!(counters.processing_workers, holders as u64);
        assert!(counters.waiting_workers >= waiters as u64);
        assert_eq!(counters.total_acquired, self.acquired);
        assert_eq!(counters.total_releases, self.released);
        assert_eq!(counters.processed_count, self.acquired - holders as u64);
        let due = self.known.values().filter_map(|known| known.wait.deadline()).min();
        assert_eq!(self.table.next_deadline(), due, "the next deadline is not the earliest of those that wait");
    }

    fn check_pools(&mut self) {
        for pool in self.table.pools() {
            let holders = pool.holders().count();
            assert!(holders > 0, "a pool without a holder");
            let widest = self.widest.get(pool.key()).copied().unwrap_or_default();
            assert!(holders <= widest as usize, "{holders} holders where {widest} are allowed");
            assert!(pool.holders().all(|lock| lock.state == ClaimState::Held && lock.deadline.is_none()));
            assert!(pool.waiters_for_me().all(|lock| lock.state == ClaimState::Waiting(Mode::ForMe)));
            assert!(pool.waiters_for_anyone().all(|lock| lock.state == ClaimState::Waiting(Mode::ForAnyone)));
        }
        let table = &self.table;
        self.widest.retain(|key, _| table.pools().any(|pool| pool.key() == key));
    }

    fn check_clients(&self) {
        assert_eq!(self.table.clients().len(), self.known.len());
        for client in self.table.clients() {
            let known = &self.known[&client.id()];
            let waiting = usize::from(known.wait != Wait::No);
            assert_eq!(client.claims().len(), known.held + waiting);
            assert!(client.claims().len() <= 4);
            assert_eq!(client.claims().filter(|lock| lock.state == ClaimState::Held).count(), known.held);
            assert!(client.claims().all(|lock| lock.client == client.id()));
            assert_eq!(self.table.is_at_rest(client.id()), known.held + waiting == 0);
        }
    }

    fn all_leave(&mut self) {
        while !self.clients.is_empty() {
            self.play(&Step::Disconnect { who: 0 });
        }
        assert!(self.table.is_idle());
        assert_eq!(self.table.pools().len(), 0);
        assert_eq!(self.table.clients().len(), 0);
        assert_eq!(self.table.next_deadline(), None);
    }
}

#[test]
fn who_is_still_to_be_told_something_is_not_at_rest() {
    let mut table = LockTable::new(SEED, Timestamp::from_micros(0));
    let [holder, waiter] = [table.connect(), table.connect()];
    let mut say = |client, line: &[u8]| {
        let _ = table.command(client, Command::parse(Line::of(line)), Timestamp::from_micros(0));
        table.is_at_rest(waiter)
    };
    assert!(say(holder, b"ACQ4ME page 1 9 0"));
    assert!(!say(waiter, b"ACQ4ANY page 1 9 60"));
    assert!(!say(holder, b"RELEASE"));
    while table.next_wakeup().is_some() {}
    assert!(table.is_at_rest(waiter) && table.is_at_rest(holder));
}

proptest! {
    // 2,500 stories of up to 2,000 steps: two and a half million in all.
    #![proptest_config(ProptestConfig { cases: 2_500, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(steps in prop::collection::vec(step(), 1..2_000)) {
        let mut world = World::new();
        for step in &steps {
            world.play(step);
        }
        // A client that neither leaves nor sends gets an answer in the end.
        world.play(&Step::Pass { micros: 3_600_000_000 });
        let unanswered = world.known.values().any(|known| known.wait.deadline().is_some());
        prop_assert!(!unanswered, "a wait without an answer");
        world.all_leave();
    }

    #[test]
    fn damaged_snapshots_are_refused_or_sound(steps in prop::collection::vec(step(), 1..200), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut world = World::new();
        for step in &steps {
            world.play(step);
        }
        let mut bytes = world.table.snapshot().expect("a snapshot");
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(mut table) = LockTable::restore(&bytes, SEED) {
            let clients: Vec<ClientId> = table.clients().map(|client| client.id()).collect();
            for client in clients {
                table.disconnect(client, world.now);
                while table.next_wakeup().is_some() {}
            }
            prop_assert!(table.is_idle());
        }
        prop_assert!(LockTable::restore(&bytes[..at], SEED).is_err());
    }
}
