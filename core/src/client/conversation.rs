//! A call, from one event to the next step.

use super::call::{AcquireOutcome, Call, Kind, Lock, Outcome, ReleaseOutcome, State, Step};
use super::link::{Link, OutOfStep, printable};
use super::name::Naming;
use super::race::{Heat, Race};
use super::settings::Patience;
use super::standing::Verdict;
use super::{Client, ClientNumber, Endpoint, Failure, LinkId, LockNumber, RELEASE, Target};
use crate::Timestamp;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;

/// How long to wait before a connection is tried a second time, in microseconds; as MediaWiki's client does.
const BETWEEN_TRIES: u64 = 1_000;

/// The host of a server must acknowledge an acquire within this time, in microseconds, if the connection was used before and holds no lock. If the daemon is only busy
/// or frozen, its kernel acknowledges.
const ACKNOWLEDGED_WITHIN: u64 = 1_000_000;

/// How long a driver may take to check whether bytes are acknowledged, in microseconds.
const CHECKED_WITHIN: u64 = 400_000;

/// The question to a server that was silent. It takes no lock.
const PROBE: &[u8] = b"STATS UPTIME\n";

/// How long the answer to it may take, in microseconds.
const PROBE_TIMEOUT: u64 = 1_000_000;

/// How often a call checks whether another one has found the addresses of a name, in microseconds.
const NAME_POLL: u64 = 5_000;

/// The system's text for a time-out. A failure with this text means that the server is silent, every other one that it refuses.
pub(crate) const TIMED_OUT: &str = "Connection timed out";

impl<S> Client<S> {
    /// Returns what `call` needs next.
    pub fn step<'a>(&'a mut self, call: &'a mut Call, now: Timestamp) -> Step<'a, S> {
        if call.client != self.number {
            return Step::Finished(Err(Failure::NoSuchCall));
        }
        while self.advance(call, now) {}
        let index = call.server;
        let place = call.state.link().and_then(|id| self.links.iter().position(|link| link.id == id));
        if let Some(place) = place {
            let socket = &mut self.links[place].socket;
            let deadline = call.answer_by;
            return match call.state {
                State::CatchingUp { by, .. } => Step::Receive { socket, deadline: by },
                State::Checking { by, .. } => Step::Acknowledged { index, socket, deadline: by },
                State::Sending { .. } if call.probing => Step::Send { socket, bytes: PROBE, deadline },
                State::Sending { .. } => Step::Send { socket, bytes: &call.command, deadline },
                _ => Step::Receive { socket, deadline: call.acknowledged_by.map_or(deadline, |by| by.min(deadline)) },
            };
        }
        if !matches!(call.state, State::Naming { .. } | State::Connecting { .. } | State::Pausing { .. }) {
            return Step::Finished(match mem::replace(&mut call.state, State::Over) {
                State::Finished(result) => result,
                // Its connection was closed by `close` or `abandon_all`.
                _ => self.without_answer(call, self.broken(call, "the connection was closed")),
            });
        }
        let server = &self.settings.servers[index];
        match &call.state {
            State::Naming { asks, .. } => match server.target().host() {
                Some(host) if *asks => Step::LookUp { index, host },
                _ => Step::Pause { until: within_call(call, now.after_micros(NAME_POLL)) },
            },
            State::Connecting { race, .. } => {
                let attempt = race.begun();
                let endpoint = match (race.heat(now), server.target()) {
                    (Heat::Begin(Some(ip)), Target::Host { port, .. }) => Endpoint::Address { ip, port: *port },
                    (Heat::Begin(None), Target::Unix(path)) => Endpoint::Unix(path),
                    (Heat::Wait(until), _) => return Step::AwaitConnection { until: within_call(call, until) },
                    // `advance` has handled the others.
                    _ => return Step::AwaitConnection { until: now },
                };
                Step::Connect { index, server, endpoint, attempt }
            }
            State::Pausing { until } => Step::Pause { until: within_call(call, *until) },
            // The others are handled above.
            _ => Step::Pause { until: now },
        }
    }

    /// The driver looks up the name that [`Step::LookUp`] asked for; it will say [`looked_up`](Self::looked_up).
    pub fn looking_up(&mut self, call: &mut Call) {
        if let State::Naming { asks, .. } = &mut call.state {
            *asks = false;
        }
    }

