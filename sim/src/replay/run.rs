//! Plays traffic on lock tables, event by event.

use super::change::{Change, Plan};
use super::figures::{Count, Meter};
use super::hold::{Ending, Step, cpu_times};
use super::pools::slot_name;
use super::traffic::{Group, Key, Leaving, Limits, Reaction, Request, Standing, Traffic, Wanted};
use crate::Invalid;
use crate::farm::Farm;
use crate::random::Chance;
use crate::units::{float, whole};
use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::num::NonZeroU32;
use poolcounter::protocol::{Acquire, Command, Mode, Response};
use poolcounter::route::slot_key;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};

/// The table's clock at moment 0: what stands at the beginning was asked for before.
const ORIGIN: u64 = 1 << 50;

const NEVER: u64 = u64::MAX;

/// Traffic with one setting for each group, on its way through virtual time.
///
/// It can be played in slices, as [`Simulation`](crate::Simulation).
#[derive(Debug)]
pub struct Run {
    traffic: Arc<Traffic>,
    seed: u32,
    changes: Vec<Option<Change>>,
    /// Only requests of this group are played.
    only: Option<u32>,
    /// The keys that the tables are asked for, where they are others than those of the recording.
    slot_keys: Vec<Option<Box<[u8]>>>,
    /// The CPU time of each work, if cores are shared.
    cpu: Option<Cores>,
    tables: Vec<Option<Table>>,
    /// The segments that have begun and not ended.
    active: Vec<u32>,
    next_world: usize,
    next_request: usize,
    /// The state of each request that has begun.
    states: Vec<State>,
    copies: Vec<Copy>,
    /// Whether each page has an old copy.
    pages: Vec<bool>,
    heap: BinaryHeap<Reverse<Event>>,
    sequence: u64,
    now: u64,
    meter: Meter,
    /// Of each group, see [`Figures::missing`](super::Figures::missing).
    missing: Vec<f64>,
    /// Durations that were drawn, and those of them that come from another group.
    drawn: u64,
    borrowed: u64,
    done: u64,
    total: u64,
    finished: bool,
}

#[derive(Debug)]
struct Cores {
    farm: Farm,
    times: Vec<f64>,
}

#[derive(Debug)]
struct Table {
    locks: LockTable,
    /// Which request a client belongs to.
    requests: Vec<u32>,
    open: u64,
}

/// What a key's cache has.
#[derive(Clone, Copy, Debug, Default)]
struct Copy {
    result: u32,
    since: u64,
}

/// A request, on its way.
#[derive(Clone, Copy, Debug)]
struct State {
    client: Option<ClientId>,
    phase: Phase,
    asked: u64,
    /// Whether it waits for an answer.
    waits: bool,
    /// Counts phases, so that an event of an earlier one is recognised.
    step: u32,
    /// The work that it does, as it was recorded.
    hold: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Ended,
    AskingAtOnce,
    Asking,
    AskingForMe,
    Working,
}

/// What comes next, in the order of its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: u64,
    rank: u64,
    sequence: u64,
    request: u32,
    step: u32,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    AsksAgain,
    AsksForMe,
    WorkEnds,
    Leaves,
    Releases,
    Sends,
}

/// What comes next, of all sources. At one moment, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    WaitEnds(u32),
    Heap(u64),
    Arrival(u64),
    JobEnds,
    WorldEnds(u32),
    // A segment may begin at the moment at which the one before it ends.
    WorldBegins,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    pub(super) meter: Meter,
    /// How many durations of work were drawn.
    pub drawn: u64,
    /// How many of them come from another group, because this one has none.
    pub borrowed: u64,
}

