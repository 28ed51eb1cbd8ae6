//! Sends the table's messages to clients: at once, or later and in order.
//!
//! The end of a stampede wakes thousands of clients, and each send is a system call. The messages are sent in slices, so that other clients are served in
//! between. `docs/compatibility.md` defines the order.

use super::clients::Clients;
use super::connection::Connection;
use crate::net::peer::Peer;
use crate::system::recurring::Recurring;
use poolcounter::protocol::Response;
use poolcounter::{LockTable, Timestamp, Wakeup};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use tokio::sync::Notify;
use tracing::{debug, warn};

/// How many messages are sent in a row. 32 take about 0.2 ms; looking at the sockets in between takes about 1 µs. A build for tests has short slices, so that
/// small crowds do not fit into one either.
pub(crate) const SLICE: usize = if cfg!(debug_assertions) { 2 } else { 32 };

/// A queue with room for this many messages or fewer is not shrunk.
const SMALL: usize = 1_024;

/// The clients, and the messages that are not sent to them yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) clients: Clients,
    messages: VecDeque<Message>,
    filled: Rc<Notify>,
    drops: Recurring,
}

/// A message and its connection. Not the client's number, which may be another client's before the message is sent. The message keeps the connection open: a
/// client that has left may have ended its own stream and still read.
#[derive(Debug)]
struct Message {
    to: Rc<Connection>,
    content: Content,
}

/// What is to be sent.
#[derive(Debug)]
pub(super) enum Content {
    /// A client's wait has ended.
    Wakeup(Response),
    /// A client's own answers, which come after wake-ups, and its lines that are handled after them.
    Answers { answers: Vec<u8>, lines: Vec<u8> },
}

impl Outbox {
    /// Whether everything is sent.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Notified when there is a message after there was none.
    pub(super) fn filled(&self) -> Rc<Notify> {
        Rc::clone(&self.filled)
    }

    /// Removes the oldest message.
    pub(super) fn pop(&mut self) -> Option<(Rc<Connection>, Content)> {
        let Message { to, content } = self.messages.pop_front()?;
        to.forget_message();
        if self.messages.is_empty() && self.messages.capacity() > SMALL {
            self.messages.shrink_to(SMALL);
        }
        Some((to, content))
    }

    fn push(&mut self, to: Rc<Connection>, content: Content) {
        to.expect_message();
        if self.messages.is_empty() {
            self.filled.notify_one();
        }
        self.messages.push_back(Message { to, content });
    }

    /// Tells the clients whose wait has ended, by the table: `false` if some of them are told later.
    #[inline]
    pub(super) fn tell_others(&mut self, table: &mut LockTable, now: Timestamp) -> bool {
        match table.next_wakeup() {
            None => true,
            Some(first) => self.tell_from(first, table, now),
        }
    }

    /// The same, beginning with a wake-up that was taken from the table.
    fn tell_from(&mut self, first: Wakeup, table: &mut LockTable, now: Timestamp) -> bool {
        let mut next = Some(first);
        if self.is_empty() {
            for _ in 0..SLICE {
                let Some(Wakeup { client, response }) = next else { return true };
                if let Some(connection) = self.clients.get(client) {
                    self.tell(&connection, &response, table, now);
                }
                next = table.next_wakeup();
            }
        }
        let mut all_told = true;
        // The table identifies clients by numbers, which are used again after a client has left. So all wake-ups are taken from it now.
        while let Some(Wakeup { client, response }) = next {
            if let Some(connection) = self.clients.get(client) {
                self.push(connection, Content::Wakeup(response));
                all_told = false;
            }
            next = table.next_wakeup();
        }
        all_told
    }

    /// Sends a wake-up. A client that does not read is dropped, which may cause further wake-ups.
    pub(super) fn tell(&mut self, connection: &Connection, response: &Response, table: &mut LockTable, now: Timestamp) {
        self.clients.mark_used(connection);
        if !connection.is_closed()
            && let Err(error) = connection.tell(response.as_bytes())
        {
            self.send_failed(connection, &error, table, now);
        }
    }

    /// Sends a client its own answers. If messages for it are queued, the answers are queued behind them.
    ///
    /// Nothing more is read from a client while its answers are queued. That also holds for a client without an answer that expects several messages:
    /// otherwise a client that only waits, again and again, would make the outbox grow without limit.
    pub(super) fn answer(
        &mut self,
        connection: &Rc<Connection>,
        answers: &[u8],
        table: &mut LockTable,
        now: Timestamp,
    ) {
        let after_others = match connection.expected() {
            0 => false,
            1 => !answers.is_empty(),
            2.. => true,
        };
        if after_others {
            self.answer_later(connection, answers, &[]);
        } else {
            if connection.client().is_some()
                && let Err(error) = connection.answer(answers)
            {
                self.send_failed(connection, &error, table, now);
            }
            self.tell_others(table, now);
        }
    }

    /// Queues a client's answers behind all queued messages, together with the rest of its lines, which are handled afterwards.
    pub(super) fn answer_later(&mut self, connection: &Rc<Connection>, answers: &[u8], lines: &[u8]) {
        if connection.client().is_none() {
            return;
        }
        connection.begin_queueing();
        self.push(Rc::clone(connection), Content::Answers { answers: answers.to_vec(), lines: lines.to_vec() });
    }

    /// A message could not be sent. If the TCP connection is broken, its client is served until its end is read: lines that arrived before are handled in their
    /// turn, and its locks pass on after what other clients sent earlier, as in the reference. Otherwise the client is dropped. A Unix socket that takes nothing
    /// may never come to an end.
    pub(super) fn send_failed(
        &mut self,
        connection: &Connection,
        error: &io::Error,
        table: &mut LockTable,
        now: Timestamp,
    ) {
        // An error of our own means that the client does not read.
        let is_broken = error.raw_os_error().is_some();
        if is_broken && connection.client().is_some() && !connection.socket.is_unix() {
            table.count_failed_send();
            debug!("an answer was lost, for the connection broke, {}: {error}", Peer::of(&connection.socket));
        } else {
            self.drop_client(connection, error, table, now);
        }
    }

    /// Drops a client that did not take a message.
    pub(super) fn drop_client(
        &mut self,
        connection: &Connection,
        error: &io::Error,
        table: &mut LockTable,
        now: Timestamp,
    ) {
        table.count_failed_send();
        if connection.client().is_none() {
            debug!("a client had left before it was told: {error}");
        } else if error.raw_os_error().is_some() {
            debug!("a connection broke, {}: {error}", Peer::of(&connection.socket));
        } else if let Some(unsaid) = self.drops.due(now) {
            let peer = Peer::of(&connection.socket);
            warn!("a client that does not read its answers was cut off: {peer}{unsaid}");
        }
        self.close(connection, table, now);
    }

    /// Ends a client's connection, unless the client has left. The client's own task closes the socket when it wakes.
    pub(super) fn close(&mut self, connection: &Connection, table: &mut LockTable, now: Timestamp) {
        let Some(client) = connection.close() else { return };
        self.clients.remove(client);
        table.disconnect(client, now);
        // A new client may get the number before this socket is closed.
        self.clients.unwatch_one(connection);
        connection.socket.shut_down();
    }
}