    /// A look-up of the name of this server has ended, with its addresses, or with the system's text. It serves all calls of all clients that share
    /// their [`Knowledge`](super::Knowledge).
    pub fn looked_up(&mut self, index: usize, found: Result<Vec<String>, String>, now: Timestamp) {
        if let Some(Some(name)) = self.names.get(index) {
            name.with(|name| name.looked_up(found, now));
        }
    }

    /// The attempt that [`Step::Connect`] asked for is under way.
    pub fn connecting(&mut self, call: &mut Call, now: Timestamp) {
        if let State::Connecting { race, .. } = &mut call.state {
            race.begin(now);
        }
    }

    /// One of the attempts has succeeded.
    pub fn connected(&mut self, call: &mut Call, socket: S, now: Timestamp) {
        let (State::Connecting { .. }, true) = (&call.state, call.client == self.number) else { return };
        let id = self.next_link;
        self.next_link += 1;
        self.links.push(Link::new(id, call.server, socket, now));
        call.reused = false;
        self.converse(call, id, now);
    }

    /// One of the attempts has failed; `cause` is the system's text.
    pub fn connect_failed(&mut self, call: &mut Call, cause: &str) {
        if let State::Connecting { race, .. } = &mut call.state {
            race.fail(cause);
        }
    }

    /// All the bytes that [`Step::Send`] gave are sent.
    pub fn sent(&mut self, call: &mut Call, now: Timestamp) {
        let (State::Sending { link: id }, true) = (&call.state, call.client == self.number) else { return };
        let id = *id;
        let Some(link) = find(&mut self.links, id) else { return };
        // Over a shared connection another release may have freed the lock: then the answer is not known beforehand.
        if call.kind != Kind::Release || self.settings.await_release || !link.holds() {
            let matters = call.kind == Kind::Acquire && call.reused && !link.holds();
            call.acknowledged_by = matters.then(|| now.after_micros(ACKNOWLEDGED_WITHIN));
            call.state = State::Receiving { link: id };
            return;
        }
        link.unanswered += 1;
        link.released_newest();
        if self.owes_a_release(id) {
            self.converse(call, id, now);
        } else {
            self.finish(call, id, Ok(Outcome::Release(ReleaseOutcome::Released)), now);
        }
    }

    /// The result of [`Step::Acknowledged`].
    pub fn acknowledged(&mut self, call: &mut Call, acknowledged: bool, now: Timestamp) {
        let (&State::Checking { link, .. }, true) = (&call.state, call.client == self.number) else { return };
        if acknowledged {
            call.acknowledged_by = None;
            call.state = State::Receiving { link };
        } else {
            // The server did not get the command, or frees the lock when it finds the connection closed. The next server gets the whole time.
            self.drop_link(link);
            call.deadline = None;
            self.silent(call, now);
            let failure = self.broken(call, TIMED_OUT);
            give_server_up(call, failure);
        }
    }

    /// Bytes that were received for [`Step::Receive`]; an empty slice at the end of the stream.
    pub fn received(&mut self, call: &mut Call, bytes: &[u8], now: Timestamp) {
        let client = self.number;
        let (Some(id), true) = (call.state.link(), !bytes.is_empty()) else {
            return self.failed(call, "the server closed the connection", now);
        };
        let Some(link) = find(&mut self.links, id).filter(|_| call.client == client) else { return };
        self.standings[link.server].with(|standing| standing.answered(now));
        let number = self.next_lock;
        let understood = link.receive(bytes, now).and_then(|()| match call.state {
            State::CatchingUp { .. } => Ok(link.catch_up()?.then_some(Reply::Continue)),
            _ if call.probing => link.probe_answered().map(|answered| answered.then_some(Reply::Continue)),
            _ => Ok(understand(link, call.kind, client, number)?.map(Reply::Answer)),
        });
        match understood {
            Ok(None) => {}
            Ok(Some(Reply::Continue)) => {
                call.probing = false;
                self.begin_sending(call, id, now);
            }
            Ok(Some(Reply::Answer(result))) => self.answered(call, id, result, now),
            Err(OutOfStep(said)) => {
                // A second attempt could go wrong in the same way, after the lock was granted.
                self.drop_link(id);
                let failure = self.broken(call, &format!("it said `{said}`"));
                self.end(call, failure);
            }
        }
    }

