//! What an object of `PoolCounter\Client` holds and does.

use crate::answer::Answer;
use crate::registry::Connections;
use poolcounter::Process;
use poolcounter::client::{Failure, Lock, Outcome, Request};
use poolcounter::protocol::Mode;
use std::rc::Rc;

/// The Rust half of a `PoolCounter\Client`.
pub(crate) struct Client {
    connections: Rc<Connections>,
    /// Microseconds to wait for an answer, if not as the request says.
    read_timeout: Option<u64>,
    /// The locks acquired through this object, the newest last.
    held: Vec<Held>,
    last_key: Option<Rc<[u8]>>,
}

struct Held {
    key: Rc<[u8]>,
    lock: Lock,
    /// The process that acquired it.
    process: Process,
}

/// What an acquire asks for.
pub(crate) struct Wish {
    pub(crate) mode: Mode,
    pub(crate) key: Vec<u8>,
    pub(crate) workers: u32,
    pub(crate) maxqueue: u32,
    pub(crate) timeout: u32,
}

/// Why a release cannot be.
pub(crate) enum NotReleased {
    /// Nothing is held, and no key says which server to ask.
    NoKey,
    /// The key is not that of the newest lock, which is the one that the server would take.
    NotNewest,
    Failed(Failure),
}

impl Client {
    pub(crate) fn new(connections: Rc<Connections>, read_timeout: Option<u64>) -> Self {
        Self { connections, read_timeout, held: Vec::new(), last_key: None }
    }

    pub(crate) fn acquire(&mut self, wish: Wish) -> Result<Answer, Failure> {
        self.leave_parents_locks();
        let Wish { mode, key, workers, maxqueue, timeout } = wish;
        let request = Request { mode, key: &key, workers, maxqueue, timeout, answer_within: self.read_timeout };
        let outcome = self.connections.client().acquire(&request);
        if let Err(failure @ Failure::BadKey(_)) = outcome {
            return Err(failure);
        }
        let key: Rc<[u8]> = key.into();
        self.last_key = Some(Rc::clone(&key));
        Ok(match outcome? {
            Outcome::Locked(lock) => {
                self.held.push(Held { key, lock, process: Process::current() });
                Answer::Locked
            }
            other => answer(&other),
        })
    }

    /// Releases the newest lock. With nothing held, the server of the key is asked all the same.
    pub(crate) fn release(&mut self, key: Option<Vec<u8>>) -> Result<Answer, NotReleased> {
        self.leave_parents_locks();
        if let (Some(newest), Some(key)) = (self.held.last(), &key)
            && *newest.key != **key
        {
            return Err(NotReleased::NotNewest);
        }
        let outcome = if let Some(Held { lock, .. }) = self.held.pop() {
            self.connections.client().release(&lock)
        } else {
            let key = key.map(Rc::from).or_else(|| self.last_key.clone()).ok_or(NotReleased::NoKey)?;
            self.connections.client().release_nothing(&key)
        };
        outcome.map(|outcome| answer(&outcome)).map_err(NotReleased::Failed)
    }

    /// The servers, as they are configured.
    pub(crate) fn servers(&self) -> Vec<String> {
        self.connections.client().settings().servers.iter().map(|server| server.name().to_owned()).collect()
    }

    /// What the server of this index says of a statistic.
    pub(crate) fn statistics(&self, server: usize, name: &str) -> Result<String, Failure> {
        Ok(match self.connections.client().statistics(server, name)? {
            Outcome::Statistics(text) => text,
            _ => String::new(),
        })
    }

    /// The work failed: the connections of the locks are closed, so nobody is told that it is done.
    pub(crate) fn abandon(&mut self) {
        self.leave_parents_locks();
        if self.held.is_empty() {
            return;
        }
        let mut client = self.connections.client();
        for held in self.held.drain(..) {
            client.abandon(&held.lock);
        }
    }

    /// Closes every connection of this configuration.
    pub(crate) fn close(&mut self) {
        self.held.clear();
        self.connections.client().close();
    }

    /// After a fork the locks are the parent's.
    fn leave_parents_locks(&mut self) {
        if !self.held.is_empty() {
            let process = Process::current();
            self.held.retain(|held| held.process == process);
        }
    }
}

impl Drop for Client {
    /// An object that goes while it holds locks was forgotten, or left by an exception: its work was not finished.
    fn drop(&mut self) {
        self.abandon();
    }
}

fn answer(outcome: &Outcome) -> Answer {
    match outcome {
        Outcome::Locked(_) => Answer::Locked,
        Outcome::Done => Answer::Done,
        Outcome::QueueFull => Answer::QueueFull,
        Outcome::Timeout => Answer::Timeout,
        Outcome::LockHeld => Answer::LockHeld,
        Outcome::NotLocked => Answer::NotLocked,
        Outcome::Released => Answer::Released,
        Outcome::Statistics(_) => Answer::Error,
    }
}
