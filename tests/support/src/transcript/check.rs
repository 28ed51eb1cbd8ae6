//! Refuses stories whose outcome would depend on chance.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter::protocol::{Command, LineBuffer, MAX_LINE};

use super::{Name, Scene, Step, Story};

/// The least time between a step and a moment at which a timer may fire.
const MARGIN: Duration = Duration::from_millis(300);

/// The state of a story after a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct SoFar {
    now: Duration,
    deadlines: BTreeSet<Duration>,
    frozen: bool,
    /// Clients that have sent half a line.
    amid_a_line: BTreeSet<Name>,
    /// Clients that have sent anything since the daemon was stopped.
    unread: BTreeSet<Name>,
    connected: BTreeSet<Name>,
}

impl Story {
    /// Refuses a story that uses a difference of the closed list, or whose outcome depends on chance.
    pub fn check(&self) -> Result<()> {
        let mut so_far = SoFar::default();
        for Scene { line, step, .. } in &self.scenes {
            so_far.take(step).with_context(|| format!("line {line}: {step}"))?;
        }
        ensure!(!so_far.frozen, "the daemon never continues");
        Ok(())
    }
}

impl SoFar {
    /// Takes the next step, unless it is refused.
    pub(crate) fn take(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Connect(name) => {
                ensure!(!self.frozen, "no client can connect to a stopped daemon");
                ensure!(self.connected.insert(name.clone()), "it is connected");
            }
            Step::Send(name, bytes) => self.send(name, bytes)?,
            Step::ShutDown(name) | Step::Close(name) | Step::Reset(name) => {
                ensure!(self.connected.remove(name), "it is not connected");
                self.amid_a_line.remove(name);
                self.unread.remove(name);
            }
            Step::Wait(time) => self.wait(*time)?,
            // In virtual time, the clock of the statistics is also the clock of the timers.
            Step::Clock(time) => {
                let due = |deadline: &Duration| *deadline > self.now && *deadline <= self.now + *time;
                ensure!(!self.deadlines.iter().any(due), "a client may be waiting with a timer");
                self.now += *time;
            }
            Step::Freeze => ensure!(!std::mem::replace(&mut self.frozen, true), "it is stopped"),
            Step::Thaw => {
                ensure!(std::mem::replace(&mut self.frozen, false), "it is not stopped");
                self.unread.clear();
            }
        }
        Ok(())
    }

    /// Whether a client can only leave.
    pub(crate) fn is_silent(&self, name: &Name) -> bool {
        self.amid_a_line.contains(name) || self.unread.contains(name)
    }

    /// Whether a client is connected.
    pub(crate) fn is_connected(&self, name: &Name) -> bool {
        self.connected.contains(name)
    }

    fn send(&mut self, name: &Name, bytes: &[u8]) -> Result<()> {
        ensure!(!bytes.is_empty() && bytes.len() <= MAX_LINE, "a segment has 1 to {MAX_LINE} bytes");
        let end = bytes.iter().position(|&byte| byte == b'\n');
        ensure!(end.is_none_or(|end| end + 1 == bytes.len()), "one line in a segment");
        ensure!(!self.is_silent(name), "after half a line, or for a stopped daemon, a client sends no more");
        if self.connected.insert(name.clone()) {
            ensure!(!self.frozen, "no client can connect to a stopped daemon");
        }
        if self.frozen {
            self.unread.insert(name.clone());
        }
        if end.is_none() {
            self.amid_a_line.insert(name.clone());
        }
        self.deadlines.extend(timeout(bytes).map(|timeout| self.now + timeout));
        Ok(())
    }

    fn wait(&mut self, time: Duration) -> Result<()> {
        self.now += time;
        self.deadlines = self.deadlines.split_off(&self.now.saturating_sub(MARGIN));
        let near = self.deadlines.iter().find(|deadline| deadline.abs_diff(self.now) < MARGIN);
        ensure!(near.is_none(), "a timer may fire just then");
        Ok(())
    }
}

/// The longest wait of a client that sends this line.
fn timeout(bytes: &[u8]) -> Option<Duration> {
    let mut lines = LineBuffer::new();
    match Command::parse(lines.next_line(&mut &*bytes)?) {
        Command::Acquire(acquire) => Some(Duration::from_secs(acquire.timeout.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<()> {
        Story::parse(text).map(|_| ())
    }

    #[test]
    fn what_is_uncertain_is_refused() {
        for text in [
            "a -> RELEASE\\nRELEASE\\n",
            "a -> {x*1025}",
            "a -> half\na -> RELEASE\\n",
            "a connects\na connects",
            "a closes",
            "a -> ACQ4ME k 1 1 1\\n\nwait 0.9s",
            "a -> ACQ4ME k 1 1 1\\n\nwait 0.5s\nwait 0.6s",
            "a -> ACQ4ME k 1 1 5\\n\nclock +6s",
            "daemon stops\na -> RELEASE\\n\ndaemon goes on",
            "a connects\ndaemon stops\na -> RELEASE\\n\na -> RELEASE\\n\ndaemon goes on",
            "a -> half\ndaemon stops\ndaemon goes on\na -> RELEASE\\n",
            "daemon stops",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_certain_is_taken() {
        for text in [
            "a -> ACQ4ME k 1 1 1\\n\nwait 0.5s\nwait 1s\nclock +3600s\nwait 1s",
            "a -> half\na closes\na -> RELEASE\\n",
            "a connects\ndaemon stops\na -> RELEASE\\n\na shuts down sending\ndaemon goes on",
        ] {
            check(text).unwrap();
        }
    }
}
