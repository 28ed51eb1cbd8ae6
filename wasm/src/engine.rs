//! Core's client, driven by events: events of sockets go in, actions for JavaScript come out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use poolcounter::Timestamp;
use poolcounter::client::{
    AcquireOutcome, Call, Client, Endpoint, Failure, Knowledge, Lock, Outcome, Request, Settings, Step,
};
use slab::Slab;

use crate::sockets::{End, Socket, Sockets};

thread_local! {
    /// The clients of this module share the state of servers and names.
    static KNOWLEDGE: RefCell<Knowledge> = const { RefCell::new(Knowledge::new()) };
}

/// A lock, by a number that its engine never gives again. JavaScript counts exactly up to 2^53.
pub(crate) type LockNumber = f64;

/// An action for JavaScript.
#[derive(Debug)]
pub(crate) enum Action {
    /// Look up the name of the server of this index.
    LookUp { server: usize },
    /// Connect a new socket, of this number, to the server of this index, by this address; to a Unix socket without one.
    Connect { socket: usize, server: usize, address: Option<Rc<str>> },
    /// Send this.
    Send { socket: usize, bytes: Vec<u8> },
    /// Close the socket and forget its number.
    Close { socket: usize },
    /// Settle the call.
    Finish { call: usize, result: Result<Answer, Failure> },
    /// The connection of the lock broke: tell its holder.
    LockLost { lock: LockNumber },
    /// Check whether all that was sent is acknowledged.
    CheckAcknowledged { socket: usize },
}

/// The answer to a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The lock of this number is held.
    Locked(LockNumber),
    Other(Outcome),
}

/// The client, its calls and its locks, each by a number.
#[derive(Debug)]
pub(crate) struct Engine {
    client: Client<Socket>,
    calls: Slab<Pending>,
    /// The locks that are held, in the order of their numbers.
    locks: Vec<(LockNumber, Lock)>,
    last_lock: LockNumber,
    sockets: Sockets,
    /// Connections that show whether hosts are still there.
    checks: Vec<Check>,
    actions: VecDeque<Action>,
    /// No call has an earlier deadline.
    wakeup: Option<Timestamp>,
}

#[derive(Debug)]
struct Pending {
    call: Call,
    /// The connections that are being made.
    attempts: Vec<Attempt>,
    /// The socket of the conversation.
    socket: Option<usize>,
    /// Set while it is checked whether the command is acknowledged.
    doubt: Option<Doubt>,
    until: Timestamp,
}

/// How it is checked whether the command is acknowledged.
#[derive(Debug, PartialEq)]
enum Doubt {
    /// JavaScript is asked.
    Asked,
    /// It does not know.
    Unknown,
    /// A trial shows whether the host at this address is there.
    Trial(Rc<str>),
}

/// A connection that is being made.
#[derive(Debug)]
struct Attempt {
    socket: Socket,
    address: Option<Rc<str>>,
}

/// A connection that shows whether a host is there, where the system cannot tell what is acknowledged. Calls to one host share it.
#[derive(Debug)]
struct Check {
    socket: Socket,
    address: Rc<str>,
}

/// A [`Step`] that borrows nothing.
enum Next {
    LookUp { server: usize },
    Connect { server: usize, address: Option<Rc<str>>, attempt: usize },
    Await { until: Timestamp },
    Pause { until: Timestamp },
    Check { server: usize, socket: usize, deadline: Timestamp },
    Send { socket: usize, bytes: Vec<u8> },
    Receive { socket: usize, deadline: Timestamp },
    Finished(Result<Outcome, Failure>),
}

