use super::LinkId;
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
    /// Locks that are held through it.
    pub(super) held: u32,
    /// A call is using it.
    pub(super) busy: bool,
    pub(super) idle_since: Timestamp,
}

/// The server said something that was not asked for, or that makes no sense; what it said, fit for a message.
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
        Self { id, server, socket, received: Vec::new(), unanswered: 0, held: 0, busy: true, idle_since: now }
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.busy && self.held == 0
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<(), OutOfStep> {
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