    /// Sending or receiving failed; `cause` is the system's text. The connection is dropped. One that was reused is replaced once.
    pub fn failed(&mut self, call: &mut Call, cause: &str, now: Timestamp) {
        let (Some(id), true) = (call.state.link(), call.client == self.number) else { return };
        let has_answered = find(&mut self.links, id).is_some_and(|link| link.heard.is_some());
        let failure = self.broken(call, cause);
        self.drop_link(id);
        if call.kind == Kind::Release {
            self.end(call, failure);
        } else if cause == TIMED_OUT {
            self.silent(call, now);
            give_server_up(call, failure);
        } else if mem::take(&mut call.reused) {
            self.connect(call, false, now);
        } else if has_answered {
            self.end(call, failure);
        } else {
            // It closes new connections: it has too many clients, or is stopping.
            self.refused(call, now);
            give_server_up(call, failure);
        }
    }

    /// Advances the call by one state if that needs no event. True if it may be called again.
    fn advance(&mut self, call: &mut Call, now: Timestamp) -> bool {
        match &call.state {
            State::Choosing => self.choose(call, now),
            State::Releasing { link, lock } => self.begin_release(call, *link, *lock, now),
            State::Naming { .. } | State::Connecting { .. } | State::Pausing { .. }
                if call.deadline.is_some_and(|deadline| now >= deadline) =>
            {
                let failure = self.no_connection(call.server, TIMED_OUT);
                self.end(call, failure);
            }
            State::Naming { second, asks: false } => {
                let second = *second;
                return self.resolve(call, second, now);
            }
            State::Connecting { second, race } => {
                let (second, cause) = (*second, race.cause().to_string());
                match race.heat(now) {
                    Heat::Failed => self.not_connected(call, second, &cause, now),
                    // One address refuses and another is silent: this counts as a refusal, because the server may be back at any moment.
                    Heat::TimedOut if !cause.is_empty() => self.not_connected(call, second, &cause, now),
                    Heat::TimedOut => self.not_connected(call, second, TIMED_OUT, now),
                    Heat::Begin(_) | Heat::Wait(_) => return false,
                }
            }
            State::Pausing { until } if now >= *until => self.connect(call, true, now),
            State::CatchingUp { link, by } if now >= *by => {
                let link = *link;
                self.timed_out(call, link, true, now);
            }
            State::Checking { by, .. } if now >= *by => {
                let is_there = self.has_answered_since(call.server, call.asked);
                self.acknowledged(call, is_there, now);
            }
            State::Receiving { link } if call.acknowledged_by.is_some_and(|by| now >= by.min(call.answer_by)) => {
                let link = *link;
                if self.has_answered_since(call.server, call.asked) {
                    call.acknowledged_by = None;
                } else {
                    call.state = State::Checking {
                        link,
                        by: now.after_micros(CHECKED_WITHIN.max(self.settings.connect_timeout)),
                    };
                }
            }
            State::Sending { link } | State::Receiving { link } if now >= call.answer_by => {
                let link = *link;
                self.timed_out(call, link, false, now);
            }
            _ => return false,
        }
        true
    }

    fn choose(&mut self, call: &mut Call, now: Timestamp) {
        let Some(server) = call.servers.pop() else {
            let failure = call.failure.take().unwrap_or_else(|| self.no_connection(call.last, TIMED_OUT));
            call.state = State::Finished(Err(failure));
            return;
        };
        (call.server, call.chosen, call.probing) = (server, now, false);
        if call.kind == Kind::ReleaseNothing && self.shares_a_lock(server) {
            // Over the shared connection the server would release another caller's lock.
            call.state = State::Finished(Ok(Outcome::Release(ReleaseOutcome::NotLocked)));
            return;
        }
        let verdict = if let Kind::Statistics { .. } = call.kind {
            // A question for statistics is for this server alone.
            Verdict::Ask
        } else {
            let tries = if self.settings.connect_twice { 2 } else { 1 };
            let probe_time = tries * (2 * self.settings.connect_timeout + self.look_up_patience()) + PROBE_TIMEOUT;
            self.standings[server].with(|standing| standing.verdict(call.only, probe_time, now))
        };
        match verdict {
            Verdict::Avoid(micros) => {
                let seconds = micros.div_ceil(1_000_000);
                let cause = format!("it gave no answer, and is asked again in {seconds} s");
                give_server_up(call, self.no_connection(server, &cause));
            }
            Verdict::Probe => {
                call.probing = true;
                self.connect(call, false, now);
            }
            Verdict::Ask => match self.take_link(server, now) {
                Some(id) => {
                    call.reused = true;
                    self.converse(call, id, now);
                }
                None => self.connect(call, false, now),
            },
        }
    }