impl Engine {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            client: KNOWLEDGE.with_borrow_mut(|knowledge| Client::with_knowledge(settings, knowledge)),
            calls: Slab::new(),
            locks: Vec::new(),
            last_lock: 0.0,
            sockets: Sockets::default(),
            checks: Vec::new(),
            actions: VecDeque::new(),
            wakeup: None,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.client.settings()
    }

    /// The next thing to do, until there is none.
    pub(crate) fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`Engine::tick`] at the latest.
    pub(crate) fn wakeup(&self) -> Option<Timestamp> {
        self.wakeup
    }

    pub(crate) fn acquire(&mut self, request: &Request<'_>, now: Timestamp) -> Result<usize, Failure> {
        let call = self.client.acquire(request, now)?;
        Ok(self.begin(call, now))
    }

    pub(crate) fn statistics(&mut self, server: usize, name: &str, now: Timestamp) -> Result<usize, Failure> {
        let call = self.client.statistics(server, name, now)?;
        Ok(self.begin(call, now))
    }

    /// Begins to release a lock.
    pub(crate) fn release(&mut self, lock: LockNumber, now: Timestamp) -> Result<usize, Failure> {
        let lock = self.take_lock(lock)?;
        let call = self.client.release(lock, now)?;
        Ok(self.begin(call, now))
    }

    /// Abandons a lock: its connection is closed.
    pub(crate) fn abandon(&mut self, lock: LockNumber, now: Timestamp) {
        if let Ok(lock) = self.take_lock(lock)
            && self.client.abandon(lock).is_ok()
        {
            self.settle(now);
        }
    }

    /// Cancels a call. There are no more actions for it.
    pub(crate) fn cancel(&mut self, call: usize, now: Timestamp) {
        if let Some(pending) = self.calls.try_remove(call) {
            // It is this client's, so it is not refused.
            let _ = self.client.cancel(pending.call);
            drop(pending.attempts);
            self.settle(now);
        }
    }

    /// Closes every connection.
    pub(crate) fn close(&mut self, now: Timestamp) {
        self.client.close();
        self.settle(now);
    }

    /// A look-up has ended, with addresses or the system's text.
    pub(crate) fn looked_up(&mut self, server: usize, found: Result<Vec<String>, String>, now: Timestamp) {
        // Calls that wait for it check every few milliseconds.
        self.client.looked_up(server, found, now);
    }

    /// Whether all that was sent is acknowledged, if the system tells.
    pub(crate) fn asked(&mut self, socket: usize, acknowledged: Option<bool>, now: Timestamp) {
        let Some(call) = self.sockets.get(socket).and_then(|state| state.call) else { return };
        let Some(pending) = self.calls.get_mut(call) else { return };
        if pending.doubt.take_if(|doubt| *doubt == Doubt::Asked).is_none() {
            return;
        }
        match acknowledged {
            Some(acknowledged) => self.client.acknowledged(&mut pending.call, acknowledged, now),
            None => pending.doubt = Some(Doubt::Unknown),
        }
        self.drive(call, now);
        self.settle(now);
    }

    /// The socket is connected.
    pub(crate) fn connected(&mut self, socket: usize, now: Timestamp) {
        if self.checked(socket, true, now) {
            return;
        }
        let Some((call, attempt)) = self.take_attempt(socket) else { return };
        if let Some(state) = self.sockets.get(socket) {
            state.address = attempt.address;
        }
        self.client.connected(&mut self.calls[call].call, attempt.socket, now);
        self.drive(call, now);
        self.settle(now);
    }

    /// These bytes have come.
    pub(crate) fn received(&mut self, socket: usize, bytes: &[u8], now: Timestamp) {
        let Some(state) = self.sockets.get(socket) else { return };
        state.receive(bytes);
        if let Some(call) = state.call {
            // It counts even if the deadline has passed by now.
            self.receive(call, socket, now);
            self.drive(call, now);
            self.settle(now);
        }
    }

    /// The socket has ended, or could not be connected.
    pub(crate) fn ended(&mut self, socket: usize, end: End, now: Timestamp) {
        // A host that refuses is there. One that the network cannot reach is not.
        let unreachable = |cause: &str| cause.ends_with("unreachable") || cause.ends_with("timed out");
        let is_there = !matches!(&end, End::Broken(cause) if unreachable(cause));
        if self.checked(socket, is_there, now) {
            return;
        }
        if let Some((call, attempt)) = self.take_attempt(socket) {
            let cause = if let End::Broken(cause) = &end { cause } else { "the server closed the connection" };
            drop(attempt);
            self.client.connect_failed(&mut self.calls[call].call, cause);
            self.drive(call, now);
        } else if let Some(state) = self.sockets.get(socket) {
            let (call, lock) = (state.call, state.lock.take());
            state.end.get_or_insert(end);
            self.lock_lost(lock);
            if let Some(call) = call {
                self.drive(call, now);
            }
        }
        self.settle(now);
    }

    /// Continues the calls whose deadlines have passed.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.wakeup = None;
        let calls: Vec<(usize, Timestamp)> = self.calls.iter().map(|(call, pending)| (call, pending.until)).collect();
        for (call, until) in calls {
            if until <= now {
                self.drive(call, now);
            } else {
                self.wake_at(until);
            }
        }
        self.settle(now);
    }

    fn begin(&mut self, call: Call, now: Timestamp) -> usize {
        let pending = Pending { call, attempts: Vec::new(), socket: None, doubt: None, until: now };
        let number = self.calls.insert(pending);
        self.drive(number, now);
        self.settle(now);
        number
    }

    /// Goes on with a call as far as it goes.
    fn drive(&mut self, call: usize, now: Timestamp) {
        while let Some(pending) = self.calls.get_mut(call) {
            let next = Next::from(self.client.step(&mut pending.call, now));
            if !matches!(next, Next::Connect { .. } | Next::Await { .. }) {
                pending.attempts.clear();
            }
            if !matches!(next, Next::Check { .. }) {
                pending.doubt = None;
            }
            match next {
                Next::LookUp { server } => {
                    self.client.looking_up(&mut pending.call);
                    self.actions.push_back(Action::LookUp { server });
                }
                Next::Connect { server, address, attempt } => self.connect(call, server, address, attempt, now),
                Next::Await { until } => return self.wait(call, until),
                Next::Pause { until } => {
                    pending.socket = None;
                    return self.wait(call, until);
                }
                Next::Send { socket, bytes } => self.send(call, socket, bytes, now),
                Next::Receive { socket, deadline } => {
                    if !self.receive(call, socket, now) {
                        return self.wait(call, deadline);
                    }
                }
                Next::Check { server, socket, deadline } => {
                    if self.receive(call, socket, now) {
                        continue;
                    }
                    let Some(address) = self.sockets.get(socket).and_then(|state| state.address.clone()) else {
                        // A Unix socket has no other host.
                        self.client.acknowledged(&mut self.calls[call].call, true, now);
                        continue;
                    };
                    self.check(call, server, socket, &address);
                    return self.wait(call, deadline);
                }
                Next::Finished(result) => return self.finish(call, result),
            }
        }
    }

    fn connect(&mut self, call: usize, server: usize, address: Option<Rc<str>>, attempt: usize, now: Timestamp) {
        let socket = self.sockets.open(Some(call));
        self.actions.push_back(Action::Connect { socket: socket.number, server, address: address.clone() });
        let pending = &mut self.calls[call];
        if attempt == 0 {
            pending.attempts.clear();
        }
        pending.socket = None;
        pending.attempts.push(Attempt { socket, address });
        self.client.connecting(&mut pending.call, now);
    }

    /// Checks whether the command is acknowledged, unless that check has begun: first by asking the system, then by another connection.
    fn check(&mut self, call: usize, server: usize, socket: usize, address: &Rc<str>) {
        let doubt = &mut self.calls[call].doubt;
        match doubt {
            None => {
                *doubt = Some(Doubt::Asked);
                return self.actions.push_back(Action::CheckAcknowledged { socket });
            }
            Some(Doubt::Asked | Doubt::Trial(_)) => return,
            Some(Doubt::Unknown) => *doubt = Some(Doubt::Trial(address.clone())),
        }
        if self.checks.iter().any(|check| check.address == *address) {
            return;
        }
        // Two, so that one packet may be lost.
        for _ in 0..2 {
            let socket = self.sockets.open(None);
            self.actions.push_back(Action::Connect { socket: socket.number, server, address: Some(address.clone()) });
            self.checks.push(Check { socket, address: address.clone() });
        }
    }

    /// Ends the check by this socket, if it is one. True if it is.
    fn checked(&mut self, socket: usize, is_there: bool, now: Timestamp) -> bool {
        let Some(place) = self.checks.iter().position(|check| check.socket.number == socket) else { return false };
        let Check { address, .. } = self.checks.swap_remove(place);
        let trial = Doubt::Trial(address.clone());
        if is_there {
            self.checks.retain(|check| check.address != address);
        } else if self.checks.iter().any(|check| check.address == address) {
            self.settle(now);
            return true;
        }
        let calls: Vec<usize> = self.calls.iter().map(|(call, _)| call).collect();
        for call in calls {
            let Some(pending) = self.calls.get_mut(call) else { continue };
            if pending.doubt.take_if(|doubt| *doubt == trial).is_some() {
                self.client.acknowledged(&mut pending.call, is_there, now);
                self.drive(call, now);
            }
        }
        self.settle(now);
        true
    }

    fn send(&mut self, call: usize, socket: usize, bytes: Vec<u8>, now: Timestamp) {
        let pending = &mut self.calls[call];
        pending.socket = Some(socket);
        match self.sockets.get(socket).and_then(|state| state.end.clone()) {
            Some(End::Broken(cause)) => return self.client.failed(&mut pending.call, &cause, now),
            // The system would take it too; the answer tells.
            Some(End::Closed) => {}
            None => self.actions.push_back(Action::Send { socket, bytes }),
        }
        self.client.sent(&mut pending.call, now);
    }

    /// Takes the bytes that have come. True if there were any.
    fn receive(&mut self, call: usize, socket: usize, now: Timestamp) -> bool {
        let pending = &mut self.calls[call];
        pending.socket = Some(socket);
        let Some(state) = self.sockets.get(socket) else { return false };
        if let Some(bytes) = state.take_inbox() {
            self.client.received(&mut pending.call, &bytes, now);
            return true;
        }
        match &state.end {
            Some(End::Broken(cause)) => self.client.failed(&mut pending.call, cause, now),
            Some(End::Closed) => self.client.received(&mut pending.call, &[], now),
            None => {
                state.call = Some(call);
                return false;
            }
        }
        true
    }

    fn finish(&mut self, call: usize, result: Result<Outcome, Failure>) {
        let pending = self.calls.remove(call);
        let mut state = pending.socket.and_then(|socket| self.sockets.get(socket));
        if let Some(state) = &mut state {
            state.call = None;
        }
        let result = result.map(|outcome| match outcome {
            Outcome::Acquire(AcquireOutcome::Locked(lock)) => {
                self.last_lock += 1.0;
                self.locks.push((self.last_lock, lock));
                if let Some(state) = state {
                    state.lock = Some(self.last_lock);
                }
                Answer::Locked(self.last_lock)
            }
            other => Answer::Other(other),
        });
        self.actions.push_back(Action::Finish { call, result });
    }

    fn wait(&mut self, call: usize, until: Timestamp) {
        self.calls[call].until = until;
        self.wake_at(until);
    }

    fn wake_at(&mut self, until: Timestamp) {
        self.wakeup = Some(self.wakeup.map_or(until, |wakeup| wakeup.min(until)));
    }

    fn take_lock(&mut self, lock: LockNumber) -> Result<Lock, Failure> {
        let index = self.find_lock(lock).ok_or(Failure::NoSuchLock)?;
        Ok(self.locks.remove(index).1)
    }

    fn find_lock(&self, lock: LockNumber) -> Option<usize> {
        self.locks.binary_search_by(|(held, _)| held.total_cmp(&lock)).ok()
    }

    /// Has the holder of a lock told that its connection broke, unless the lock was released before.
    fn lock_lost(&mut self, lock: Option<LockNumber>) {
        if let Some(lock) = lock.filter(|lock| self.find_lock(*lock).is_some()) {
            self.actions.push_back(Action::LockLost { lock });
        }
    }

    /// The attempt that a socket belongs to, and its call.
    fn take_attempt(&mut self, socket: usize) -> Option<(usize, Attempt)> {
        let call = self.sockets.get(socket)?.call?;
        let attempts = &mut self.calls.get_mut(call)?.attempts;
        let place = attempts.iter().position(|attempt| attempt.socket.number == socket)?;
        Some((call, attempts.remove(place)))
    }

    /// Closes the sockets that were dropped meanwhile, and continues the calls that waited for them.
    fn settle(&mut self, now: Timestamp) {
        let calls = &self.calls;
        let matters = |check: &Check| {
            let tries =
                |pending: &Pending| matches!(&pending.doubt, Some(Doubt::Trial(tried)) if *tried == check.address);
            calls.iter().any(|(_, pending)| tries(pending))
        };
        self.checks.retain(matters);
        while let Some((socket, state)) = self.sockets.take_dropped() {
            self.actions.push_back(Action::Close { socket });
            self.lock_lost(state.lock);
            let waits = |pending: &&Pending| pending.socket == Some(socket);
            if let Some(call) = state.call.filter(|call| self.calls.get(*call).as_ref().is_some_and(waits)) {
                self.drive(call, now);
            }
        }
    }
}

