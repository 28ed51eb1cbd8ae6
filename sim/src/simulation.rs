//! What happens, event by event.

use crate::Invalid;
use crate::farm::{Admission, Farm, Key};
use crate::meter::{Ending, Meter};
use crate::outcome::Outcome;
use crate::pages::{Copy, Pages, Revision};
use crate::pool::{Pool, PoolRequest};
use crate::scenario::Scenario;
use crate::setting::{Mode, Setting};
use crate::traffic::{self, Arrival, Arrivals, Edit, Edits};
use crate::units::{float, micros};
use alloc::vec::Vec;
use core::iter::Peekable;
use poolcounter::ClientId;
use poolcounter::protocol::Response;
use slab::Slab;

#[cfg(test)]
mod tests;

/// One scenario with one setting, on its way through virtual time.
///
/// ```
/// use poolcounter_sim::{Preset, Setting, Simulation};
///
/// let mut simulation = Simulation::new(&Preset::SlowParse.scenario(), &Setting::default())?;
/// // In slices, so that progress can be shown in between. To stop early, drop it.
/// while simulation.advance(20_000) < 1.0 {}
/// assert!(simulation.outcome().totals.parses > 0);
/// # Ok::<(), poolcounter_sim::Invalid>(())
/// ```
#[derive(Debug)]
pub struct Simulation {
    scenario: Scenario,
    setting: Setting,
    arrivals: Peekable<Arrivals>,
    edits: Peekable<Edits>,
    farm: Farm,
    pages: Pages,
    pool: Pool,
    requests: Slab<Request>,
    meter: Meter,
    now: u64,
    end: u64,
    patience: u64,
    unfinished: Option<u64>,
}

/// A request that has no answer yet.
#[derive(Debug)]
struct Request {
    arrival: Arrival,
    /// The newest revision when the cache was asked.
    wanted: Revision,
    phase: Phase,
    client: Option<ClientId>,
    missed: bool,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for a web worker, or the worker has not come to the cache yet.
    Beginning,
    /// It asks the pool, not to wait.
    AskingAtOnce,
    /// It asks the pool, or waits there.
    Asking,
    /// It parses; true: it will die halfway.
    Parsing(bool),
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    QueueFull,
    Timeout,
    Crashed,
    Refused,
    GaveUp,
}

/// What comes next. At one moment, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    WaitEnds,
    Edit,
    JobEnds(usize),
    Arrival,
}

impl Simulation {
    /// At the beginning.
    ///
    /// # Errors
    ///
    /// The first field that is out of bounds.
    pub fn new(scenario: &Scenario, setting: &Setting) -> Result<Self, Invalid> {
        scenario.check()?;
        setting.check()?;
        let Scenario { servers, cores, web_workers, backlog, .. } = *scenario;
        let end = u64::from(scenario.duration) * 1_000_000;
        Ok(Self {
            arrivals: Arrivals::new(scenario).peekable(),
            edits: Edits::new(scenario).peekable(),
            farm: Farm::new(servers, cores, web_workers, backlog),
            pages: Pages::new(scenario),
            pool: Pool::new(setting),
            requests: Slab::new(),
            meter: Meter::new(end, u64::from(servers) * u64::from(cores)),
            now: 0,
            end,
            patience: micros(scenario.patience),
            unfinished: None,
            scenario: scenario.clone(),
            setting: setting.clone(),
        })
    }