impl Run {
    /// At the beginning. `is_b`: whether the plan's changes are played, as in column B, or the recorded settings, as in column A.
    ///
    /// # Errors
    ///
    /// A change that the recordings do not allow.
    pub fn new(traffic: &Arc<Traffic>, plan: &Plan, is_b: bool) -> Result<Self, Invalid> {
        let resolved = plan.resolve(traffic)?;
        let changes: Vec<Option<Change>> =
            resolved.into_iter().map(|change| change.filter(|_| is_b).cloned()).collect();
        let state = State { client: None, phase: Phase::Ended, asked: 0, waits: false, step: 0, hold: 0 };
        let mut run = Self {
            seed: plan.seed,
            only: None,
            slot_keys: slot_keys(traffic, &changes),
            changes,
            cpu: plan
                .cores
                .map(|cores| Cores { farm: Farm::new(1, cores, u32::MAX, 0), times: cpu_times(&traffic.holds, cores) }),
            tables: (0..traffic.worlds.len()).map(|_| None).collect(),
            active: Vec::new(),
            next_world: 0,
            next_request: 0,
            states: alloc::vec![state; traffic.requests.len()],
            copies: alloc::vec![Copy::default(); traffic.keys.len()],
            pages: alloc::vec![false; traffic.pages as usize],
            heap: BinaryHeap::new(),
            sequence: 0,
            now: 0,
            meter: Meter::new(traffic.groups.len(), traffic.keys.len(), traffic.end),
            missing: alloc::vec![0.0; traffic.groups.len()],
            drawn: 0,
            borrowed: 0,
            done: 0,
            total: traffic.requests.len() as u64 + 1,
            finished: false,
            traffic: Arc::clone(traffic),
        };
        run.know_old_copies();
        Ok(run)
    }

    /// Without the requests of other groups; their recorded works are `steps`. Without cores, which all work shares, the group has the same figures then.
    pub(super) fn only(mut self, group: u32, steps: Arc<[Step]>) -> Self {
        self.only = Some(group);
        self.meter.beside(steps, group);
        self
    }

    /// A reader who did not ask again after fastStale's first question had an old copy. Who asked first decides what the page had at the beginning.
    fn know_old_copies(&mut self) {
        let traffic = Arc::clone(&self.traffic);
        let mut seen = alloc::vec![false; traffic.pages as usize];
        for request in traffic.requests.iter().filter(|request| request.at_once) {
            let page = traffic.keys[request.key as usize].page as usize;
            if request.after_not_free != Reaction::Unknown && !core::mem::replace(&mut seen[page], true) {
                self.pages[page] = request.after_not_free == Reaction::Content;
            }
        }
    }

    /// Plays as many events, at the most, and says how far it has come: from 0 to 1, which is the end.
    pub fn advance(&mut self, events: u32) -> f64 {
        for _ in 0..events {
            if self.finished {
                return 1.0;
            }
            self.step();
        }
        if self.finished { 1.0 } else { float(self.done.min(self.total - 1)) / float(self.total) }
    }

    /// Plays to the end.
    #[must_use]
    pub fn finish(mut self) -> RunOutcome {
        while self.advance(u32::MAX) < 1.0 {}
        self.outcome()
    }

    /// The result so far.
    #[must_use]
    pub fn outcome(&self) -> RunOutcome {
        let Self { missing, drawn, borrowed, .. } = self;
        let mut meter = self.meter.clone();
        meter.close();
        for (number, &missing) in missing.iter().enumerate() {
            if let Some(figures) = meter.figures_mut(number) {
                figures.missing = whole(libm::floor(missing));
                figures.stale.get_or_insert(0);
                figures.errors.get_or_insert(0);
            }
        }
        RunOutcome { meter, drawn: *drawn, borrowed: *borrowed }
    }

    fn step(&mut self) {
        let Some((at, source)) = self.next() else {
            self.finished = true;
            return;
        };
        self.now = at;
        let traffic = Arc::clone(&self.traffic);
        let world = match source {
            Source::WorldBegins => return self.begin_world(&traffic),
            Source::WorldEnds(world) => return self.end_world(&traffic, world),
            Source::WaitEnds(world) => {
                if let Some(table) = &mut self.tables[world as usize] {
                    table.locks.expire(clock(at));
                }
                world
            }
            Source::Heap(_) => {
                let Some(Reverse(event)) = self.heap.pop() else { return };
                self.happens(&traffic, event);
                traffic.requests[event.request as usize].world
            }
            Source::Arrival(_) => {
                let request = self.next_request;
                self.next_request += 1;
                self.done += 1;
                // What stands at the beginning of a segment is there already.
                if traffic.requests[request].standing.is_some() {
                    return;
                }
                self.arrive(&traffic, request);
                traffic.requests[request].world
            }
            Source::JobEnds => {
                let job = self.cpu.as_mut().and_then(|cores| cores.farm.end(0, at));
                let Some(request) = job else { return };
                self.work_ended(&traffic, request);
                traffic.requests[request].world
            }
        };
        self.tell(&traffic, world);
    }