impl From<Step<'_, Socket>> for Next {
    fn from(step: Step<'_, Socket>) -> Self {
        match step {
            Step::LookUp { index, .. } => Self::LookUp { server: index },
            Step::Connect { index, endpoint, attempt, .. } => {
                let address = match endpoint {
                    Endpoint::Address { ip, .. } => Some(Rc::from(ip)),
                    Endpoint::Unix(_) => None,
                };
                Self::Connect { server: index, address, attempt }
            }
            Step::AwaitConnection { until } => Self::Await { until },
            Step::Acknowledged { index, socket, deadline } => {
                Self::Check { server: index, socket: socket.number, deadline }
            }
            Step::Pause { until } => Self::Pause { until },
            Step::Send { socket, bytes, .. } => Self::Send { socket: socket.number, bytes: bytes.to_vec() },
            Step::Receive { socket, deadline } => Self::Receive { socket: socket.number, deadline },
            Step::Finished(result) => Self::Finished(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poolcounter::client::Server;
    use poolcounter::protocol::Mode;

    const START: Timestamp = Timestamp::from_micros(0);

    const REQUEST: Request<'_> = Request::new(b"k").mode(Mode::ForMe).maxqueue(2).timeout_seconds(0);

    fn engine(servers: &[&str]) -> Engine {
        let servers = servers.iter().map(|server| Server::parse(server).expect("a server"));
        Engine::new(Settings::new(servers.collect()))
    }

    fn acquire(engine: &mut Engine) -> usize {
        engine.acquire(&REQUEST, START).expect("a good key")
    }

    /// The actions, in short.
    fn actions(engine: &mut Engine) -> Vec<String> {
        let describe = |action| match action {
            Action::LookUp { server } => format!("look up {server}"),
            Action::Connect { socket, server, .. } => format!("connect {socket} to {server}"),
            Action::Send { socket, bytes } => format!("send {socket} {}", String::from_utf8_lossy(&bytes).trim_end()),
            Action::Close { socket } => format!("close {socket}"),
            Action::Finish { call, result: Ok(Answer::Locked(lock)) } => format!("{call} has lock {lock}"),
            Action::Finish { call, result: Ok(Answer::Other(outcome)) } => format!("{call} is {outcome:?}"),
            Action::Finish { call, result: Err(failure) } => format!("{call}: {failure}"),
            Action::LockLost { lock } => format!("lost {lock}"),
            Action::CheckAcknowledged { socket } => format!("ask {socket}"),
        };
        std::iter::from_fn(|| engine.poll()).map(describe).collect()
    }

    /// An engine whose lock 1 is held by socket 0.
    fn holding() -> Engine {
        let mut engine = engine(&["10.0.0.1"]);
        acquire(&mut engine);
        engine.connected(0, START);
        engine.received(0, b"LOCKED\n", START);
        assert_eq!(actions(&mut engine), ["connect 0 to 0", "send 0 ACQ4ME k 1 2 0", "0 has lock 1"]);
        engine
    }

    #[test]
    fn the_answer_of_a_release_is_kept_for_the_next_call() {
        let mut engine = holding();
        assert_eq!(engine.release(1.0, START), Ok(0));
        assert_eq!(actions(&mut engine), ["send 0 RELEASE", "0 is Release(Released)"]);
        engine.received(0, b"RELEASED\n", START);
        assert_eq!(engine.release(1.0, START), Err(Failure::NoSuchLock));
        acquire(&mut engine);
        assert_eq!(actions(&mut engine), ["send 0 ACQ4ME k 1 2 0"]);
    }

    #[test]
    fn an_attempt_that_takes_too_long_makes_way_for_the_next() {
        let mut engine = engine(&["10.0.0.1", "10.0.0.2"]);
        acquire(&mut engine);
        let first = actions(&mut engine);
        let wakeup = engine.wakeup().expect("a deadline");
        engine.tick(START);
        assert_eq!((first.len(), actions(&mut engine).len()), (1, 0));
        engine.tick(wakeup);
        let next = actions(&mut engine);
        assert!(next[0].starts_with("connect 1 to ") && next[1] == "close 0", "{next:?}");
        assert_ne!(first[0].chars().last(), next[0].chars().last());
        engine.connected(0, wakeup);
        assert!(actions(&mut engine).is_empty(), "socket 0 is gone");
    }

    #[test]
    fn a_stale_connection_is_replaced() {
        let mut engine = holding();
        engine.release(1.0, START).expect("it is held");
        engine.ended(0, End::Broken("it broke".to_owned()), START);
        actions(&mut engine);
        acquire(&mut engine);
        assert_eq!(actions(&mut engine), ["connect 1 to 0", "close 0"]);
        engine.ended(1, End::Broken("refused".to_owned()), START);
        assert_eq!(actions(&mut engine), ["0: cannot connect to 10.0.0.1: refused", "close 1"]);
        assert_eq!(acquire(&mut engine), 0);
    }

    #[test]
    fn a_holder_is_told_of_its_loss_once() {
        let mut engine = holding();
        engine.ended(0, End::Closed, START);
        engine.ended(0, End::Closed, START);
        assert_eq!(actions(&mut engine), ["lost 1"]);
        engine.abandon(1.0, START);
        assert_eq!(actions(&mut engine), ["close 0"]);
    }

    #[test]
    fn the_number_of_a_lock_is_never_given_again() {
        let mut engine = holding();
        engine.release(1.0, START).expect("it is held");
        engine.received(0, b"RELEASED\n", START);
        acquire(&mut engine);
        engine.received(0, b"LOCKED\n", START);
        assert_eq!(actions(&mut engine).pop().as_deref(), Some("0 has lock 2"));
        assert_eq!(engine.release(1.0, START), Err(Failure::NoSuchLock));
        engine.abandon(1.0, START);
        assert_eq!(actions(&mut engine), [""; 0]);
        engine.ended(0, End::Closed, START);
        assert_eq!(actions(&mut engine), ["lost 2"]);
    }

    #[test]
    fn a_lock_that_was_released_is_not_lost_with_its_connection() {
        let mut engine = holding();
        engine.release(1.0, START).expect("it is held");
        actions(&mut engine);
        engine.ended(0, End::Closed, START);
        engine.close(START);
        assert_eq!(actions(&mut engine), ["close 0"]);
    }

    #[test]
    fn what_is_cancelled_is_closed_and_not_heard_of() {
        let mut engine = holding();
        let connecting = acquire(&mut engine);
        engine.cancel(connecting, START);
        assert_eq!(actions(&mut engine), ["connect 1 to 0", "close 1"]);
        let waiting = acquire(&mut engine);
        engine.connected(1, START);
        engine.cancel(waiting, START);
        engine.received(1, b"LOCKED\n", START);
        assert_eq!(actions(&mut engine), ["connect 1 to 0", "send 1 ACQ4ME k 1 2 0", "close 1"]);
    }

    #[test]
    fn an_answer_counts_though_its_deadline_is_over() {
        let mut engine = engine(&["10.0.0.1"]);
        acquire(&mut engine);
        engine.connected(0, START);
        engine.received(0, b"LOCKED\n", START.after_secs(3600));
        assert_eq!(actions(&mut engine).pop().as_deref(), Some("0 has lock 1"));
    }

    /// An engine whose call waits over the kept socket 0, and whose time to be acknowledged is over.
    fn unacknowledged() -> (Engine, Timestamp) {
        let mut engine = holding();
        engine.release(1.0, START).expect("it is held");
        engine.received(0, b"RELEASED\n", START);
        let later = START.after_micros(1);
        engine.acquire(&REQUEST.timeout_seconds(9), later).expect("a good key");
        actions(&mut engine);
        let now = later.after_micros(1_000_000);
        engine.tick(now);
        assert_eq!(actions(&mut engine), ["ask 0"]);
        (engine, now)
    }

    /// The same, where the system does not tell.
    fn tried() -> (Engine, Timestamp) {
        let (mut engine, now) = unacknowledged();
        engine.asked(0, None, now);
        (engine, now)
    }

    #[test]
    fn a_wait_that_the_host_has_acknowledged_goes_on() {
        let (mut engine, now) = unacknowledged();
        engine.asked(0, Some(true), now);
        engine.tick(now.after_secs(1));
        assert_eq!(actions(&mut engine), [""; 0]);
        engine.received(0, b"LOCKED\n", now.after_secs(5));
        assert_eq!(actions(&mut engine), ["0 has lock 2"]);
    }

    #[test]
    fn a_host_that_has_not_acknowledged_a_wait_is_given_up() {
        let (mut engine, now) = unacknowledged();
        engine.asked(0, Some(false), now);
        assert_eq!(actions(&mut engine), ["0: no answer from 10.0.0.1: Connection timed out", "close 0"]);
        engine.asked(0, Some(true), now);
        assert_eq!(actions(&mut engine), [""; 0]);
    }

    #[test]
    fn a_system_that_does_not_answer_in_time_speaks_for_nobody() {
        let (mut engine, now) = unacknowledged();
        engine.tick(now.after_micros(400_000));
        assert!(actions(&mut engine).contains(&"0: no answer from 10.0.0.1: Connection timed out".to_owned()));
    }

    #[test]
    fn another_connection_shows_that_the_host_is_there() {
        let (mut engine, now) = tried();
        assert_eq!(actions(&mut engine), ["connect 1 to 0", "connect 2 to 0"]);
        engine.connected(2, now);
        let closed = actions(&mut engine);
        assert!(closed.contains(&"close 1".to_owned()) && closed.contains(&"close 2".to_owned()), "{closed:?}");
        engine.received(0, b"LOCKED\n", now.after_secs(5));
        assert_eq!(actions(&mut engine), ["0 has lock 2"]);
    }

    #[test]
    fn a_host_to_which_no_other_connection_can_be_made_is_given_up() {
        let (mut engine, now) = tried();
        assert_eq!(actions(&mut engine), ["connect 1 to 0", "connect 2 to 0"]);
        engine.tick(now.after_micros(400_000));
        let failed = actions(&mut engine);
        assert!(failed.contains(&"0: no answer from 10.0.0.1: Connection timed out".to_owned()), "{failed:?}");
        assert!(failed.contains(&"close 0".to_owned()) && failed.contains(&"close 1".to_owned()), "{failed:?}");
    }

    #[test]
    fn a_host_that_refuses_is_there_and_one_that_cannot_be_reached_is_not() {
        let (mut engine, now) = tried();
        actions(&mut engine);
        engine.ended(1, End::Broken("Connection refused".to_owned()), now);
        engine.received(0, b"LOCKED\n", now.after_secs(5));
        assert!(actions(&mut engine).contains(&"0 has lock 2".to_owned()));
        let (mut engine, now) = tried();
        actions(&mut engine);
        for socket in [1, 2] {
            engine.ended(socket, End::Broken("Host is unreachable".to_owned()), now);
        }
        assert!(actions(&mut engine).contains(&"0: no answer from 10.0.0.1: Connection timed out".to_owned()));
    }

    #[test]
    fn a_host_that_has_answered_another_call_is_there() {
        let (mut engine, now) = tried();
        acquire(&mut engine);
        actions(&mut engine);
        engine.connected(3, now);
        engine.received(3, b"DONE\n", now.after_micros(300_000));
        engine.tick(now.after_micros(400_000));
        engine.received(0, b"LOCKED\n", now.after_secs(5));
        assert!(actions(&mut engine).contains(&"0 has lock 2".to_owned()));
    }

    #[test]
    fn a_unix_socket_has_no_other_host() {
        let mut engine = engine(&["unix:/run/pc"]);
        acquire(&mut engine);
        engine.connected(0, START);
        engine.received(0, b"LOCKED\n", START);
        engine.release(1.0, START).expect("it is held");
        engine.received(0, b"RELEASED\n", START);
        let later = START.after_micros(1);
        engine.acquire(&REQUEST.timeout_seconds(15), later).expect("a good key");
        actions(&mut engine);
        for second in 1..10 {
            engine.tick(later.after_secs(second));
        }
        assert!(actions(&mut engine).is_empty());
        engine.received(0, b"LOCKED\n", later.after_secs(10));
        assert_eq!(actions(&mut engine), ["0 has lock 2"]);
    }

    #[test]
    fn a_name_is_looked_up_once_for_all_calls() {
        let mut engine = engine(&["pc.example"]);
        acquire(&mut engine);
        acquire(&mut engine);
        assert_eq!(actions(&mut engine), ["look up 0"]);
        engine.looked_up(0, Ok(vec!["10.0.0.9".to_owned()]), START);
        engine.tick(engine.wakeup().expect("both look again"));
        assert_eq!(actions(&mut engine), ["connect 0 to 0", "connect 1 to 0"]);
    }

    #[test]
    fn a_server_that_talks_without_end_fills_no_memory() {
        let mut engine = holding();
        engine.release(1.0, START).expect("it is held");
        for _ in 0..100 {
            engine.received(0, &[b'x'; 10_000], START);
        }
        assert!(
            engine.sockets.get(0).and_then(crate::sockets::SocketState::take_inbox).expect("some of it").len()
                < 100_000
        );
    }
}