    /// The same, and the pool's calls are recorded, as a daemon would record them.
    ///
    /// ```
    /// use poolcounter::recording::{Recording, verify};
    /// use poolcounter_sim::{Comparison, Preset, Simulation};
    ///
    /// let lab = Comparison::of(Preset::SlowParse).with("duration", "60")?;
    /// let mut simulation = Simulation::new(&lab.scenario, &lab.b)?.recorded();
    /// while simulation.advance(20_000) < 1.0 {}
    /// let recording = Recording::read(&simulation.end_recording())?;
    /// assert_eq!(verify(&recording)?.differences, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.pool.record(self.now);
        self
    }

    /// The recording so far, as a file. Nothing more is recorded then.
    #[must_use]
    pub fn end_recording(&mut self) -> Vec<u8> {
        self.pool.end_recording()
    }

    /// Plays as many events, at the most, and says how far it has come: from 0 to 1, which is the end.
    pub fn advance(&mut self, events: u32) -> f64 {
        for _ in 0..events {
            if self.unfinished.is_some() {
                return 1.0;
            }
            self.step();
        }
        if self.unfinished.is_some() { 1.0 } else { float(self.now) / float(self.end + 1) }
    }

    /// The result so far.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.meter.outcome(self.unfinished.unwrap_or(self.requests.len() as u64))
    }

    /// Plays to the end.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        while self.advance(u32::MAX) < 1.0 {}
        self.outcome()
    }

    fn step(&mut self) {
        let (at, event) = self.next();
        if at > self.end {
            return self.close();
        }
        self.now = at;
        self.meter.advance(at);
        match event {
            Event::WaitEnds => self.pool.expire(at),
            Event::Edit => self.edit(),
            Event::JobEnds(server) => self.job_ended(server),
            Event::Arrival => self.arrive(),
        }
        while let Some((request, response)) = self.pool.next_wakeup() {
            self.meter.levels.waiting -= 1;
            self.told(request, &response);
        }
        self.meter.levels.busy = self.farm.busy();
        self.meter.levels.backlog = self.farm.backlog();
        self.meter.note_peaks();
        self.pool.record_on(at);
    }

    fn next(&mut self) -> (u64, Event) {
        let never = u64::MAX;
        let (job, server) = self.farm.next();
        let events = [
            (self.pool.next_deadline().unwrap_or(never), Event::WaitEnds),
            (self.edits.peek().map_or(never, |edit| edit.at), Event::Edit),
            (job, Event::JobEnds(server)),
            (self.arrivals.peek().map_or(never, |arrival| arrival.at), Event::Arrival),
        ];
        events.into_iter().min().unwrap_or((never, Event::Arrival))
    }

    /// The end: readers whose patience is over by now got no page.
    fn close(&mut self) {
        self.now = self.end;
        self.meter.advance(self.end);
        let mut unfinished = 0;
        for (_, request) in core::mem::take(&mut self.requests) {
            match request {
                late if self.is_late(&late) => self.count_late(&late),
                _ => unfinished += 1,
            }
        }
        self.unfinished = Some(unfinished);
    }

    fn edit(&mut self) {
        if let Some(Edit { page, .. }) = self.edits.next() {
            self.pages.edit(page);
        }
    }

    fn arrive(&mut self) {
        let Some(arrival) = self.arrivals.next() else { return };
        self.meter.count_request();
        let request = Request { arrival, wanted: 0, phase: Phase::Beginning, client: None, missed: false };
        let key = self.requests.insert(request);
        match self.farm.admit(arrival.server as usize, key) {
            Admission::Served => self.begin(key),
            Admission::Queued => {}
            Admission::Refused => {
                let request = self.requests.remove(key);
                self.count_error(&request, Trouble::Refused);
            }
        }
    }

    /// A web worker takes a request.
    fn begin(&mut self, key: Key) {
        self.work(key, self.scenario.request_cpu * 1_000_000.0);
    }

    fn work(&mut self, key: Key, cpu: f64) {
        let server = self.requests[key].arrival.server as usize;
        self.farm.start(server, key, cpu, self.now);
    }

    fn job_ended(&mut self, server: usize) {
        let Some(key) = self.farm.end(server, self.now) else { return };
        match self.requests[key].phase {
            Phase::Parsing(crashes) => self.parsed(key, crashes),
            _ => self.look_into_cache(key),
        }
    }

    fn look_into_cache(&mut self, key: Key) {
        let request = &mut self.requests[key];
        let page = request.arrival.page;
        request.wanted = self.pages.newest(page);
        if self.pages.copy(page, request.wanted) == Copy::Fresh {
            self.meter.totals.hits += 1;
            return self.answer(key, Ending::Fresh);
        }
        request.missed = true;
        match self.setting.mode {
            Mode::None => self.parse(key),
            mode => {
                request.client = Some(self.pool.connect(key));
                let at_once = self.setting.fast_stale && mode == Mode::ForAnyone;
                self.ask(key, mode, at_once);
            }
        }
    }

    /// Asks the pool for its turn.
    fn ask(&mut self, key: Key, mode: Mode, at_once: bool) {
        let request = &mut self.requests[key];
        request.phase = if at_once { Phase::AskingAtOnce } else { Phase::Asking };
        let pool_request = PoolRequest { page: request.arrival.page, revision: request.wanted, mode, at_once };
        let Some(client) = request.client else { return };
        match self.pool.acquire(client, pool_request, self.now) {
            Some(response) => self.told(key, &response),
            None => self.meter.levels.waiting += 1,
        }
    }

    /// The pool's answer. MediaWiki decides what follows.
    fn told(&mut self, key: Key, response: &Response) {
        let Request { phase, wanted, arrival, .. } = self.requests[key];
        let copy = self.pages.copy(arrival.page, wanted);
        match response {
            Response::Done if copy == Copy::Fresh => self.answer(key, Ending::Fresh),
            // Another request did the work, but the copy cannot be read: this one does the work itself.
            Response::Done => self.ask(key, Mode::ForMe, false),
            Response::Timeout if phase == Phase::AskingAtOnce && copy == Copy::None => {
                self.ask(key, Mode::ForAnyone, false);
            }
            Response::Timeout => self.fall_back(key, copy, Trouble::Timeout),
            Response::QueueFull => self.fall_back(key, copy, Trouble::QueueFull),
            // LOCKED; and whatever goes wrong, the work is done.
            _ => self.parse(key),
        }
    }

    fn fall_back(&mut self, key: Key, copy: Copy, trouble: Trouble) {
        match copy {
            Copy::Fresh => self.answer(key, Ending::Fresh),
            Copy::Old => self.answer(key, Ending::Stale),
            Copy::None => self.fail(key, trouble),
        }
    }

    fn parse(&mut self, key: Key) {
        let Arrival { number, page, .. } = self.requests[key].arrival;
        let parse = traffic::parse(&self.scenario, number, page);
        self.requests[key].phase = Phase::Parsing(parse.crashes);
        self.meter.levels.parses += 1;
        self.work(key, if parse.crashes { parse.cpu / 2.0 } else { parse.cpu });
    }

    fn parsed(&mut self, key: Key, crashes: bool) {
        self.meter.levels.parses -= 1;
        if crashes {
            self.meter.totals.crashes += 1;
            return self.fail(key, Trouble::Crashed);
        }
        let Request { wanted, arrival, client, .. } = self.requests[key];
        self.meter.totals.parses += 1;
        if self.pages.copy(arrival.page, wanted) == Copy::Fresh {
            self.meter.totals.repeated_parses += 1;
        }
        self.pages.store(arrival.page, wanted);
        if let Some(client) = client {
            // RELEASED, and nobody reads it.
            let _ = self.pool.release(client, self.now);
        }
        self.answer(key, Ending::Fresh);
    }

    fn fail(&mut self, key: Key, trouble: Trouble) {
        let request = self.leave(key);
        if self.is_late(&request) {
            self.count_late(&request);
        } else {
            self.count_error(&request, trouble);
            self.meter.count_wait(self.now - request.arrival.at, request.missed);
        }
        self.next_in_backlog(request.arrival.server as usize);
    }

    fn answer(&mut self, key: Key, ending: Ending) {
        let request = self.leave(key);
        if self.is_late(&request) {
            self.count_late(&request);
        } else {
            self.meter.count_ending(ending);
            self.meter.count_wait(self.now - request.arrival.at, request.missed);
        }
        self.next_in_backlog(request.arrival.server as usize);
    }

    fn leave(&mut self, key: Key) -> Request {
        let request = self.requests.remove(key);
        if let Some(client) = request.client {
            self.pool.disconnect(client, self.now);
        }
        request
    }

    /// A web worker is free. Requests whose reader has given up are skipped.
    fn next_in_backlog(&mut self, server: usize) {
        while let Some(key) = self.farm.next_in_backlog(server) {
            if !self.is_late(&self.requests[key]) {
                return self.begin(key);
            }
            let request = self.requests.remove(key);
            self.count_late(&request);
        }
    }

    /// Whether its reader has given up.
    fn is_late(&self, request: &Request) -> bool {
        self.now - request.arrival.at > self.patience
    }

    fn count_late(&mut self, request: &Request) {
        self.count_error(request, Trouble::GaveUp);
        self.meter.count_wait(self.patience, request.missed);
    }

    fn count_error(&mut self, request: &Request, trouble: Trouble) {
        let by = &mut self.meter.totals.errors_by;
        *match trouble {
            Trouble::QueueFull => &mut by.queue_full,
            Trouble::Timeout => &mut by.timeout,
            Trouble::Crashed => &mut by.crashed,
            Trouble::Refused => &mut by.refused,
            Trouble::GaveUp => &mut by.gave_up,
        } += 1;
        self.meter.totals.crawler_errors += u64::from(request.arrival.is_crawler(&self.scenario));
        self.meter.count_ending(Ending::Error);
    }
}