    fn next(&self) -> Option<(u64, Source)> {
        let traffic = &self.traffic;
        let mut first = (NEVER, Source::WorldBegins);
        let mut offer = |at: u64, source: Source| first = first.min((at, source));
        if let Some(world) = traffic.worlds.get(self.next_world) {
            offer(world.begin, Source::WorldBegins);
        }
        for &world in &self.active {
            offer(traffic.worlds[world as usize].end, Source::WorldEnds(world));
            let deadline = self.tables[world as usize].as_ref().and_then(|table| table.locks.next_deadline());
            if let Some(deadline) = deadline {
                offer(deadline.as_micros().saturating_sub(ORIGIN), Source::WaitEnds(world));
            }
        }
        let event = self.heap.peek().map_or((NEVER, NEVER), |Reverse(event)| (event.at, event.rank));
        let has_begun = |request: &&Request| (request.world as usize) < self.next_world;
        let request = traffic.requests.get(self.next_request).filter(has_begun);
        let arrival = request.map_or((NEVER, NEVER), |request| (request.at, request.rank));
        // The order of recorded calls at one moment is kept.
        if event <= arrival {
            offer(event.0, Source::Heap(event.1));
        } else {
            offer(arrival.0, Source::Arrival(arrival.1));
        }
        if let Some(cores) = &self.cpu {
            offer(cores.farm.next().0, Source::JobEnds);
        }
        (first.0 < NEVER).then_some(first)
    }

    fn begin_world(&mut self, traffic: &Traffic) {
        let number = self.next_world;
        self.next_world += 1;
        // The seed of the hash decides nothing that can be seen.
        let locks = LockTable::new(HashSeed::new(0, 0), clock(0));
        self.tables[number] = Some(Table { locks, requests: Vec::new(), open: 0 });
        self.active.push(number_of(number));
        let mut standing: Vec<usize> = traffic.worlds[number].standing.clone().collect();
        // Waiters in the order in which they asked; holders come before them.
        standing.sort_by_key(|&request| match traffic.requests[request].standing {
            Some(Standing::Waiter { since, .. }) => Reverse(since),
            _ => Reverse(NEVER),
        });
        for request in standing {
            self.stand(traffic, request);
        }
    }

    fn stand(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        let now = self.now;
        if self.only.is_some_and(|only| only != key.group) {
            return;
        }
        self.meter.count(Count::Request, request.key, key, now);
        let (limits, since) = match request.standing {
            Some(Standing::Waiter { since, timed }) => {
                // It waits behind a holder, for as long as is left.
                let timeout = if timed { request.limits.timeout.max(1) } else { 1 };
                (Limits { workers: 1, maxqueue: u32::MAX, timeout }, since)
            }
            _ => (Limits { workers: u32::MAX, maxqueue: u32::MAX, timeout: 0 }, 0),
        };
        let since = since.min(ORIGIN);
        let asked = Timestamp::from_micros((ORIGIN + now).saturating_sub(since));
        let Some(table) = &mut self.tables[request.world as usize] else { return };
        let client = table.connect(number);
        let answer = table.ask(client, &key.name, request.mode, limits, asked);
        let state = &mut self.states[number];
        state.client = Some(client);
        state.asked = now.wrapping_sub(since);
        match answer {
            None => {
                (state.phase, state.waits) = (Phase::Asking, true);
                if matches!(request.standing, Some(Standing::Waiter { timed: false, .. })) {
                    table.locks.received(client, asked);
                }
                self.meter.wait_begins(key, now);
                self.leave_later(request, number, false);
            }
            // A holder; its lock was granted before.
            Some(_) => self.work(traffic, number),
        }
    }

