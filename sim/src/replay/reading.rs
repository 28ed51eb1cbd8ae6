//! Makes traffic of recordings: which calls belong to one request, and what came of it.

use super::figures::{Count, Meter};
use super::hold::{Ending, Hold, Samples};
use super::traffic::{Group, Key, Leaving, Limits, Reaction, Request, Source, Standing, Traffic, Wanted, World};
use crate::units::float;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;
use poolcounter::Timestamp;
use poolcounter::protocol::{Mode, Response};
use poolcounter::recording::{Call, CallKind, Recording, RecordingError, Segment, StandingClaim};

/// The second question of a pair, and a second try after `DONE`, come within this time.
const SOON: u64 = 10_000_000;

/// A request that comes so soon after work has ended had looked into the cache before.
const LOOKED_BEFORE: u64 = 200_000;

/// Moments are counted in microseconds within a year.
const YEAR: u64 = 366 * 86_400 * 1_000_000;

/// The group of keys that no rule knows.
const OTHER: &str = "other";

#[derive(Debug)]
pub(super) struct Reading<'a> {
    traffic: Traffic,
    /// Segments without a gap between them.
    chains: Vec<Vec<Part<'a>>>,
    /// One for each chain.
    scenes: Vec<Scene>,
    /// When the next call of each scene is.
    next: BinaryHeap<Reverse<(u64, u32)>>,
    /// How many calls were taken, and how many there are.
    progress: (u64, u64),
    /// Which results of each key there are.
    results: Vec<Results>,
    /// The gaps of each group's pairs, and of its second tries.
    gaps: Vec<(Vec<u64>, Vec<u64>)>,
    limits: Vec<BTreeMap<Limits, u64>>,
    /// The limits of requests that never wait, and of those that stood at the beginning. They count in groups without others.
    other_limits: Vec<BTreeMap<Limits, u64>>,
}

/// The results of a key, so far.
#[derive(Clone, Copy, Debug, Default)]
struct Results {
    world: Option<u32>,
    number: u32,
    /// The number of the newest result in the traffic.
    newest: u32,
    /// When the first work for the newest result ended.
    ended: Option<u64>,
}

/// A segment.
#[derive(Debug)]
struct Part<'a> {
    segment: Cow<'a, Segment>,
    /// The number of each key in the traffic.
    keys: Vec<u32>,
}

/// What is known of a chain while it is read.
#[derive(Debug)]
struct Scene {
    begun: bool,
    /// The number of the part that is read.
    part: usize,
    clients: BTreeMap<u32, Client>,
    next_call: usize,
    next_told: usize,
    /// The calls of the parts before.
    before: usize,
    /// The table's clock at `now`.
    clock: Timestamp,
    now: u64,
}

#[derive(Debug, Default)]
struct Client {
    /// The newest is the last.
    claims: Vec<Claim>,
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Claim {
    request: u32,
    key: u32,
    depth: u8,
    /// When it was asked for.
    asked: u64,
    retry: bool,
    /// The work, if it is held.
    hold: Option<u32>,
}

/// The answer to which the next command may belong.
#[derive(Clone, Copy, Debug)]
struct Last {
    request: u32,
    key: u32,
    at: u64,
    done: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn of(recordings: &'a [Recording]) -> Result<Self, RecordingError> {
        let segments = recordings.iter().map(|recording| recording.segments.iter().map(Cow::Borrowed).collect());
        Self::begin(recordings.iter().zip(segments.collect::<Vec<_>>()))
    }