    /// Whether all locks at `server` share a connection, and it holds one.
    fn shares_a_lock(&self, server: usize) -> bool {
        self.settings.shares_connections() && self.links.iter().any(|link| link.server == server && link.holds())
    }

    /// Whether the newest lock of a connection is released, but the server is not told yet.
    fn owes_a_release(&mut self, id: LinkId) -> bool {
        self.settings.shares_connections() && find(&mut self.links, id).is_some_and(|link| link.owes_a_release())
    }

    /// An idle connection to `server`, if there is one that may be used.
    fn take_link(&mut self, server: usize, now: Timestamp) -> Option<LinkId> {
        let longest = self.settings.max_idle_time;
        let standing = &self.standings[server];
        self.links.retain(|link| {
            let is_good = |link: &Link<S>| {
                now.micros_since(link.idle_since) <= longest
                    && (link.server != server || standing.with(|standing| standing.trusts(link.heard)))
            };
            !link.is_idle() || is_good(link)
        });
        let shared = self.settings.shares_connections();
        let fits = |link: &&mut Link<S>| link.server == server && (link.is_idle() || shared && !link.busy);
        let link = self.links.iter_mut().rev().find(fits)?;
        link.busy = true;
        Some(link.id)
    }

    /// Begins to connect to the call's server.
    fn connect(&mut self, call: &mut Call, second: bool, now: Timestamp) {
        self.resolve(call, second, now);
    }

    /// How long a call waits for a look-up.
    fn look_up_patience(&self) -> u64 {
        self.settings.min_answer_timeout.min(ACKNOWLEDGED_WITHIN)
    }

    /// Finds the addresses of the call's server. False if the call must wait for a look-up.
    fn resolve(&mut self, call: &mut Call, second: bool, now: Timestamp) -> bool {
        let patience = self.look_up_patience();
        let Some(name) = &self.names[call.server] else {
            let race = Race::new([None].into(), self.settings.connect_timeout);
            call.state = State::Connecting { second, race };
            return true;
        };
        match name.with(|name| name.naming(patience, now)) {
            Naming::Known(addresses) => {
                let addresses = addresses.into_iter().map(Some).collect();
                let race = Race::new(addresses, self.settings.connect_timeout);
                call.state = State::Connecting { second, race };
            }
            Naming::LookUp => call.state = State::Naming { second, asks: true },
            Naming::Wait => {
                call.state = State::Naming { second, asks: false };
                return false;
            }
            // A look-up that fails says nothing about the server.
            Naming::Failed(cause) => give_server_up(call, self.no_connection(call.server, &cause)),
        }
        true
    }

    fn begin_release(&mut self, call: &mut Call, id: LinkId, lock: LockNumber, now: Timestamp) {
        let shares = self.settings.shares_connections();
        let outcome = match find(&mut self.links, id) {
            // It was closed here, with all its locks.
            None => ReleaseOutcome::NotLocked,
            Some(link) => match link.release(lock) {
                // A newer lock is to be released first, or another call waits on the connection: this release follows then.
                true if shares && (link.busy || !link.owes_a_release()) => ReleaseOutcome::Released,
                // The server has released it already. A release would free another lock.
                false if shares && (link.busy || link.holds()) => ReleaseOutcome::NotLocked,
                _ => {
                    link.busy = true;
                    return self.converse(call, id, now);
                }
            },
        };
        call.state = State::Finished(Ok(Outcome::Release(outcome)));
    }

    fn converse(&mut self, call: &mut Call, id: LinkId, now: Timestamp) {
        if let (Patience::Waits { within, .. }, false) = (call.patience, call.probing) {
            call.deadline.get_or_insert(now.after_micros(within));
        }
        let Some(link) = find(&mut self.links, id) else { return };
        if link.unanswered > 0 {
            // The reference loses a command that shares a segment with the release before it, so the answer to the release comes first.
            let within = self.settings.min_answer_timeout.min(ACKNOWLEDGED_WITHIN);
            let by = within_call(call, now.after_micros(within));
            call.state = State::CatchingUp { link: id, by };
        } else {
            self.begin_sending(call, id, now);
        }
    }