    fn end_world(&mut self, traffic: &Traffic, world: u32) {
        self.active.retain(|&active| active != world);
        let Some(table) = self.tables[world as usize].take() else { return };
        if table.open == 0 {
            return;
        }
        for number in table.requests {
            let state = &mut self.states[number as usize];
            let request = &traffic.requests[number as usize];
            if state.phase == Phase::Ended || request.world != world {
                continue;
            }
            let key = &traffic.keys[request.key as usize];
            match state.phase {
                Phase::Working => self.meter.work_ends(key, self.now),
                _ if state.waits => self.meter.wait_is_cut(key, self.now),
                _ => {}
            }
            state.phase = Phase::Ended;
            state.step += 1;
            self.meter.count(Count::Unfinished, request.key, key, self.now);
        }
    }

    fn arrive(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        if self.only.is_some_and(|only| only != key.group) {
            return;
        }
        self.meter.count(Count::Request, request.key, key, self.now);
        let copy = self.copies[request.key as usize];
        let found = copy.result > request.wanted || copy.result == request.wanted && copy.since < request.looked;
        if request.mode == Mode::ForAnyone && found {
            return self.meter.count(Count::Found, request.key, key, self.now);
        }
        let Some(table) = &mut self.tables[request.world as usize] else { return };
        self.states[number].client = Some(table.connect(number));
        let phase = if self.asks_at_once(request, key) { Phase::AskingAtOnce } else { Phase::Asking };
        self.ask(traffic, number, phase);
    }

    fn asks_at_once(&self, request: &Request, key: &Key) -> bool {
        let change = self.changes[key.group as usize].as_ref();
        let fast_stale = change.and_then(|change| change.fast_stale).unwrap_or(request.at_once);
        let waits = request.limits.timeout > 0;
        fast_stale && (request.at_once || waits && request.mode == Mode::ForAnyone)
    }

    fn limits(&self, request: &Request, key: &Key) -> Limits {
        let recorded = request.limits;
        match &self.changes[key.group as usize] {
            Some(change) if change.none => Limits { workers: u32::MAX, maxqueue: u32::MAX, timeout: 0 },
            Some(change) => Limits {
                workers: change.workers.unwrap_or(recorded.workers),
                maxqueue: change.maxqueue.unwrap_or(recorded.maxqueue),
                // A request that never waits is not changed: its program does not want to.
                timeout: change.timeout.filter(|_| recorded.timeout > 0).unwrap_or(recorded.timeout),
            },
            None => recorded,
        }
    }