    fn begin<'b>(
        recordings: impl Iterator<Item = (&'b Recording, Vec<Cow<'a, Segment>>)>,
    ) -> Result<Self, RecordingError> {
        let mut names = Names::default();
        let (mut all, mut sources) = (Vec::new(), Vec::new());
        for (number, (recording, segments)) in recordings.enumerate() {
            // Keys of different anonymous recordings cannot be compared.
            let space = if recording.anonymous { number + 1 } else { 0 };
            let part = |segment: Cow<'a, Segment>| Part {
                keys: segment.keys.iter().map(|key| names.key(space, &key.group, &key.name)).collect(),
                segment,
            };
            let chains = chains(recording, segments.into_iter().map(part));
            sources.push(source(recording, &chains));
            all.extend(chains);
        }
        all.sort_by_key(|chain| chain.first().map_or(0, |part| part.segment.wall));
        let began = all.iter().flatten().next().map_or(0, |part| part.segment.wall);
        let world = |chain: &Vec<Part<'_>>| {
            let (from, to) = span(chain);
            World { begin: from - began, end: to - began, standing: 0..0 }
        };
        let worlds: Vec<World> = all.iter().map(world).collect();
        let end = worlds.iter().map(|world| world.end).max().unwrap_or(0);
        if end > YEAR {
            return Err(RecordingError::Contradiction("the recordings are more than a year apart"));
        }
        let Names { groups, keys, pages, .. } = names;
        Ok(Self {
            results: alloc::vec![Results::default(); keys.len()],
            gaps: alloc::vec![Default::default(); groups.len()],
            limits: alloc::vec![BTreeMap::new(); groups.len()],
            other_limits: alloc::vec![BTreeMap::new(); groups.len()],
            scenes: all.iter().zip(&worlds).map(|(chain, world)| Scene::new(chain, world.begin)).collect(),
            chains: all,
            next: (0..).zip(&worlds).map(|(number, world)| Reverse((world.begin, number))).collect(),
            progress: (0, sources.iter().map(|source| source.calls).sum()),
            traffic: Traffic {
                sources,
                began,
                end,
                recorded: Meter::new(groups.len(), keys.len(), end),
                worlds,
                groups,
                keys,
                pages: u32::try_from(pages.len()).unwrap_or(u32::MAX),
                requests: Vec::new(),
                holds: Vec::new(),
                results: Vec::new(),
                samples: Samples::default(),
            },
        })
    }

    /// Takes at most this number of calls, of all chains in the order of their moments. Gives the progress, from 0 to exactly 1.
    pub(super) fn advance(&mut self, calls: u32) -> f64 {
        let (chains, mut scenes) = (core::mem::take(&mut self.chains), core::mem::take(&mut self.scenes));
        let mut left = calls.max(1);
        while left > 0
            && let Some(Reverse((at, world))) = self.next.pop()
        {
            let (chain, scene) = (&chains[world as usize], &mut scenes[world as usize]);
            scene.now = at;
            if core::mem::replace(&mut scene.begun, true) {
                self.call(world, chain, scene);
                left -= 1;
            } else {
                self.stand(world, scene.part(chain), scene);
                scene.skip_ended_parts(chain);
            }
            // While no other chain has an earlier call, there is no need to ask the heap.
            let until = self.next.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
            while left > 0
                && let Some(at) = scene.next_moment(chain).filter(|&at| at < until)
            {
                scene.now = at;
                self.call(world, chain, scene);
                left -= 1;
            }
            match scene.next_moment(chain) {
                Some(at) => self.next.push(Reverse((at, world))),
                None => self.end(scene),
            }
        }
        (self.chains, self.scenes) = (chains, scenes);
        self.progress.0 += u64::from(calls.max(1) - left);
        let (done, all) = self.progress;
        if self.next.is_empty() { 1.0 } else { (float(done) / float(all.max(1))).min(0.999) }
    }

    /// What is held and waited for at the beginning.
    fn stand(&mut self, world: u32, part: &Part<'_>, scene: &mut Scene) {
        let clock = scene.clock.as_micros();
        let begin = scene.now;
        let first = self.traffic.requests.len();
        for standing in &part.segment.standing {
            let Some(key) = part.key(standing.key) else { continue };
            let of_me = standing.for_me.iter().map(|claim| (claim, Mode::ForMe));
            let of_anyone = standing.for_anyone.iter().map(|claim| (claim, Mode::ForAnyone));
            let holders = standing.holders.iter().map(|claim| (claim, claim.mode.unwrap_or(Mode::ForAnyone)));
            let waiters = of_me.chain(of_anyone).map(|claim| (claim, false));
            for ((claim, mode), holds) in holders.map(|claim| (claim, true)).chain(waiters) {
                let since = clock.saturating_sub(if holds { claim.granted } else { claim.requested }).min(YEAR);
                let request = self.standing_request(world, scene, key, mode, claim, holds);
                let hold = holds.then(|| self.grant(request, key, begin, since));
                if !holds {
                    self.traffic.recorded.wait_begins(&self.traffic.keys[key as usize], begin);
                }
                let asked = if holds { begin } else { begin.wrapping_sub(since) };
                let client = scene.clients.entry(claim.client).or_default();
                client.claims.push(Claim { request, key, depth: claim.depth, asked, retry: false, hold });
            }
        }
        self.traffic.worlds[world as usize].standing = first..self.traffic.requests.len();
        for client in scene.clients.values_mut() {
            client.claims.sort_by_key(|claim| claim.depth);
        }
    }

    fn standing_request(
        &mut self,
        world: u32,
        scene: &Scene,
        key: u32,
        mode: Mode,
        claim: &StandingClaim,
        holds: bool,
    ) -> u32 {
        let since = scene.clock.as_micros().saturating_sub(claim.requested).min(YEAR);
        let left = claim.deadline.map(|(at, _)| at.saturating_sub(claim.requested).div_ceil(1_000_000));
        let (workers, maxqueue, timeout) = claim.limits.unwrap_or((1, 1, 0));
        let timeout = left.map_or(timeout, |left| u32::try_from(left).unwrap_or(u32::MAX));
        let standing = if holds { Standing::Holder } else { Standing::Waiter { since, timed: left.is_some() } };
        let limits = Limits { workers, maxqueue, timeout };
        let request = self.request(world, scene.now, 0, key, mode, limits);
        self.traffic.requests[request as usize].standing = Some(standing);
        if claim.limits.is_some() {
            let group = self.traffic.keys[key as usize].group as usize;
            *self.other_limits[group].entry(limits).or_default() += 1;
        }
        request
    }

    fn request(&mut self, world: u32, at: u64, call: usize, key: u32, mode: Mode, limits: Limits) -> u32 {
        let traffic = &mut self.traffic;
        let number = u32::try_from(traffic.requests.len()).unwrap_or(u32::MAX);
        let (wanted, looked, result) = match mode {
            Mode::ForMe => (0, at, None),
            Mode::ForAnyone => {
                let results = &mut self.results[key as usize];
                let looked = results.wanted(world, at, &mut traffic.results);
                (results.number, looked, Some(results.newest))
            }
        };
        let of = &traffic.keys[key as usize];
        let group = &mut traffic.groups[of.group as usize];
        match mode {
            Mode::ForMe => group.for_me += 1,
            Mode::ForAnyone => group.for_anyone += 1,
        }
        traffic.recorded.count(Count::Request, key, of, at);
        traffic.requests.push(Request {
            at,
            rank: rank(world, call),
            world,
            key,
            mode,
            limits,
            at_once: false,
            standing: None,
            wanted,
            result,
            looked,
            after_not_free: Reaction::Unknown,
            after_done: Reaction::Unknown,
            leaves: None,
            sends: None,
            hold: None,
        });
        number
    }

    /// A lock is granted. It has been held for `before` already.
    fn grant(&mut self, request: u32, key: u32, now: u64, before: u64) -> u32 {
        let traffic = &mut self.traffic;
        let hold = u32::try_from(traffic.holds.len()).unwrap_or(u32::MAX);
        traffic.holds.push(Hold { key, begin: now, end: now, before, rank: u64::MAX, ending: Ending::Open });
        traffic.requests[request as usize].hold = Some(hold);
        traffic.recorded.work_begins(&traffic.keys[key as usize], now);
        hold
    }

    /// Takes the next call of a chain.
    fn call(&mut self, world: u32, chain: &[Part<'_>], scene: &mut Scene) {
        let part = scene.part(chain);
        let segment = &part.segment;
        let Some(call) = segment.calls.get(scene.next_call) else { return };
        let number = scene.before + scene.next_call;
        scene.next_call += 1;
        scene.clock = call.at;
        match &call.kind {
            CallKind::Acquire { .. } => self.acquire(world, part, scene, call, number),
            CallKind::Release => self.release(world, scene, call, number),
            CallKind::Left => self.left(world, scene, call, number),
            CallKind::Read => {
                let now = scene.now;
                if let Some(claim) = scene.waiting(call.client) {
                    self.traffic.requests[claim.request as usize].sends = Some(now.wrapping_sub(claim.asked));
                }
            }
            // They concern no key.
            _ => {}
        }
        let told = segment.told.iter().skip(scene.next_told).take(call.told as usize);
        scene.next_told += call.told as usize;
        for told in told {
            self.told(scene, told.client, &told.response);
        }
        scene.skip_ended_parts(chain);
    }

    fn acquire(&mut self, world: u32, part: &Part<'_>, scene: &mut Scene, call: &Call, number: usize) {
        let CallKind::Acquire { key, mode, workers, maxqueue, timeout } = call.kind else { return };
        if matches!(call.answer, Some(Response::LockHeld | Response::WaitForResponse | Response::BadSyntax)) {
            return;
        }
        let Some(key) = part.key(key) else { return };
        let now = scene.now;
        let last = scene.clients.entry(call.client).or_default().last.take();
        let last = last.filter(|last| last.key == key && now - last.at <= SOON);
        let limits = Limits { workers, maxqueue, timeout };
        let (request, retry) = match last.and_then(|last| self.follows(last, mode, limits, now, rank(world, number))) {
            Some((request, retry)) => (request, retry),
            None => (self.request(world, now, number, key, mode, limits), false),
        };
        let group = self.traffic.keys[key as usize].group as usize;
        if !retry {
            let of = if timeout > 0 { &mut self.limits } else { &mut self.other_limits };
            *of[group].entry(limits).or_default() += 1;
        }
        let claim = Claim { request, key, depth: 0, asked: now, retry, hold: None };
        match call.answer {
            None => {
                self.traffic.recorded.wait_begins(&self.traffic.keys[key as usize], now);
                scene.push(call.client, claim);
            }
            Some(Response::Locked) => {
                self.count(Count::Granted { after_wait: false }, key, now);
                let hold = Some(self.grant(request, key, now, 0));
                scene.push(call.client, Claim { hold, ..claim });
            }
            Some(Response::Timeout) => {
                // This is corrected at the end, when it is known whether the group has pairs.
                self.count(Count::NotFree { turned_away: true }, key, now);
                self.traffic.requests[request as usize].after_not_free = Reaction::Content;
                scene.clients.entry(call.client).or_default().last = Some(Last { request, key, at: now, done: false });
            }
            Some(Response::QueueFull) => self.count(Count::Refused, key, now),
            Some(_) => {}
        }
    }

    /// Whether an acquire belongs to the request before it, and whether it is then the second try after `DONE`.
    fn follows(&mut self, last: Last, mode: Mode, limits: Limits, now: u64, rank: u64) -> Option<(u32, bool)> {
        let request = &mut self.traffic.requests[last.request as usize];
        let group = self.traffic.keys[last.key as usize].group as usize;
        let again = Reaction::Again { gap: now - last.at, rank };
        let (pairs, retries) = &mut self.gaps[group];
        if last.done {
            let is_retry = request.mode == Mode::ForAnyone && mode == Mode::ForMe;
            is_retry.then(|| {
                request.after_done = again;
                retries.push(now - last.at);
                (last.request, true)
            })
        } else {
            let is_pair = request.mode == mode && limits.timeout > 0;
            is_pair.then(|| {
                request.after_not_free = again;
                request.limits = limits;
                pairs.push(now - last.at);
                (last.request, false)
            })
        }
    }

    fn release(&mut self, world: u32, scene: &mut Scene, call: &Call, number: usize) {
        let now = scene.now;
        let Some(client) = scene.clients.get_mut(&call.client) else { return };
        client.last = None;
        if call.answer != Some(Response::Released) {
            return;
        }
        // A lock of a group that was not recorded has no claim here.
        let Some(claim) = client.claims.pop() else { return };
        match claim.hold {
            Some(hold) => self.work_ends(claim, hold, now, rank(world, number), Ending::Released),
            None => self.wait_left(claim, now, rank(world, number), true),
        }
    }

    fn left(&mut self, world: u32, scene: &mut Scene, call: &Call, number: usize) {
        let now = scene.now;
        let Some(client) = scene.clients.remove(&call.client) else { return };
        for claim in client.claims.into_iter().rev() {
            match claim.hold {
                Some(hold) => self.work_ends(claim, hold, now, rank(world, number), Ending::Died),
                None => self.wait_left(claim, now, rank(world, number), false),
            }
        }
    }

    fn work_ends(&mut self, claim: Claim, hold: u32, now: u64, rank: u64, ending: Ending) {
        let traffic = &mut self.traffic;
        let hold = &mut traffic.holds[hold as usize];
        (hold.end, hold.rank, hold.ending) = (now.max(hold.begin), rank, ending);
        traffic.recorded.work_ends(&traffic.keys[claim.key as usize], now);
        let what = match ending {
            Ending::Released => {
                let request = &traffic.requests[claim.request as usize];
                let results = &mut self.results[claim.key as usize];
                let repeated =
                    request.result.is_some() && results.is_repeated(request.wanted, now, &mut traffic.results);
                Count::Work { repeated }
            }
            _ => Count::Died,
        };
        self.count(what, claim.key, now);
    }

    /// A client ends its wait by itself.
    fn wait_left(&mut self, claim: Claim, now: u64, rank: u64, releases: bool) {
        let after = now.wrapping_sub(claim.asked);
        let leaving = Leaving { after, rank, retry: claim.retry, releases };
        self.traffic.requests[claim.request as usize].leaves = Some(leaving);
        self.wait_ends(claim, now);
        self.count(Count::Left, claim.key, now);
    }

    /// A message that ends a wait.
    fn told(&mut self, scene: &mut Scene, client: u32, response: &Response) {
        let now = scene.now;
        // A client may have left before its message was recorded.
        let Some(claim) = scene.waiting(client) else { return };
        let Some(client) = scene.clients.get_mut(&client) else { return };
        let Claim { request, key, retry, .. } = claim;
        self.wait_ends(claim, now);
        if *response == Response::Locked {
            self.count(Count::Granted { after_wait: true }, key, now);
            let hold = Some(self.grant(request, key, now, 0));
            if let Some(claim) = client.claims.last_mut() {
                claim.hold = hold;
            }
            return;
        }
        client.claims.pop();
        if *response == Response::Done {
            self.count(Count::Done, key, now);
            let group = self.traffic.keys[key as usize].group as usize;
            self.traffic.groups[group].dones += 1;
            if !retry {
                self.traffic.requests[request as usize].after_done = Reaction::Content;
                client.last = Some(Last { request, key, at: now, done: true });
            }
        } else {
            self.count(Count::TimedOut, key, now);
        }
    }

    fn wait_ends(&mut self, claim: Claim, now: u64) {
        let recorded = &mut self.traffic.recorded;
        // It may have begun before moment 0.
        let waited = now.wrapping_sub(claim.asked);
        recorded.wait_ends(claim.key, &self.traffic.keys[claim.key as usize], waited, now);
    }

    fn count(&mut self, what: Count, key: u32, now: u64) {
        self.traffic.recorded.count(what, key, &self.traffic.keys[key as usize], now);
    }

    /// The end of a chain.
    fn end(&mut self, scene: &mut Scene) {
        let now = scene.now;
        for claim in core::mem::take(&mut scene.clients).into_values().flat_map(|client| client.claims) {
            let of = &self.traffic.keys[claim.key as usize];
            match claim.hold {
                Some(hold) => {
                    self.traffic.holds[hold as usize].end = now;
                    self.traffic.recorded.work_ends(of, now);
                }
                None => self.traffic.recorded.wait_is_cut(of, now),
            }
            self.count(Count::Unfinished, claim.key, now);
        }
    }

    pub(super) fn finish(mut self) -> Traffic {
        while self.advance(u32::MAX) < 1.0 {}
        let Self { mut traffic, gaps, limits, other_limits, .. } = self;
        for (group, (pairs, retries)) in traffic.groups.iter_mut().zip(gaps) {
            (group.pairs, group.retries) = (pairs.len() as u64, retries.len() as u64);
            (group.pair_gap, group.retry_gap) = (median(pairs), median(retries));
        }
        for (group, (limits, others)) in traffic.groups.iter_mut().zip(limits.into_iter().zip(other_limits)) {
            group.limits = if limits.is_empty() { others } else { limits }.into_iter().collect();
        }
        for request in &mut traffic.requests {
            let group = &traffic.groups[traffic.keys[request.key as usize].group as usize];
            let is_pair = matches!(request.after_not_free, Reaction::Again { .. });
            // In a group with pairs every acquire that does not wait is the first of one.
            request.at_once = group.pairs > 0 && (is_pair || request.limits.timeout == 0 && request.standing.is_none());
            if request.at_once && !is_pair {
                request.limits.timeout = group.limits().timeout;
            }
        }
        for (number, group) in traffic.groups.iter_mut().enumerate() {
            let pairs = group.pairs;
            if let Some(figures) = traffic.recorded.figures_mut(number) {
                group.most_works = figures.most_works;
                if pairs > 0 {
                    figures.turned_away = 0;
                }
                // Who was refused or timed out got an old copy or an error.
                if figures.refused + figures.timed_out == 0 {
                    figures.stale = (pairs > 0).then(|| figures.not_free.saturating_sub(pairs));
                    figures.errors = Some(0);
                }
            }
        }
        traffic.recorded.close();
        traffic.samples = Samples::new(&traffic.holds, &traffic.keys, traffic.groups.len());
        traffic
    }
}

