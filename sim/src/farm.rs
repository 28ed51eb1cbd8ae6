//! The web servers: cores that are shared, and workers that are not.

use crate::units::{float, whole};
use alloc::collections::{BinaryHeap, VecDeque};
use alloc::vec::Vec;
use core::cmp::Reverse;

/// No job ends.
const NEVER: u64 = u64::MAX;

/// The key of a request in the simulation.
pub(crate) type Key = usize;

/// All servers.
#[derive(Debug)]
pub(crate) struct Farm {
    servers: Vec<Server>,
    /// When each server's next job ends, side by side: all of them are looked at for every event.
    due: Vec<u64>,
    busy: u64,
    backlog: u64,
    cores: u32,
    /// How many may wait on each server.
    room: usize,
}

/// One server. Its cores are shared evenly: of more jobs than cores each runs slower.
#[derive(Debug)]
struct Server {
    jobs: BinaryHeap<Reverse<Job>>,
    /// CPU time in microseconds that each job has had since the server was last idle.
    given: f64,
    /// When `given` was true.
    since: u64,
    sequence: u64,
    idle_workers: u32,
    backlog: VecDeque<Key>,
}

/// Ordered by its end; of equal ends the first to begin comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Job {
    /// The `given` at which it ends: the bits of a float that is not negative are in its order.
    end: u64,
    sequence: u64,
    request: Key,
}

/// How a server takes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// A web worker takes it.
    Served,
    /// It waits for one.
    Queued,
    /// It is turned away.
    Refused,
}

impl Farm {
    pub(crate) fn new(servers: u32, cores: u32, workers: u32, backlog: u32) -> Self {
        let server = || Server {
            jobs: BinaryHeap::new(),
            given: 0.0,
            since: 0,
            sequence: 0,
            idle_workers: workers,
            backlog: VecDeque::new(),
        };
        let servers: Vec<_> = (0..servers).map(|_| server()).collect();
        let due = servers.iter().map(|_| NEVER).collect();
        Self { servers, due, busy: 0, backlog: 0, cores, room: backlog as usize }
    }

    /// How many cores are busy.
    pub(crate) fn busy(&self) -> u64 {
        self.busy
    }

    /// How many requests wait for a web worker.
    pub(crate) fn backlog(&self) -> u64 {
        self.backlog
    }

    /// When the next job ends, and on which server.
    pub(crate) fn next(&self) -> (u64, usize) {
        let soonest = self.due.iter().copied().min().unwrap_or(NEVER);
        (soonest, self.due.iter().position(|&due| due == soonest).unwrap_or(0))
    }

    /// A request comes.
    pub(crate) fn admit(&mut self, server: usize, request: Key) -> Admission {
        let room = self.room;
        let server = &mut self.servers[server];
        if server.idle_workers > 0 {
            server.idle_workers -= 1;
            return Admission::Served;
        }
        if server.backlog.len() >= room {
            return Admission::Refused;
        }
        server.backlog.push_back(request);
        self.backlog += 1;
        Admission::Queued
    }

    /// A web worker is free: it takes the request that waits longest, or is idle.
    pub(crate) fn next_in_backlog(&mut self, server: usize) -> Option<Key> {
        let server = &mut self.servers[server];
        let next = server.backlog.pop_front();
        match next {
            Some(_) => self.backlog -= 1,
            None => server.idle_workers += 1,
        }
        next
    }

    /// A request needs this much CPU time, in microseconds.
    pub(crate) fn start(&mut self, server: usize, request: Key, work: f64, now: u64) {
        self.change(server, now, |server| {
            let end = (server.given + work).to_bits();
            server.sequence += 1;
            server.jobs.push(Reverse(Job { end, sequence: server.sequence, request }));
        });
    }

    /// The job of [`next`](Self::next) ends.
    pub(crate) fn end(&mut self, server: usize, now: u64) -> Option<Key> {
        self.change(server, now, |server| {
            let Reverse(job) = server.jobs.pop()?;
            // The moment was rounded to a microsecond.
            server.given = server.given.max(f64::from_bits(job.end));
            Some(job.request)
        })
    }

    fn change<T>(&mut self, index: usize, now: u64, act: impl FnOnce(&mut Server) -> T) -> T {
        let server = &mut self.servers[index];
        self.busy -= server.busy(self.cores);
        server.run_until(now, self.cores);
        let result = act(server);
        self.busy += server.busy(self.cores);
        self.due[index] = server.due(self.cores);
        result
    }
}

impl Server {
    fn busy(&self, cores: u32) -> u64 {
        self.jobs.len().min(cores as usize) as u64
    }

    /// Which share of a core each job has.
    fn speed(&self, cores: u32) -> f64 {
        let jobs = float(self.jobs.len() as u64);
        if jobs > f64::from(cores) { f64::from(cores) / jobs } else { 1.0 }
    }

    fn run_until(&mut self, now: u64, cores: u32) {
        let passed = float(now - self.since);
        // An idle server starts from zero again, so that a long day loses no precision.
        self.given = if self.jobs.is_empty() { 0.0 } else { self.given + passed * self.speed(cores) };
        self.since = now;
    }

    fn due(&self, cores: u32) -> u64 {
        let Some(Reverse(job)) = self.jobs.peek() else {
            return NEVER;
        };
        let left = (f64::from_bits(job.end) - self.given).max(0.0);
        self.since + whole(left / self.speed(cores))
    }
}
