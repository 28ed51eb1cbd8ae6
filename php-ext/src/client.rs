//! What an object of `PoolCounter\Client` does.

use crate::answer::Answer;
use crate::held::Owner;
use crate::registry::Connections;
use poolcounter::client::{AcquireOutcome, Failure, ReleaseOutcome, Request};
use poolcounter::protocol::Mode;
use std::rc::Rc;
use std::time::Duration;

/// The Rust half of a `PoolCounter\Client`. Its locks are in [`Connections::held`].
pub(crate) struct Client {
    connections: Rc<Connections>,
    owner: Owner,
    /// How long to wait for an answer, if not as long as the request says.
    answer_timeout: Option<Duration>,
    last_key: Option<Rc<[u8]>>,
    /// The index of the server that the last call asked.
    asked: Option<usize>,
}

/// Why a release cannot be.
pub(crate) enum NotReleased {
    /// Nothing is held, and no key says which server to ask.
    NoKey,
    Failed(Failure),
}

impl Client {
    pub(crate) fn new(connections: Rc<Connections>, answer_timeout: Option<Duration>) -> Self {
        let owner = connections.held().new_owner();
        Self { connections, owner, answer_timeout, last_key: None, asked: None }
    }

    /// Acquires a lock. The numbers are `workers`, `maxqueue` and `timeout`.
    pub(crate) fn acquire(&mut self, key: Vec<u8>, mode: Mode, numbers: [u32; 3]) -> Result<Answer, Failure> {
        let [workers, maxqueue, timeout] = numbers;
        let mut request = Request::new(&key).mode(mode).workers(workers).maxqueue(maxqueue).timeout_seconds(timeout);
        if let Some(timeout) = self.answer_timeout {
            request = request.answer_timeout(timeout);
        }
        let outcome = self.connections.client().acquire(&request);
        self.note_server(outcome.is_ok());
        if let Err(failure @ Failure::BadKey(_)) = outcome {
            return Err(failure);
        }
        let key: Rc<[u8]> = key.into();
        self.last_key = Some(Rc::clone(&key));
        Ok(match outcome? {
            AcquireOutcome::Locked(lock) => {
                self.connections.held().add(self.owner, key, lock);
                Answer::Locked
            }
            AcquireOutcome::Done => Answer::Done,
            AcquireOutcome::QueueFull => Answer::QueueFull,
            AcquireOutcome::Timeout => Answer::Timeout,
            AcquireOutcome::LockHeld => Answer::LockHeld,
        })
    }

    /// Releases the newest lock of this object, or its newest one of this key. If there is none, the server of the key is asked all the same.
    pub(crate) fn release(&mut self, key: Option<Vec<u8>>) -> Result<Answer, NotReleased> {
        let held = self.connections.held().take(self.owner, key.as_deref());
        let outcome = if let Some(lock) = held {
            self.connections.client().release(lock).map_err(Failure::from)
        } else {
            let key = key.map(Rc::from).or_else(|| self.last_key.clone()).ok_or(NotReleased::NoKey)?;
            self.connections.client().release_nothing(&key)
        };
        self.note_server(outcome.is_ok());
        match outcome.map_err(NotReleased::Failed)? {
            ReleaseOutcome::Released => Ok(Answer::Released),
            ReleaseOutcome::NotLocked => Ok(Answer::NotLocked),
        }
    }

    /// The server that gave the last call of this object its answer; none if the call failed.
    pub(crate) fn last_server(&self) -> Option<String> {
        let client = self.connections.client();
        let server = self.asked.and_then(|asked| client.settings().servers().get(asked))?;
        Some(server.name().to_owned())
    }

    /// A failure names its server itself.
    fn note_server(&mut self, answered: bool) {
        self.asked = if answered { self.connections.client().asked() } else { None };
    }

    /// The servers, as they are configured.
    pub(crate) fn servers(&self) -> Vec<String> {
        self.connections.client().settings().servers().iter().map(|server| server.name().to_owned()).collect()
    }

    /// The answer of the server of this index to a question for a statistic.
    pub(crate) fn statistics(&self, server: usize, name: &str) -> Result<String, Failure> {
        self.connections.client().statistics(server, name)
    }

    /// The work failed: the connections of the locks are closed, so nobody is told that it is done.
    pub(crate) fn abandon(&mut self) {
        let mut held = self.connections.held();
        while let Some(lock) = held.take(self.owner, None) {
            // It was acquired by this client, so it is not refused.
            self.connections.client().abandon(lock).unwrap_or_default();
        }
    }

    /// Abandons the locks of this object, and closes the idle connections, unless another object holds a lock.
    pub(crate) fn close(&mut self) {
        self.abandon();
        if self.connections.held().is_empty() {
            self.connections.client().close();
        }
    }
}

impl Drop for Client {
    /// An object that is destroyed while it holds locks was forgotten, or left by an exception: its work was not finished.
    fn drop(&mut self) {
        self.abandon();
    }
}
