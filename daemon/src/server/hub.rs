use super::connection::Connection;
use super::outbox::{Content, Outbox, SLICE};
use crate::net::socket::Socket;
use crate::system::clock;
use poolcounter::protocol::{Command, LineBuffer};
use poolcounter::{LockTable, Timestamp};
use std::rc::Rc;

/// The lock table, which says whom to tell what, and the outbox, which tells them.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) table: LockTable,
    pub(super) outbox: Outbox,
    /// New clients are refused, and those who are here leave when they have finished.
    pub(super) draining: bool,
}

impl Hub {
    pub(super) fn new(table: LockTable) -> Self {
        Self { table, outbox: Outbox::default(), draining: false }
    }

    pub(super) fn connect(&mut self, socket: Socket) -> Rc<Connection> {
        let connection = Connection::new(self.table.connect(), clock::now(), socket, LineBuffer::new(), None);
        self.outbox.clients.connect(&connection);
        connection
    }

    /// A client has left: its locks pass on.
    pub(super) fn client_left(&mut self, connection: &Connection, now: Timestamp) {
        let Some(client) = connection.leave() else { return };
        self.outbox.clients.remove(client);
        self.table.disconnect(client, now);
        self.tell_others(now);
    }

    /// Handles the bytes of one read.
    pub(super) fn handle(&mut self, connection: &Rc<Connection>, input: &[u8], answers: &mut Vec<u8>) {
        let now = clock::now();
        let Some(client) = connection.client() else { return };
        self.outbox.clients.mark_used(connection);
        self.table.received(client, now);
        self.tell_others(now);
        self.handle_lines(connection, input, answers, now);
    }

    /// Executes a client's lines and answers. Stops after a line that wakes more clients than can be told at once; the rest is handled later.
    fn handle_lines(&mut self, connection: &Rc<Connection>, mut input: &[u8], answers: &mut Vec<u8>, now: Timestamp) {
        answers.clear();
        let mut lines = connection.lines.borrow_mut();
        // The client may have been dropped while others were told.
        while let Some(client) = connection.client()
            && let Some(line) = lines.next_line(&mut input)
        {
            let answer = self.table.command(client, Command::parse(line), now);
            let all_told = self.tell_others(now);
            if let Some(answer) = answer {
                answers.extend_from_slice(answer.as_bytes());
            }
            if !all_told {
                return self.outbox.answer_later(connection, answers, input);
            }
        }
        self.outbox.answer(connection, answers, &mut self.table, now);
    }

    /// Ends the waits whose timeout has passed.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.table.expire(now);
        self.tell_others(now);
    }

    /// Tells the clients that the table names; see [`Outbox::tell_others`].
    #[inline]
    pub(super) fn tell_others(&mut self, now: Timestamp) -> bool {
        self.outbox.tell_others(&mut self.table, now)
    }

    /// Sends a slice of the outbox. Gives whether there is more. Sets `released` if this closed a connection that was open only for its last message.
    pub(super) fn deliver_slice(&mut self, now: Timestamp, released: &mut bool) -> bool {
        for _ in 0..SLICE {
            let Some((connection, content)) = self.outbox.pop() else { return false };
            *released |= connection.client().is_none();
            match content {
                Content::Wakeup(response) => self.outbox.tell(&connection, &response, &mut self.table, now),
                Content::Answers { answers, lines } => self.answer_now(&connection, answers, &lines, now),
            }
            // The locks of a client that was dropped have passed on.
            self.tell_others(now);
        }
        !self.outbox.is_empty()
    }

    /// Sends answers that were queued, and handles the rest of the client's lines.
    fn answer_now(&mut self, connection: &Rc<Connection>, mut answers: Vec<u8>, lines: &[u8], now: Timestamp) {
        if connection.client().is_none() {
            return;
        }
        connection.end_queueing();
        let failure = connection.answer(&answers).err();
        self.expire(now);
        if !lines.is_empty() {
            self.handle_lines(connection, lines, &mut answers, now);
        }
        // All lines of the client arrived before the connection broke. If some are left, sending the next answer fails, too.
        if let Some(error) = failure.filter(|_| connection.client().is_some() && !connection.is_paused()) {
            self.outbox.send_failed(connection, &error, &mut self.table, now);
        }
        if self.draining {
            self.leave_if_done(connection, now);
        }
    }
}
