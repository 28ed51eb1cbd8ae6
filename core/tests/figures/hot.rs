//! Hot keys in virtual time, beside a list of everything that has happened.

use crate::SEED;
use poolcounter::figures::{HOT_KEYS, HotKey, Ranking, Window};
use poolcounter::key::Groups;
use poolcounter::protocol::{Acquire, Command, Mode};
use poolcounter::{ClientId, LockTable, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

struct World {
    table: LockTable,
    clients: [ClientId; 3],
    now: Timestamp,
    /// When, by which ranking, which key, and what it weighs.
    log: Vec<(u64, Ranking, u32, u64)>,
    random: u64,
}

impl World {
    fn new(seed: u64, start: u64) -> Self {
        let now = Timestamp::from_micros(start);
        let mut table = LockTable::new(SEED, now);
        table.observe(Groups::default(), now);
        let clients = [(); 3].map(|()| table.connect());
        Self { table, clients, now, log: Vec::new(), random: seed | 1 }
    }

    fn below(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }

    fn acquire(&mut self, client: usize, key: u32, timeout: u32) {
        let bytes = key_of(key);
        let acquire = Acquire::new(Mode::ForMe, &bytes, 1, 9, timeout).expect("a key");
        let _ = self.table.command(self.clients[client], Command::Acquire(acquire), self.now);
        self.log.push((self.now.as_micros(), Ranking::Acquires, key, 1));
    }

    fn release(&mut self, client: usize) {
        let _ = self.table.command(self.clients[client], Command::Release, self.now);
        while self.table.next_wakeup().is_some() {}
    }

    /// One client works; now and then one is refused, and one waits until the work is done.
    fn work(&mut self, keys: u64, gap: u64) {
        // Small numbers are more frequent.
        let limit = self.below(keys) + 1;
        let key = u32::try_from(self.below(limit)).expect("few keys");
        self.acquire(0, key, 9);
        let (waits, refused) = (self.below(8) == 0, self.below(8) == 0);
        let began = self.now.as_micros();
        if waits {
            self.acquire(1, key, 9_000_000);
        }
        if refused {
            self.acquire(2, key, 0);
            self.log.push((began, Ranking::Refused, key, 1));
        }
        let pause = self.below(gap * 2 + 1);
        self.now = self.now.after_micros(pause);
        self.release(0);
        if waits {
            self.log.push((self.now.as_micros(), Ranking::Waited, key, pause));
            self.release(1);
        }
    }

    fn compare(&mut self, exact: bool) {
        let now = self.now.as_micros();
        for &ranking in Ranking::ALL {
            for (window, slot, before) in [(Window::Minute, 10_000_000, 6), (Window::Hour, 300_000_000, 12)] {
                let mut truth = BTreeMap::<Vec<u8>, u64>::new();
                for &(at, by, key, weight) in &self.log {
                    if by == ranking && at / slot + before >= now / slot {
                        *truth.entry(key_of(key)).or_default() += weight;
                    }
                }
                let figures = self.table.figures_at(self.now).expect("they are on");
                let list = figures.hot_keys(ranking, window);
                compare(&list, &truth);
                if exact {
                    assert!(list.iter().all(|hot| hot.error == 0));
                    let with_weight = truth.values().filter(|weight| **weight > 0).count();
                    assert_eq!(list.len(), with_weight.min(HOT_KEYS));
                }
            }
        }
    }
}

fn key_of(key: u32) -> Vec<u8> {
    format!("enwiki:pcache:{key}").into_bytes()
}

fn compare(list: &[HotKey<'_>], truth: &BTreeMap<Vec<u8>, u64>) {
    assert!(list.len() <= HOT_KEYS && list.is_sorted_by(|one, next| one.count >= next.count));
    let listed: BTreeMap<&[u8], u64> = list.iter().map(|hot| (hot.key, hot.count)).collect();
    assert_eq!(listed.len(), list.len(), "a key is there twice");
    for hot in list {
        let weight = truth.get(hot.key).copied().unwrap_or_default();
        assert!(weight <= hot.count && hot.count - hot.error <= weight, "{weight} {hot:?}");
    }
    if let [.., last] = list
        && list.len() == HOT_KEYS
    {
        let missing = truth.iter().filter(|(key, _)| !listed.contains_key(&key[..])).map(|(_, weight)| *weight);
        assert!(missing.max().unwrap_or_default() <= last.count, "a hotter key is missing");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_list_is_true_within_its_error(
        seed in any::<u64>(),
        start in 0..1_000_000_000_u64,
        keys in prop_oneof![Just(10_u64), Just(200), Just(5_000)],
        gap in prop_oneof![Just(1_000_u64), Just(30_000), Just(3_000_000)],
        events in 1..5_000_usize,
    ) {
        let mut world = World::new(seed, start);
        for event in 0..events {
            world.work(keys, gap);
            if event % 1_000 == 0 {
                world.compare(keys <= 200);
            }
        }
        world.compare(keys <= 200);
    }
}

#[test]
fn what_is_old_is_listed_no_longer() {
    let mut world = World::new(1, 5_000_000);
    world.acquire(0, 1, 9);
    let mut listed = |secs: u32| {
        let figures = world.table.figures_at(Timestamp::from_micros(0).after_secs(secs)).expect("they are on");
        let counts = |window| figures.hot_keys(Ranking::Acquires, window).first().map(|hot| (hot.count, hot.error));
        (counts(Window::Minute), counts(Window::Hour))
    };
    let once = Some((1, 0));
    assert_eq!(listed(5), (once, once));
    assert_eq!(listed(69), (once, once));
    assert_eq!(listed(70), (None, once));
    assert_eq!(listed(3_899), (None, once));
    assert_eq!(listed(3_900), (None, None));
}

/// An event goes on to be counted when there are thousands of keys in each slot, and no list takes more than its bound.
#[test]
fn memory_is_bounded() {
    let mut peak = 0;
    let rest = allocation_counter::measure(|| {
        let mut world = World::new(1, 0);
        let inner = allocation_counter::measure(|| {
            for number in 0..400_000_u32 {
                let key = format!("{number:01000}");
                let mode = Mode::ForMe;
                let acquire = Acquire::new(mode, key.as_bytes(), 1, 9, 0).expect("a key");
                for client in [0, 1] {
                    let _ = world.table.command(world.clients[client], Command::Acquire(acquire), world.now);
                }
                world.release(0);
                world.now = world.now.after_micros(10_000);
            }
        });
        peak = inner.bytes_max;
    });
    assert!(peak > 2_000_000, "the figures took only {peak} bytes");
    assert!(peak < 2 * 4_000_000, "the figures took {peak} bytes: acquires and refusals");
    assert_eq!(rest.bytes_current, 0);
}