    fn begin_sending(&mut self, call: &mut Call, id: LinkId, now: Timestamp) {
        let answered = find(&mut self.links, id).is_some_and(|link| link.heard.is_some());
        call.asked = now;
        call.acknowledged_by = None;
        call.answer_by = match call.patience {
            _ if call.probing => now.after_micros(PROBE_TIMEOUT),
            Patience::Waits { within, .. } => *call.deadline.get_or_insert(now.after_micros(within)),
            Patience::AtOnce(most) => now.after_micros(self.settings.at_once(answered).min(most)),
        };
        call.state = State::Sending { link: id };
    }

    /// The answer to the command is there.
    fn answered(&mut self, call: &mut Call, id: LinkId, result: Result<Outcome, String>, now: Timestamp) {
        if matches!(result, Ok(Outcome::Acquire(AcquireOutcome::Locked(_)))) {
            self.next_lock += 1;
        }
        if call.kind == Kind::Release {
            if result.is_err() {
                // It is unknown whether the lock is held. Closing the connection frees it.
                self.drop_link(id);
            } else if self.owes_a_release(id) {
                return self.converse(call, id, now);
            }
        }
        let result = result.map_err(|message| Failure::Remote { server: self.server_name(call.server), message });
        self.finish(call, id, result, now);
    }

    /// The call has its result; its connection is free for the next one.
    fn finish(&mut self, call: &mut Call, id: LinkId, result: Result<Outcome, Failure>, now: Timestamp) {
        let owes_a_release = self.owes_a_release(id);
        if let Some(link) = find(&mut self.links, id) {
            link.busy = false;
            link.idle_since = now;
            if owes_a_release {
                if link.is_in_use() {
                    // The server is told before the call ends: another lock is held through the connection.
                    link.busy = true;
                    (call.kind, call.command, call.result) = (Kind::Release, RELEASE, Some(result));
                    (call.patience, call.deadline) = (Patience::AtOnce(u64::MAX), None);
                    return self.converse(call, id, now);
                }
                // Its caller has released it. Closing the connection frees it at the server.
                self.drop_link(id);
            }
        }
        let idle = self.links.iter().filter(|link| link.is_idle()).count();
        if idle > self.settings.max_idle_connections {
            let oldest = self.links.iter().position(Link::is_idle);
            oldest.map(|oldest| self.links.remove(oldest));
        }
        call.state = State::Finished(call.result.take().unwrap_or(result));
    }

    /// The call has failed, and no other server is asked.
    fn end(&self, call: &mut Call, failure: Failure) {
        call.state = State::Finished(self.without_answer(call, failure));
    }

    /// The result of a call that has failed and asks no other server.
    fn without_answer(&self, call: &mut Call, failure: Failure) -> Result<Outcome, Failure> {
        if let Some(result) = call.result.take() {
            result
        } else if call.kind == Kind::Release && !self.settings.await_release {
            // However the connection ended, the server frees the lock.
            Ok(Outcome::Release(ReleaseOutcome::Released))
        } else {
            Err(failure)
        }
    }

    /// No address of the call's server could be connected to.
    fn not_connected(&mut self, call: &mut Call, second: bool, cause: &str, now: Timestamp) {
        if self.settings.connect_twice && !second {
            call.state = State::Pausing { until: now.after_micros(BETWEEN_TRIES) };
            return;
        }
        if let Some(name) = &self.names[call.server] {
            name.with(super::name::Name::all_failed);
        }
        if cause == TIMED_OUT {
            self.silent(call, now);
        } else {
            self.refused(call, now);
        }
        give_server_up(call, self.no_connection(call.server, cause));
    }

    /// The answer is overdue. `unasked`: the command was not sent yet.
    fn timed_out(&mut self, call: &mut Call, id: LinkId, unasked: bool, now: Timestamp) {
        let failure = self.broken(call, TIMED_OUT);
        self.drop_link(id);
        // A server whose share of the answer time was cut short, by an earlier server or by the caller, is not blamed.
        let had_its_time = match call.patience {
            Patience::Waits { allowed, .. } if !unasked && !call.probing => now.micros_since(call.asked) >= allowed,
            _ => call.deadline.is_none_or(|deadline| now < deadline),
        };
        if had_its_time && !self.standings[call.server].with(|standing| standing.is_well(now)) {
            self.silent(call, now);
        }
        if call.kind != Kind::Release && (unasked || call.probing) {
            call.deadline = None;
            give_server_up(call, failure);
        } else {
            self.end(call, failure);
        }
    }

