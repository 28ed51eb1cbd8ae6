use super::{LinkId, LockNumber};
use crate::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

/// More bytes than this without an end are not an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// One connection: the locks it holds and the answers it still owes.
#[derive(Debug)]
pub(super) struct Link<S> {
    pub(super) id: LinkId,
    /// The index of its server.
    pub(super) server: usize,
    pub(super) socket: S,
    /// Bytes that were received and not yet parsed.
    received: Vec<u8>,
    /// Releases whose answers are still to come.
    pub(super) unanswered: u32,
    /// Locks that are held through it, the newest last.
    locks: Vec<Held>,
    /// A call is using it.
    pub(super) busy: bool,
    pub(super) idle_since: Timestamp,
    /// When the server last sent anything on it.
    pub(super) heard: Option<Timestamp>,
}

/// A lock, as its connection knows it.
#[derive(Debug)]
struct Held {
    number: LockNumber,
    /// Its caller has released it, but the server is not told yet: it takes the newest lock of a connection.
    release_delayed: bool,
}

/// The server sent something that is no answer to the command. The text is escaped for a message.
#[derive(Debug)]
pub(super) struct OutOfStep(pub(super) String);

impl OutOfStep {
    pub(super) fn new(said: &str) -> Self {
        Self(printable(said))
    }
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
        self.locks.push(Held { number, release_delayed: false });
    }

    /// The server has released the newest lock, or was told to.
    pub(super) fn released_newest(&mut self) {
        self.locks.pop();
    }

    /// The server holds no lock for this connection.
    pub(super) fn released_all(&mut self) {
        self.locks.clear();
    }

    /// The caller of this lock has released it; the server is to be told. False if the lock is not held.
    pub(super) fn release(&mut self, number: LockNumber) -> bool {
        let held = self.locks.iter_mut().find(|held| held.number == number);
        held.map(|held| held.release_delayed = true).is_some()
    }

    /// Whether it holds a lock that its caller has not released.
    pub(super) fn is_in_use(&self) -> bool {
        self.locks.iter().any(|held| !held.release_delayed)
    }

    /// Whether the caller of the newest lock has released it, and the server must still be told.
    pub(super) fn owes_a_release(&self) -> bool {
        self.locks.last().is_some_and(|held| held.release_delayed)
    }

    pub(super) fn receive(&mut self, bytes: &[u8], now: Timestamp) -> Result<(), OutOfStep> {
        self.heard = Some(now);
        self.received.extend_from_slice(bytes);
        if self.received.len() > MAX_ANSWER { Err(self.out_of_step()) } else { Ok(()) }
    }

    /// Removes the answers of earlier releases from the received bytes. True if all of them have come.
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

    /// Removes the answer to `STATS UPTIME` from the received bytes. True if it has come.
    pub(super) fn probe_answered(&mut self) -> Result<bool, OutOfStep> {
        match self.answer()? {
            Some(line) if line.starts_with("uptime: ") => Ok(true),
            Some(line) => Err(OutOfStep::new(&line)),
            None => Ok(false),
        }
    }

    /// The answer of one line, once it is complete.
    pub(super) fn answer(&mut self) -> Result<Option<String>, OutOfStep> {
        match self.take_line() {
            Some(_) if !self.received.is_empty() => Err(self.out_of_step()),
            line => Ok(line),
        }
    }

    /// The answer to `STATS`, once it is complete: one line, or for `FULL` all lines up to an empty one. A refusal has no line end.
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

/// Escapes what a server sent, for messages and logs: it must not forge a line there.
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
