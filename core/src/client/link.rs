use super::{LinkId, LockNumber};
use crate::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

/// An answer of more bytes than this without an end is none.
const MAX_ANSWER: usize = 64 * 1024;

/// One connection, as the conversation stands on it.
#[derive(Debug)]
pub(super) struct Link<S> {
    pub(super) id: LinkId,
    /// The index of its server.
    pub(super) server: usize,
    pub(super) socket: S,
    /// What was received and not yet understood.
    received: Vec<u8>,
    /// Releases whose answers are still to come.
    pub(super) unanswered: u32,
    /// Locks that are held through it, the newest last.
    locks: Vec<Held>,
    /// A call is using it.
    pub(super) busy: bool,
    pub(super) idle_since: Timestamp,
    /// When the server last said anything on it.
    pub(super) heard: Option<Timestamp>,
}

/// A lock, as its connection knows it.
#[derive(Debug)]
struct Held {
    number: LockNumber,
    /// Its caller has released it, but a newer lock is held, which the server would take instead.
    given_back: bool,
}

/// The server said something that was not asked for, or that makes no sense; what it said, fit for a message.
#[derive(Debug)]
pub(super) struct OutOfStep(pub(super) String);

impl OutOfStep {
    pub(super) fn new(said: &str) -> Self {
        Self(printable(said))
    }
}

/// How a release of a lock can be done. The server takes the newest lock of a connection.
pub(super) enum Releasable {
    /// It is the newest.
    Newest,
    /// A newer one is held: this one is released when that is.
    HeldBack,
    /// Another release took it, and older locks are held, which a release would take.
    Gone,
    /// The connection holds nothing: the server is to say.
    Unknown,
}

impl<S> Link<S> {
    /// A connection just made, for the call that asked for it.
    pub(super) fn new(id: LinkId, server: usize, socket: S, now: Timestamp) -> Self {
        Self {
            id,
            server,
            socket,
            received: Vec::new(),
            unanswered: 0,
            locks: Vec::new(),
            busy: true,
            idle_since: now,
            heard: None,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.busy && !self.holds()
    }

    /// Whether any lock is held through it.
    pub(super) fn holds(&self) -> bool {
        !self.locks.is_empty()
    }

    /// The server has granted a lock.
    pub(super) fn granted(&mut self, number: LockNumber) {
        self.locks.push(Held { number, given_back: false });
    }

    /// The server has taken the newest lock, or was told to.
    pub(super) fn released_newest(&mut self) {
        self.locks.pop();
    }

    /// The server knows of no lock.
    pub(super) fn released_all(&mut self) {
        self.locks.clear();
    }

    /// How a release of this lock can be done now.
    pub(super) fn release(&mut self, number: LockNumber) -> Releasable {
        let newest = self.locks.last().map(|held| held.number);
        match self.locks.iter_mut().find(|held| held.number == number) {
            Some(_) if newest == Some(number) => Releasable::Newest,
            Some(held) => {
                held.given_back = true;
                Releasable::HeldBack
            }
            None if newest.is_none() => Releasable::Unknown,
            None => Releasable::Gone,
        }
    }

    /// Its caller has released the newest lock, and the server is to be told later.
    pub(super) fn give_back_newest(&mut self) {
        if let Some(held) = self.locks.last_mut() {
            held.given_back = true;
        }
    }

    /// Whether the newest lock was released before by its caller, and the server is still to be told.
    pub(super) fn owes_a_release(&self) -> bool {
        self.locks.last().is_some_and(|held| held.given_back)
    }

    pub(super) fn receive(&mut self, bytes: &[u8], now: Timestamp) -> Result<(), OutOfStep> {
        self.heard = Some(now);
        self.received.extend_from_slice(bytes);
        if self.received.len() > MAX_ANSWER { Err(self.out_of_step()) } else { Ok(()) }
    }

    /// Takes the answers of earlier releases off what was received: whether all of them have come.
    pub(super) fn catch_up(&mut self) -> Result<bool, OutOfStep> {
        while self.unanswered > 0 {
            let Some(line) = self.take_line() else { return Ok(false) };
            if line != "RELEASED" {
                return Err(OutOfStep::new(&line));
            }
            self.unanswered -= 1;
        }
        if self.received.is_empty() { Ok(true) } else { Err(self.out_of_step()) }
    }

    /// Takes the answer to `STATS UPTIME` off what was received: whether it has come.
    pub(super) fn probe_answered(&mut self) -> Result<bool, OutOfStep> {
        match self.answer()? {
            Some(line) if line.starts_with("uptime: ") => Ok(true),
            Some(line) => Err(OutOfStep::new(&line)),
            None => Ok(false),
        }
    }

    /// The one line that was asked for, once it is there.
    pub(super) fn answer(&mut self) -> Result<Option<String>, OutOfStep> {
        match self.take_line() {
            Some(_) if !self.received.is_empty() => Err(self.out_of_step()),
            line => Ok(line),
        }
    }

    /// The answer to `STATS`, once it is whole: one line, or for `FULL` all up to the empty one. The refusal has no line end.
    pub(super) fn statistics(&mut self, full: bool) -> Option<String> {
        let end: &[u8] = if full { b"\n\n" } else { b"\n" };
        let whole = self.received == b"ERROR WRONG_STAT" || self.received.ends_with(end);
        whole.then(|| text(&mem::take(&mut self.received)))
    }

    fn take_line(&mut self) -> Option<String> {
        let end = self.received.iter().position(|&byte| byte == b'\n')?;
        let line = text(&self.received[..end]);
        self.received.drain(..=end);
        Some(line)
    }

    fn out_of_step(&self) -> OutOfStep {
        OutOfStep::new(&text(&self.received[..self.received.len().min(80)]))
    }
}

/// What a server says goes into messages and logs: it must not forge a line there.
pub(super) fn printable(said: &str) -> String {
    let mut printable = String::with_capacity(said.len());
    for character in said.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