    fn ask(&mut self, traffic: &Traffic, number: usize, phase: Phase) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        let mut limits = self.limits(request, key);
        let mut mode = request.mode;
        match phase {
            Phase::AskingAtOnce => limits.timeout = 0,
            Phase::AskingForMe => mode = Mode::ForMe,
            _ => {}
        }
        let state = &mut self.states[number];
        (state.phase, state.asked) = (phase, self.now);
        state.step += 1;
        let Some(client) = state.client else { return };
        let name = self.slot_keys.get(request.key as usize).and_then(Option::as_deref).unwrap_or(&key.name);
        let world = request.world;
        let Some(table) = &mut self.tables[world as usize] else { return };
        if let Some(answer) = table.ask(client, name, mode, limits, clock(self.now)) {
            return self.told(traffic, number, &answer, false);
        }
        state.waits = true;
        self.meter.wait_begins(key, self.now);
        self.leave_later(request, number, phase == Phase::AskingForMe);
    }

    /// If the client ended its wait by itself in the recording, it does so after the same time.
    fn leave_later(&mut self, request: &Request, number: usize, retry: bool) {
        let state = self.states[number];
        let moment = |after: u64| state.asked.wrapping_add(after);
        if let Some(Leaving { after, rank, releases, .. }) = request.leaves.filter(|leaves| leaves.retry == retry) {
            let what = if releases { What::Releases } else { What::Leaves };
            self.later(moment(after), rank, number, what);
        }
        if let Some(after) = request.sends {
            self.later(moment(after), NEVER, number, What::Sends);
        }
    }

    fn later(&mut self, at: u64, rank: u64, number: usize, what: What) {
        self.sequence += 1;
        let (sequence, step) = (self.sequence, self.states[number].step);
        let at = at.max(self.now);
        self.heap.push(Reverse(Event { at, rank, sequence, request: number_of(number), step, what }));
    }

    fn happens(&mut self, traffic: &Traffic, event: Event) {
        let number = event.request as usize;
        let state = self.states[number];
        if state.step != event.step || state.phase == Phase::Ended {
            return;
        }
        match event.what {
            What::AsksAgain => self.ask(traffic, number, Phase::Asking),
            What::AsksForMe => self.ask(traffic, number, Phase::AskingForMe),
            What::WorkEnds => self.work_ended(traffic, number),
            What::Leaves | What::Releases | What::Sends => self.waiter_acts(traffic, number, event.what),
        }
    }

    /// A client that waits ends its wait, or sends something.
    fn waiter_acts(&mut self, traffic: &Traffic, number: usize, what: What) {
        let request = &traffic.requests[number];
        let (now, world) = (self.now, request.world);
        let state = self.states[number];
        let (Some(table), Some(client)) = (&mut self.tables[world as usize], state.client) else { return };
        table.locks.received(client, clock(now));
        // Others, and perhaps this client, are told first.
        self.tell(traffic, world);
        if what == What::Sends || self.states[number].step != state.step {
            return;
        }
        if let (What::Releases, Some(table)) = (what, &mut self.tables[world as usize]) {
            let _ = table.locks.command(client, Command::Release, clock(now));
        }
        self.states[number].waits = false;
        let key = &traffic.keys[request.key as usize];
        self.meter.wait_ends(request.key, key, now.wrapping_sub(state.asked), now);
        self.meter.count(Count::Left, request.key, key, now);
        self.end(traffic, number);
    }

    /// Passes on the messages of a table.
    fn tell(&mut self, traffic: &Traffic, world: u32) {
        while let Some((request, response)) = self.tables[world as usize].as_mut().and_then(Table::next_wakeup) {
            let state = &mut self.states[request as usize];
            state.waits = false;
            let state = *state;
            let of = &traffic.requests[request as usize];
            let key = &traffic.keys[of.key as usize];
            self.meter.wait_ends(of.key, key, self.now.wrapping_sub(state.asked), self.now);
            self.told(traffic, request as usize, &response, true);
        }
    }

    /// The pool's answer.
    fn told(&mut self, traffic: &Traffic, number: usize, response: &Response, waited: bool) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        let now = self.now;
        let state = &mut self.states[number];
        let phase = state.phase;
        state.step += 1;
        match response {
            Response::Locked => {
                self.meter.count(Count::Granted { after_wait: waited }, request.key, key, now);
                self.work(traffic, number);
            }
            Response::Done => {
                self.meter.count(Count::Done, request.key, key, now);
                self.after_done(traffic, number);
            }
            Response::Timeout if !waited => {
                let turned_away = phase != Phase::AskingAtOnce;
                self.meter.count(Count::NotFree { turned_away }, request.key, key, now);
                match phase {
                    Phase::AskingAtOnce => self.after_not_free(traffic, number),
                    // A program that never waits goes on without the lock.
                    _ if request.limits.timeout == 0 => self.end(traffic, number),
                    _ => self.fall_back(traffic, number),
                }
            }
            Response::Timeout => {
                self.meter.count(Count::TimedOut, request.key, key, now);
                self.fall_back(traffic, number);
            }
            Response::QueueFull => {
                self.meter.count(Count::Refused, request.key, key, now);
                self.fall_back(traffic, number);
            }
            // A line that cannot be answered was not recorded as a request.
            _ => self.end(traffic, number),
        }
    }

    fn after_done(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        let group = &traffic.groups[key.group as usize];
        let in_slots = self.slot_keys.get(request.key as usize).is_some_and(Option::is_some);
        let known = if in_slots { Reaction::Unknown } else { request.after_done };
        let again = match known {
            Reaction::Content => None,
            Reaction::Again { gap, rank } => Some((gap, rank)),
            Reaction::Unknown => {
                let fresh = self.copies[request.key as usize].result >= request.wanted;
                let unreadable = !fresh || self.is_unreadable(group, number);
                unreadable.then_some((group.retry_gap, NEVER))
            }
        };
        match again {
            Some((gap, rank)) => self.later(self.now + gap, rank, number, What::AsksForMe),
            None => self.end(traffic, number),
        }
    }

    /// Whether a copy cannot be read after `DONE`, as it happened to others of the group.
    fn is_unreadable(&self, group: &Group, number: usize) -> bool {
        // The second number of the request: the first draws its duration.
        let mut chance = self.chance(number);
        chance.share();
        group.retries > 0 && chance.share() * float(group.dones) <= float(group.retries)
    }

    fn after_not_free(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        let group = &traffic.groups[key.group as usize];
        match request.after_not_free {
            Reaction::Again { gap, rank } => self.later(self.now + gap, rank, number, What::AsksAgain),
            Reaction::Content if request.at_once => self.has_old_copy(traffic, number),
            _ if self.pages[key.page as usize] => self.has_old_copy(traffic, number),
            _ => self.later(self.now + group.pair_gap, NEVER, number, What::AsksAgain),
        }
    }

    fn has_old_copy(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        self.meter.count(Count::Stale, request.key, &traffic.keys[request.key as usize], self.now);
        self.end(traffic, number);
    }

    /// After `QUEUE_FULL` and `TIMEOUT`.
    fn fall_back(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        let fresh = self.copies[request.key as usize].result >= request.wanted && request.mode == Mode::ForAnyone;
        if self.pages[key.page as usize] && !fresh && request.mode == Mode::ForAnyone {
            return self.has_old_copy(traffic, number);
        }
        if !fresh {
            self.meter.count(Count::Error, request.key, key, self.now);
        }
        self.end(traffic, number);
    }

    /// A request has got the lock.
    fn work(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        let key = &traffic.keys[request.key as usize];
        let now = self.now;
        self.meter.work_begins(key, now);
        let own = request.hold.map(|hold| (hold, traffic.holds[hold as usize]));
        let (work, rank) = match own {
            Some((hold, of)) if of.ending != Ending::Open => {
                (Some((hold, of)), if of.begin == now { of.rank } else { NEVER })
            }
            // It had not ended when the segment ended, and uses cores until then.
            Some((hold, of)) if of.begin == now => (self.cpu.is_some().then_some((hold, of)), NEVER),
            _ => {
                let least = own.map_or(0, |(_, of)| of.length());
                self.drawn += 1;
                self.borrowed += u64::from(traffic.samples.knows_nothing_of(key.group));
                let mut chance = self.chance(number);
                let drawn = traffic.samples.draw(&traffic.holds, request.key, key.group, least, &mut chance);
                (drawn.map(|hold| (hold, traffic.holds[hold as usize])), NEVER)
            }
        };
        let state = &mut self.states[number];
        state.phase = Phase::Working;
        // Without any work to draw from it does not end.
        let Some((hold, of)) = work else { return };
        state.hold = hold;
        // What a holder at the beginning has done already is not done again.
        let spent = if request.standing == Some(Standing::Holder) { of.before } else { 0 };
        match &mut self.cpu {
            Some(cores) => {
                let before = float(of.before - spent);
                cores.farm.start(0, number, cores.times[hold as usize] + before, now);
            }
            None => self.later(now.saturating_add(of.length() - spent), rank, number, What::WorkEnds),
        }
    }

    fn work_ended(&mut self, traffic: &Traffic, number: usize) {
        let request = &traffic.requests[number];
        let (now, state) = (self.now, self.states[number]);
        if state.phase != Phase::Working || traffic.holds[state.hold as usize].ending == Ending::Open {
            return;
        }
        let key = &traffic.keys[request.key as usize];
        self.meter.work_ends(key, now);
        let world = request.world;
        if traffic.holds[state.hold as usize].ending == Ending::Died {
            self.meter.count(Count::Died, request.key, key, now);
            return self.end(traffic, number);
        }
        let for_anyone = request.mode == Mode::ForAnyone;
        let copy = &mut self.copies[request.key as usize];
        let repeated = for_anyone && copy.result >= request.wanted;
        if for_anyone && copy.result < request.wanted {
            *copy = Copy { result: request.wanted, since: now };
            self.missing[key.group as usize] += missing(traffic, request, now);
        }
        if for_anyone {
            self.pages[key.page as usize] = true;
        }
        self.meter.count(Count::Work { repeated }, request.key, key, now);
        if let (Some(table), Some(client)) = (&mut self.tables[world as usize], state.client) {
            table.locks.received(client, clock(now));
            let _ = table.locks.command(client, Command::Release, clock(now));
        }
        self.end(traffic, number);
    }

    /// A request has ended; its client leaves.
    fn end(&mut self, traffic: &Traffic, number: usize) {
        let state = &mut self.states[number];
        state.phase = Phase::Ended;
        state.step += 1;
        let world = traffic.requests[number].world;
        if let (Some(client), Some(table)) = (state.client.take(), &mut self.tables[world as usize]) {
            table.disconnect(client, clock(self.now));
        }
    }

    /// The chance of a request is the same in every run.
    fn chance(&self, number: usize) -> Chance {
        Chance::new(self.seed, number_of(number))
    }
}

