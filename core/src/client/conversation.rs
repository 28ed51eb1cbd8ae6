//! How a call goes on: from one event to the next step.

use super::call::{Call, Kind, Lock, Outcome, State, Step};
use super::link::{Link, OutOfStep, printable};
use super::{Client, Failure, Health, LinkId, Sharing};
use crate::Timestamp;
use alloc::format;
use alloc::string::{String, ToString};
use core::mem;

/// How long to wait before a connection is tried a second time, in microseconds; as MediaWiki's client does.
const BETWEEN_TRIES: u64 = 1_000;

/// The system's words for a time-out.
pub(crate) const TIMED_OUT: &str = "Connection timed out";

impl<S> Client<S> {
    /// What `call` needs next.
    pub fn step<'a>(&'a mut self, call: &'a mut Call, now: Timestamp) -> Step<'a, S> {
        while self.advance(call, now) {}
        match call.state {
            State::Connecting { server, deadline, .. } => {
                return Step::Connect { index: server, server: &self.settings.servers[server], deadline };
            }
            State::Pausing { until, .. } => return Step::Pause { until },
            _ => {}
        }
        let place = call.state.link().and_then(|id| self.links.iter().position(|link| link.id == id));
        if let Some(place) = place {
            let (socket, deadline) = (&mut self.links[place].socket, call.deadline.unwrap_or(now));
            return match call.state {
                State::Sending { .. } => Step::Send { socket, bytes: &call.command, deadline },
                _ => Step::Receive { socket, deadline },
            };
        }
        Step::Finished(match mem::replace(&mut call.state, State::Over) {
            State::Finished(result) => result,
            // Its connection was closed by another call's hand: `close`, `abandon_all`.
            _ => Err(self.broken(call, "the connection was closed")),
        })
    }

    /// The connection that [`Step::Connect`] asked for is made.
    pub fn connected(&mut self, call: &mut Call, socket: S, now: Timestamp) {
        let State::Connecting { server, .. } = call.state else { return };
        let id = self.next_link;
        self.next_link += 1;
        self.health[server] = Health::default();
        self.links.push(Link::new(id, server, socket, now));
        call.reused = false;
        self.converse(call, id, now);
    }

    /// The connection that [`Step::Connect`] asked for could not be made; `cause` is the system's text.
    pub fn connect_failed(&mut self, call: &mut Call, cause: &str, now: Timestamp) {
        let State::Connecting { server, second, .. } = call.state else { return };
        if self.settings.connect_twice && !second {
            call.state = State::Pausing { server, until: now.after_micros(BETWEEN_TRIES) };
            return;
        }
        self.pass_over(server, cause, now);
        call.state = State::Choosing;
    }

    /// All the bytes that [`Step::Send`] gave are sent.
    pub fn sent(&mut self, call: &mut Call, now: Timestamp) {
        let State::Sending { link: id } = call.state else { return };
        // Over a shared connection another release may have taken the lock: then the answer is not known beforehand.
        let taken = find(&mut self.links, id).is_some_and(|link| link.held == 0);
        if call.kind != Kind::Release || self.settings.await_release || taken {
            call.state = State::Receiving { link: id };
            return;
        }
        if let Some(link) = find(&mut self.links, id) {
            link.unanswered += 1;
            link.held -= 1;
        }
        self.finish(call, id, Ok(Outcome::Released), now);
    }

    /// Bytes that came for [`Step::Receive`]; none at the end of the stream.
    pub fn received(&mut self, call: &mut Call, bytes: &[u8], now: Timestamp) {
        let (Some(id), true) = (call.state.link(), !bytes.is_empty()) else {
            return self.failed(call, "the server closed the connection", now);
        };
        let Some(link) = find(&mut self.links, id) else { return };
        let understood = link.receive(bytes).and_then(|()| match call.state {
            State::CatchingUp { .. } => Ok(link.catch_up()?.then_some(None)),
            _ => Ok(understand(link, call.kind)?.map(Some)),
        });
        match understood {
            Ok(None) => {}
            Ok(Some(None)) => call.state = State::Sending { link: id },
            Ok(Some(Some(result))) => {
                let server = link.server;
                if call.kind == Kind::Release && result.is_err() {
                    // Whether the lock is held is not known, and its caller has no more to do with it.
                    self.drop_link(id);
                }
                let result = result.map_err(|message| Failure::Remote { server: self.server_name(server), message });
                self.finish(call, id, result, now);
            }
            Err(OutOfStep(said)) => {
                // Asking a second time would not be any clearer.
                call.reused = false;
                self.failed(call, &format!("it said `{said}`"), now);
            }
        }
    }

    /// Sending or receiving failed; `cause` is the system's text. The connection is dropped, and a kept one replaced once.
    pub fn failed(&mut self, call: &mut Call, cause: &str, now: Timestamp) {
        let Some(id) = call.state.link() else { return };
        self.drop_link(id);
        call.state = if call.kind == Kind::Release && !self.settings.await_release {
            // Whatever became of the connection, the lock is free: known beforehand, and not waited for.
            State::Finished(Ok(Outcome::Released))
        } else if mem::take(&mut call.reused) && call.kind != Kind::Release {
            let deadline = self.connect_deadline(call, now);
            State::Connecting { server: call.talking_to, second: false, deadline }
        } else {
            State::Finished(Err(self.broken(call, cause)))
        };
    }