impl Results {
    /// A request wants the newest result. Gives when it looked into the cache.
    fn wanted(&mut self, world: u32, at: u64, all: &mut Vec<Wanted>) -> u64 {
        // What happened between two segments is not known.
        let is_new = self.world != Some(world);
        match self.ended {
            Some(ended) if !is_new && at - ended <= LOOKED_BEFORE => return ended,
            None if !is_new => {}
            _ => {
                let newest = u32::try_from(all.len()).unwrap_or(u32::MAX);
                all.push(Wanted { first_request: at, requests: 0, stored: None });
                *self = Self { world: Some(world), number: self.number + 1, newest, ended: None };
            }
        }
        if let Some(wanted) = all.get_mut(self.newest as usize) {
            wanted.requests += 1;
        }
        at
    }

    /// Work for this result has ended. Gives whether there was one already.
    fn is_repeated(&mut self, wanted: u32, now: u64, all: &mut [Wanted]) -> bool {
        let repeated = wanted < self.number || self.ended.is_some();
        if !repeated {
            self.ended = Some(now);
            if let Some(wanted) = all.get_mut(self.newest as usize) {
                wanted.stored = Some(now);
            }
        }
        repeated
    }
}

impl Reading<'static> {
    /// Of recordings that are not needed any more.
    pub(super) fn of_owned(mut recordings: Vec<Recording>) -> Result<Self, RecordingError> {
        let segments = |recording: &mut Recording| {
            core::mem::take(&mut recording.segments).into_iter().map(Cow::Owned).collect::<Vec<_>>()
        };
        let segments: Vec<_> = recordings.iter_mut().map(segments).collect();
        Self::begin(recordings.iter().zip(segments))
    }
}