impl Table {
    fn connect(&mut self, request: usize) -> ClientId {
        let client = self.locks.connect();
        if self.requests.len() <= client.index() {
            self.requests.resize(client.index() + 1, 0);
        }
        self.requests[client.index()] = number_of(request);
        self.open += 1;
        client
    }

    fn disconnect(&mut self, client: ClientId, now: Timestamp) {
        self.open = self.open.saturating_sub(1);
        self.locks.disconnect(client, now);
    }

    fn ask(&mut self, client: ClientId, key: &[u8], mode: Mode, limits: Limits, now: Timestamp) -> Option<Response> {
        let Limits { workers, maxqueue, timeout } = limits;
        self.locks.received(client, now);
        let Some(acquire) = Acquire::new(mode, key, workers, maxqueue, timeout) else {
            return Some(Response::BadSyntax);
        };
        self.locks.command(client, Command::Acquire(acquire), now)
    }

    fn next_wakeup(&mut self) -> Option<(u32, Response)> {
        let wakeup = self.locks.next_wakeup()?;
        Some((self.requests[wakeup.client.index()], wakeup.response))
    }
}

fn slot_keys(traffic: &Traffic, changes: &[Option<Change>]) -> Vec<Option<Box<[u8]>>> {
    let slots = |group: u32| {
        let slots = changes.get(group as usize)?.as_ref()?.slots?;
        NonZeroU32::new(slots)
    };
    if (0..number_of(changes.len())).all(|group| slots(group).is_none()) {
        return Vec::new();
    }
    let names: Vec<String> = traffic.groups.iter().map(|group| slot_name(&group.name)).collect();
    let key = |key: &Key| {
        let slots = slots(key.group)?;
        Some(slot_key(&names[key.group as usize], &key.name, slots).into_bytes().into())
    };
    traffic.keys.iter().map(key).collect()
}

/// How many readers asked between the moment at which this result was stored in the recording and now: as many a second as before. They are not in the recording.
fn missing(traffic: &Traffic, request: &Request, now: u64) -> f64 {
    let wanted = request.result.and_then(|result| traffic.results.get(result as usize));
    let Some(&Wanted { first_request, requests, stored: Some(stored) }) = wanted else { return 0.0 };
    let before = stored.saturating_sub(first_request).max(1);
    // The first request begins the time, and is no measure of it.
    float(requests.saturating_sub(1)) * float(now.saturating_sub(stored)) / float(before)
}

fn clock(now: u64) -> Timestamp {
    Timestamp::from_micros(ORIGIN + now)
}

/// There are fewer than 2^32 requests, keys and segments, because a file has fewer bytes.
fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