    /// Moves on as far as it goes without an event: whether there may be more.
    fn advance(&mut self, call: &mut Call, now: Timestamp) -> bool {
        match call.state {
            State::Choosing => self.choose(call, now),
            State::Releasing { link } => self.begin_release(call, link, now),
            State::Connecting { deadline, .. } if now >= deadline => self.connect_failed(call, TIMED_OUT, now),
            State::Pausing { server, until } if now >= until => {
                let deadline = self.connect_deadline(call, now);
                call.state = State::Connecting { server, second: true, deadline };
            }
            State::CatchingUp { .. } | State::Sending { .. } | State::Receiving { .. }
                if call.deadline.is_some_and(|deadline| now >= deadline) =>
            {
                // A server that was asked late in the call has not had its time.
                if now.micros_since(call.asked) >= call.answer_within {
                    self.pass_over(call.talking_to, TIMED_OUT, now);
                }
                call.reused = false;
                self.failed(call, TIMED_OUT, now);
            }
            _ => return false,
        }
        true
    }

    fn choose(&mut self, call: &mut Call, now: Timestamp) {
        let Some(server) = call.servers.pop() else {
            let failure =
                Failure::Connect { server: self.server_name(call.last), cause: self.health[call.last].cause.clone() };
            call.state = State::Finished(Err(failure));
            return;
        };
        if let Some(id) = self.take_link(server, now) {
            call.reused = true;
            self.converse(call, id, now);
        } else {
            let deadline = self.connect_deadline(call, now);
            call.state = State::Connecting { server, second: false, deadline };
        }
    }

    /// A kept connection to `server`, if there is one to be had.
    fn take_link(&mut self, server: usize, now: Timestamp) -> Option<LinkId> {
        let keep = self.settings.keep_idle;
        self.links.retain(|link| !link.is_idle() || now.micros_since(link.idle_since) <= keep);
        let shared = self.settings.sharing == Sharing::PerServer;
        let fits = |link: &&mut Link<S>| link.server == server && (link.is_idle() || shared && !link.busy);
        let link = self.links.iter_mut().rev().find(fits)?;
        link.busy = true;
        Some(link.id)
    }

    fn begin_release(&mut self, call: &mut Call, id: LinkId, now: Timestamp) {
        match find(&mut self.links, id) {
            Some(link) => {
                link.busy = true;
                self.converse(call, id, now);
            }
            None if self.settings.await_release => {
                call.state = State::Finished(Err(self.broken(call, "the connection was closed")));
            }
            None => call.state = State::Finished(Ok(Outcome::Released)),
        }
    }

    fn converse(&mut self, call: &mut Call, id: LinkId, now: Timestamp) {
        call.deadline.get_or_insert(now.after_micros(call.answer_within));
        let Some(link) = find(&mut self.links, id) else { return };
        call.talking_to = link.server;
        call.asked = now;
        call.state = if link.unanswered > 0 { State::CatchingUp { link: id } } else { State::Sending { link: id } };
    }

    /// The call has its result; its connection is free for the next one.
    fn finish(&mut self, call: &mut Call, id: LinkId, result: Result<Outcome, Failure>, now: Timestamp) {
        if let Some(link) = find(&mut self.links, id) {
            link.busy = false;
            link.idle_since = now;
        }
        let idle = self.links.iter().filter(|link| link.is_idle()).count();
        if idle > self.settings.keep {
            let oldest = self.links.iter().position(Link::is_idle);
            oldest.map(|oldest| self.links.remove(oldest));
        }
        call.state = State::Finished(result);
    }

    /// The deadline of a call, once it has begun to talk, goes for its later connections too.
    fn connect_deadline(&self, call: &Call, now: Timestamp) -> Timestamp {
        let deadline = now.after_micros(self.settings.connect_timeout);
        call.deadline.map_or(deadline, |end| end.min(deadline))
    }

    fn pass_over(&mut self, server: usize, cause: &str, now: Timestamp) {
        let passed_over_until = now.after_micros(self.settings.pass_over);
        self.health[server] = Health { passed_over_until, cause: cause.to_string() };
    }

    fn broken(&self, call: &Call, cause: &str) -> Failure {
        let server = self.server_name(call.talking_to);
        let cause = cause.to_string();
        match call.state {
            State::Sending { .. } => Failure::Write { server, cause },
            _ => Failure::Read { server, cause },
        }
    }

    fn server_name(&self, server: usize) -> String {
        self.settings.servers[server].name().to_string()
    }
}

/// The answer to a call of this kind, once it is there; the text behind `ERROR` if the server refused.
fn understand<S>(link: &mut Link<S>, kind: Kind) -> Result<Option<Result<Outcome, String>>, OutOfStep> {
    if let Kind::Statistics { full } = kind {
        return Ok(link.statistics(full).map(|text| match text.strip_prefix("ERROR ") {
            Some(message) => Err(printable(message.trim_end())),
            None => Ok(Outcome::Statistics(text)),
        }));
    }
    let Some(answer) = link.answer()? else { return Ok(None) };
    let outcome = match (kind, answer.as_str()) {
        (Kind::Acquire, "LOCKED") => {
            link.held += 1;
            Outcome::Locked(Lock { link: link.id, server: link.server })
        }
        (Kind::Acquire, "DONE") => Outcome::Done,
        (Kind::Acquire, "QUEUE_FULL") => Outcome::QueueFull,
        (Kind::Acquire, "TIMEOUT") => Outcome::Timeout,
        (Kind::Acquire, "LOCK_HELD") => Outcome::LockHeld,
        (Kind::Release | Kind::ReleaseNothing, "RELEASED") => {
            link.held = link.held.saturating_sub(1);
            Outcome::Released
        }
        (Kind::Release | Kind::ReleaseNothing, "NOT_LOCKED") => {
            link.held = 0;
            Outcome::NotLocked
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
