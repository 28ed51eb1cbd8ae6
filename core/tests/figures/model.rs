//! What an onlooker counts who knows the answers that clients get, and nothing else.

use poolcounter::ClientId;
use poolcounter::figures::{BOUNDS, Figures, Gauges, Histogram, Outcomes};
use poolcounter::protocol::Response;
use std::collections::{BTreeMap, HashMap};

/// The keys of the test, and their groups by the default rules.
pub(crate) const KEYS: [(&[u8], &str); 8] = [
    (b"enwiki:pcache:1", "pcache"),
    (b"nowait:dewiki:pcache:2", "pcache"),
    (b"thumbor-ip-2001:db8::7", "thumbor-ip"),
    (b"Slotted:3", "Slotted"),
    (b"Slotted:4", "Slotted"),
    // These are names that have a meaning.
    (b"slots:5", "other"),
    (b"other:5", "other"),
    (b"misc", "other"),
];

#[derive(Clone, Copy, Debug)]
struct Claim {
    key: usize,
    asked: u64,
    granted: Option<u64>,
}

/// Of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    outcomes: Outcomes,
    waits: Vec<u64>,
    holds: Vec<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Onlooker {
    clients: HashMap<ClientId, Vec<Claim>>,
    counted: BTreeMap<&'static str, Counted>,
}

impl Onlooker {
    /// Whoever begins to count knows the claims, but not what was before.
    pub(crate) fn forget(&mut self) {
        self.counted.clear();
    }

    pub(crate) fn connected(&mut self, client: ClientId) {
        self.clients.insert(client, Vec::new());
    }

    pub(crate) fn renumbered(&mut self, numbers: &HashMap<ClientId, ClientId>) {
        self.clients = self.clients.drain().map(|(client, claims)| (numbers[&client], claims)).collect();
    }

    fn of(&mut self, key: usize) -> &mut Counted {
        self.counted.entry(KEYS[key].1).or_default()
    }

    fn newest(&mut self, client: ClientId) -> &mut Claim {
        self.clients.get_mut(&client).and_then(|claims| claims.last_mut()).expect("a claim")
    }

    fn pop(&mut self, client: ClientId) -> Claim {
        self.clients.get_mut(&client).and_then(Vec::pop).expect("a claim")
    }

    /// The answer to an acquire; `None`: it waits.
    pub(crate) fn answered(&mut self, client: ClientId, key: usize, answer: Option<&Response>, now: u64) {
        let outcomes = &mut self.of(key).outcomes;
        let granted = match answer {
            Some(Response::Locked) => {
                outcomes.granted += 1;
                Some(now)
            }
            None => None,
            Some(Response::QueueFull) => return outcomes.queue_full += 1,
            Some(Response::Timeout) => return outcomes.not_free += 1,
            Some(_) => return,
        };
        self.clients.get_mut(&client).expect("a client").push(Claim { key, asked: now, granted });
    }

    pub(crate) fn woken(&mut self, client: ClientId, response: &Response, now: u64) {
        let claim = *self.newest(client);
        let counted = self.of(claim.key);
        counted.waits.push(now - claim.asked);
        match response {
            Response::Locked => counted.outcomes.granted_after_wait += 1,
            Response::Done => counted.outcomes.done += 1,
            Response::Timeout => counted.outcomes.timed_out += 1,
            other => panic!("{other:?} to one that waits"),
        }
        if *response == Response::Locked {
            self.newest(client).granted = Some(now);
        } else {
            self.pop(client);
        }
    }

    pub(crate) fn released(&mut self, client: ClientId, now: u64) {
        let claim = self.pop(client);
        let counted = self.of(claim.key);
        if let Some(granted) = claim.granted {
            counted.holds.push(now - granted);
            counted.outcomes.released += 1;
        } else {
            counted.waits.push(now - claim.asked);
            counted.outcomes.cancelled += 1;
        }
    }

    pub(crate) fn left(&mut self, client: ClientId, now: u64) {
        for claim in self.clients.remove(&client).expect("a client") {
            let counted = self.of(claim.key);
            if let Some(granted) = claim.granted {
                counted.holds.push(now - granted);
                counted.outcomes.left_holding += 1;
            } else {
                counted.waits.push(now - claim.asked);
                counted.outcomes.left_waiting += 1;
            }
        }
    }

    fn gauges(&self, group: &str) -> Gauges {
        let claims: Vec<&Claim> = self.clients.values().flatten().filter(|claim| KEYS[claim.key].1 == group).collect();
        let holders = claims.iter().filter(|claim| claim.granted.is_some()).count() as u64;
        let mut keys: Vec<usize> = claims.iter().map(|claim| claim.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut gauges = Gauges::default();
        (gauges.keys, gauges.holders) = (keys.len() as u64, holders);
        gauges.waiters = claims.len() as u64 - holders;
        gauges
    }

    pub(crate) fn compare(&self, figures: &Figures) {
        for (_, name, group) in figures.groups() {
            let counted = self.counted.get(name).cloned().unwrap_or_default();
            assert_eq!(group.gauges, self.gauges(name), "{name}");
            assert_eq!(group.outcomes, counted.outcomes, "{name}");
            compare_times(&group.waits, &counted.waits);
            compare_times(&group.holds, &counted.holds);
        }
        assert!(
            self.counted.iter().all(|(name, counted)| *counted == Counted::default() || figures.find(name).is_some())
        );
    }
}

fn compare_times(histogram: &Histogram, times: &[u64]) {
    assert_eq!(histogram.sum_micros(), times.iter().sum());
    assert_eq!(histogram.count(), times.len() as u64);
    assert_eq!(histogram.cumulative().len(), BOUNDS);
    for (bound, count) in histogram.cumulative() {
        assert_eq!(count, times.iter().filter(|time| **time <= bound).count() as u64, "up to {bound} us");
    }
}
