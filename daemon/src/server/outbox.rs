//! What clients must be told that cannot be sent at once, in its order.
//!
//! A stampede's end wakes thousands of clients, and each send is a system call. They are sent in slices, so that others are served in between;
//! `docs/compatibility.md` says which order holds.

use super::connection::Connection;
use poolcounter::protocol::Response;
use std::collections::VecDeque;
use std::rc::Rc;
use tokio::sync::Notify;

/// So many messages are sent in a row. 32 take about 0.2 ms; looking at the sockets in between takes about 1 µs. A build for tests has short slices, so that
/// small crowds are cut by them as well.
pub(crate) const SLICE: usize = if cfg!(debug_assertions) { 2 } else { 32 };

/// Below this many messages their queue is not worth shrinking.
const SMALL: usize = 1_024;

/// The messages that are not sent yet, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: VecDeque<Message>,
    filled: Rc<Notify>,
}

/// A message and whom it is for: a connection, because a client's number may be another's before the message is sent. It keeps the connection open: a
/// client that has left may have ended its own stream and read on.
#[derive(Debug)]
struct Message {
    to: Rc<Connection>,
    content: Content,
}

/// What is to be sent.
#[derive(Debug)]
pub(crate) enum Content {
    /// A client's wait has ended.
    Wakeup(Response),
    /// A client's own answers, which come after wake-ups, and its lines that are handled after them.
    Answers { answers: Vec<u8>, lines: Vec<u8> },
}

impl Outbox {
    /// Whether everything is sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Puts a message behind all others.
    pub(crate) fn push(&mut self, to: Rc<Connection>, content: Content) {
        to.expect_message();
        if self.messages.is_empty() {
            self.filled.notify_one();
        }
        self.messages.push_back(Message { to, content });
    }

    /// Takes the oldest message.
    pub(crate) fn pop(&mut self) -> Option<(Rc<Connection>, Content)> {
        let Message { to, content } = self.messages.pop_front()?;
        to.forget_message();
        if self.messages.is_empty() && self.messages.capacity() > SMALL {
            self.messages.shrink_to(SMALL);
        }
        Some((to, content))
    }

    /// Notified when there is a message after there was none.
    pub(crate) fn filled(&self) -> Rc<Notify> {
        Rc::clone(&self.filled)
    }
}