impl Part<'_> {
    /// The number in the traffic of a key of the segment.
    fn key(&self, key: u32) -> Option<u32> {
        self.keys.get(key as usize).copied()
    }
}

impl Scene {
    fn new(chain: &[Part<'_>], now: u64) -> Self {
        let clock = chain.first().map(|part| part.segment.clock).unwrap_or_default();
        Self { begun: false, part: 0, clients: BTreeMap::new(), next_call: 0, next_told: 0, before: 0, clock, now }
    }

    fn part<'a, 'b>(&self, chain: &'b [Part<'a>]) -> &'b Part<'a> {
        &chain[self.part]
    }

    /// Goes to the part that has the next call. What stands where that begins is known already.
    fn skip_ended_parts(&mut self, chain: &[Part<'_>]) {
        while self.next_call >= self.part(chain).segment.calls.len() && self.part + 1 < chain.len() {
            self.before += self.next_call;
            (self.part, self.next_call, self.next_told) = (self.part + 1, 0, 0);
        }
    }

    /// When the next call is. Time does not go back.
    fn next_moment(&self, chain: &[Part<'_>]) -> Option<u64> {
        let call = self.part(chain).segment.calls.get(self.next_call)?;
        Some(self.now + call.at.micros_since(self.clock))
    }

    fn push(&mut self, client: u32, claim: Claim) {
        self.clients.entry(client).or_default().claims.push(claim);
    }

    /// The claim for which a client waits.
    fn waiting(&self, client: u32) -> Option<Claim> {
        self.clients.get(&client)?.claims.last().copied().filter(|claim| claim.hold.is_none())
    }
}

/// Keys, pages and groups by their names.
#[derive(Default)]
struct Names {
    groups: Vec<Group>,
    keys: Vec<Key>,
    group_numbers: BTreeMap<Box<str>, u32>,
    key_numbers: BTreeMap<(usize, Box<[u8]>), u32>,
    pages: BTreeMap<(usize, Box<[u8]>), u32>,
}

impl Names {
    fn group(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.group_numbers.get(name) {
            return number;
        }
        let number = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        self.group_numbers.insert(name.into(), number);
        self.groups.push(Group {
            name: name.into(),
            limits: Vec::new(),
            pairs: 0,
            pair_gap: 0,
            dones: 0,
            retries: 0,
            retry_gap: 0,
            for_anyone: 0,
            for_me: 0,
            in_slots: true,
            anonymous: false,
            most_works: 0,
        });
        number
    }

    /// `space`: 0 for plain keys, and a number of its own for each anonymous recording.
    fn key(&mut self, space: usize, group: &str, name: &[u8]) -> u32 {
        let group = self.group(group);
        if let Some(&number) = self.key_numbers.get(&(space, name.into())) {
            // At first the group of a key may not have been known.
            let key = &mut self.keys[number as usize];
            if &*self.groups[key.group as usize].name == OTHER {
                key.group = group;
            }
            return number;
        }
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.key_numbers.insert((space, name.into()), number);
        let pages = u32::try_from(self.pages.len()).unwrap_or(u32::MAX);
        let page = *self.pages.entry((space, page_of(name).into())).or_insert(pages);
        let of = &mut self.groups[group as usize];
        of.anonymous |= space > 0;
        of.in_slots &= is_slot(name, &of.name);
        self.keys.push(Key { group, page, name: name.into() });
        number
    }
}

/// The key of a page without its revision.
fn page_of(key: &[u8]) -> &[u8] {
    const REVISION: &[u8] = b":revid:";
    let place = key.windows(REVISION.len()).rposition(|part| part == REVISION);
    match place {
        Some(place) if key[place + REVISION.len()..].iter().all(u8::is_ascii_digit) => &key[..place],
        _ => key,
    }
}

fn is_slot(key: &[u8], group: &str) -> bool {
    let number = key.strip_prefix(group.as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// Orders the calls of a scene.
fn rank(world: u32, call: usize) -> u64 {
    u64::from(world) << 40 | (call as u64 + 1)
}

/// Puts those segments of a recording together between which no call is missing.
fn chains<'a>(recording: &Recording, parts: impl Iterator<Item = Part<'a>>) -> Vec<Vec<Part<'a>>> {
    // New rules may put other keys into the groups that are recorded.
    let is_whole = recording.groups.is_none();
    let mut chains: Vec<Vec<Part<'a>>> = Vec::new();
    for part in parts {
        match chains.last_mut() {
            Some(chain) if is_whole && part.segment.continues => chain.push(part),
            _ => chains.push(alloc::vec![part]),
        }
    }
    chains
}

/// When a chain begins and ends: microseconds since 1970, UTC.
fn span(chain: &[Part<'_>]) -> (u64, u64) {
    let [first, ..] = chain else { return (0, 0) };
    let mut before = first.segment.clock;
    let mut length = 0_u64;
    for call in chain.iter().flat_map(|part| &part.segment.calls) {
        length = length.saturating_add(call.at.micros_since(before));
        before = call.at;
    }
    (first.segment.wall, first.segment.wall.saturating_add(length))
}

fn source(recording: &Recording, chains: &[Vec<Part<'_>>]) -> Source {
    let segments = || chains.iter().flatten().map(|part| &part.segment);
    Source {
        server: recording.title.server.clone(),
        anonymous: recording.anonymous,
        is_cut: recording.is_cut,
        calls: segments().map(|segment| segment.calls.len() as u64).sum(),
        left_out: segments().fold(0, |sum, segment| sum.saturating_add(segment.left_out)),
        segments: chains.len() as u64,
        groups: recording.groups.clone(),
        spans: chains.iter().map(|chain| span(chain)).collect(),
    }
}

fn median(mut gaps: Vec<u64>) -> u64 {
    let middle = gaps.len() / 2;
    if gaps.is_empty() { 0 } else { *gaps.select_nth_unstable(middle).1 }
}