    /// The call's server gave no answer in time. Its idle connections are closed; calls that wait for it go on waiting.
    fn silent(&mut self, call: &Call, now: Timestamp) {
        let server = call.server;
        self.standings[server].with(|standing| standing.silent(call.chosen, self.settings.avoid_for, now));
        self.links.retain(|link| link.server != server || !link.is_idle());
    }

    fn has_answered_since(&self, server: usize, moment: Timestamp) -> bool {
        self.standings[server].with(|standing| standing.has_answered_since(moment))
    }

    fn refused(&mut self, call: &Call, now: Timestamp) {
        self.standings[call.server].with(|standing| standing.refused(self.settings.avoid_for, now));
    }

    fn broken(&self, call: &Call, cause: &str) -> Failure {
        let server = self.server_name(call.server);
        let cause = cause.to_string();
        match call.state {
            State::Sending { .. } => Failure::Write { server, cause },
            _ => Failure::Read { server, cause },
        }
    }

    fn no_connection(&self, server: usize, cause: &str) -> Failure {
        Failure::Connect { server: self.server_name(server), cause: cause.to_string() }
    }

    fn server_name(&self, server: usize) -> String {
        self.settings.servers[server].name().to_string()
    }
}

/// The moment, or the call's deadline if that is earlier.
fn within_call(call: &Call, moment: Timestamp) -> Timestamp {
    call.deadline.map_or(moment, |deadline| deadline.min(moment))
}

/// The call asks its next server. The failure is stored if it is the one to report.
fn give_server_up(call: &mut Call, failure: Failure) {
    if call.server == call.last {
        call.failure = Some(failure);
    }
    call.state = State::Choosing;
}

/// A complete answer.
enum Reply {
    /// To an earlier release or to a probe: now the command can be sent.
    Continue,
    /// To the command; the text behind `ERROR` if the server refused.
    Answer(Result<Outcome, String>),
}

/// The answer to a call of this kind, once it is complete; the text behind `ERROR` if the server refused. A lock that is granted gets this number.
fn understand<S>(
    link: &mut Link<S>,
    kind: Kind,
    client: ClientNumber,
    number: LockNumber,
) -> Result<Option<Result<Outcome, String>>, OutOfStep> {
    if let Kind::Statistics { full } = kind {
        return Ok(link.statistics(full).map(|text| match text.strip_prefix("ERROR ") {
            Some(message) => Err(printable(message.trim_end())),
            None => Ok(Outcome::Statistics(text)),
        }));
    }
    let Some(answer) = link.answer()? else { return Ok(None) };
    let outcome = match (kind, answer.as_str()) {
        (Kind::Acquire, "LOCKED") => {
            link.granted(number);
            Outcome::Acquire(AcquireOutcome::Locked(Lock { client, link: link.id, server: link.server, number }))
        }
        (Kind::Acquire, "DONE") => Outcome::Acquire(AcquireOutcome::Done),
        (Kind::Acquire, "QUEUE_FULL") => Outcome::Acquire(AcquireOutcome::QueueFull),
        (Kind::Acquire, "TIMEOUT") => Outcome::Acquire(AcquireOutcome::Timeout),
        (Kind::Acquire, "LOCK_HELD") => Outcome::Acquire(AcquireOutcome::LockHeld),
        (Kind::Release | Kind::ReleaseNothing, "RELEASED") => {
            link.released_newest();
            Outcome::Release(ReleaseOutcome::Released)
        }
        (Kind::Release | Kind::ReleaseNothing, "NOT_LOCKED") => {
            link.released_all();
            Outcome::Release(ReleaseOutcome::NotLocked)
        }
        _ => match answer.strip_prefix("ERROR ") {
            Some(message) => return Ok(Some(Err(printable(message)))),
            None => return Err(OutOfStep::new(&answer)),
        },
    };
    Ok(Some(Ok(outcome)))
}

fn find<S>(links: &mut [Link<S>], id: LinkId) -> Option<&mut Link<S>> {
    links.iter_mut().find(|link| link.id == id)
}
