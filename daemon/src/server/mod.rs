//! The lock table and everyone connected to it.

mod connection;
mod idleness;
mod outbox;
mod succession;
#[cfg(test)]
mod tests;
mod unsent;

pub(crate) use connection::Connection;
pub(crate) use outbox::SLICE;

use crate::constants::VERSION;
use crate::net::peer::Peer;
use crate::net::read_order::Arrivals;
use crate::net::socket::{Received, Socket};
use crate::system::clock;
use crate::system::recurring::Recurring;
use outbox::{Content, Outbox};
use poolcounter::protocol::{Command, Response};
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp, Wakeup};
use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tracing::{debug, warn};

/// Bytes taken from a client at a time.
const READ_SIZE: usize = 4 * 1024;

/// Everything that the tasks share. They run on one thread and never hold a borrow across an await.
#[derive(Debug)]
pub(crate) struct Server {
    hub: RefCell<Hub>,
    buffers: RefCell<Buffers>,
    max_clients: usize,
    /// When the expiry task will wake by itself.
    alarm: Cell<Option<Timestamp>>,
    alarm_changed: Notify,
    descriptor_freed: Notify,
    /// Nobody is let in.
    shut: Cell<bool>,
}

/// The table and the sockets of its clients.
#[derive(Debug)]
struct Hub {
    table: LockTable,
    /// By the client's number.
    connections: Vec<Option<Rc<Connection>>>,
    /// What clients are told later, in slices.
    outbox: Outbox,
    /// Watched while another program is tried.
    arrivals: Option<Rc<Arrivals>>,
    cut_offs: Recurring,
    /// Counts on while idle clients are looked for; see [`Connection::used`].
    round: u32,
}

/// Used by whoever reads, so that an idle connection needs no memory of its own.
#[derive(Debug)]
struct Buffers {
    read: Box<[u8]>,
    answers: Vec<u8>,
}

/// A seed that clients cannot guess.
pub(crate) fn hash_seed() -> HashSeed {
    let random = RandomState::new();
    HashSeed::new(random.hash_one(0), random.hash_one(1))
}

/// How a read went.
pub(crate) enum Progress {
    /// There is nothing more for now.
    Drained,
    /// There may be more.
    More,
    /// The client has left, or was cut off.
    Gone,
}

impl Server {
    pub(crate) fn new(max_clients: usize) -> Rc<Self> {
        Self::with_table(max_clients, LockTable::new(hash_seed(), clock::now()))
    }

    fn with_table(max_clients: usize, table: LockTable) -> Rc<Self> {
        Rc::new(Self {
            hub: RefCell::new(Hub::new(table)),
            buffers: RefCell::new(Buffers { read: vec![0; READ_SIZE].into(), answers: Vec::new() }),
            max_clients,
            alarm: Cell::new(None),
            alarm_changed: Notify::new(),
            descriptor_freed: Notify::new(),
            shut: Cell::new(false),
        })
    }

    /// How the daemon fares, for people.
    pub(crate) fn status(&self) -> String {
        let table = &self.hub.borrow().table;
        let (mut held, mut waiting) = (0, 0);
        for pool in table.pools() {
            held += pool.holders().count();
            waiting += pool.waiters_for_me().chain(pool.waiters_for_anyone()).count();
        }
        format!("Version {VERSION}, clients: {}, locks held: {held}, waiting: {waiting}", table.clients().len())
    }

    /// Takes a new client in. Its socket comes back if there are as many as are allowed.
    pub(crate) fn connect(&self, socket: Socket) -> Result<Rc<Connection>, Socket> {
        let mut hub = self.hub.borrow_mut();
        if hub.table.clients().len() >= self.max_clients {
            hub.table.count_connect_error();
            return Err(socket);
        }
        Ok(hub.connect(socket))
    }

    /// How many clients are allowed at once.
    pub(crate) fn max_clients(&self) -> usize {
        self.max_clients
    }

    /// The client has left: its locks pass on.
    pub(crate) fn disconnect(&self, connection: &Connection) {
        self.hub.borrow_mut().disconnect(connection, clock::now());
        self.descriptor_freed.notify_waiters();
    }

    /// Reads once from a client and does what its lines say.
    pub(crate) fn read(&self, connection: &Rc<Connection>) -> Progress {
        self.receive(connection, Socket::read)
    }

    fn receive(
        &self,
        connection: &Rc<Connection>,
        read_from: impl FnOnce(&Socket, &mut [u8]) -> io::Result<Received>,
    ) -> Progress {
        if connection.client().is_none() {
            return Progress::Gone;
        }
        let Buffers { read, answers } = &mut *self.buffers.borrow_mut();
        let length = match read_from(&connection.socket, read) {
            Ok(Received::Bytes(length)) => length,
            Ok(Received::Nothing) => return Progress::Drained,
            Ok(Received::End) => return Progress::Gone,
            Err(error) => {
                debug!("a connection broke, {}: {error}", Peer::of(&connection.socket));
                return Progress::Gone;
            }
        };
        let mut hub = self.hub.borrow_mut();
        hub.handle(connection, &read[..length], answers);
        self.check_alarm(&hub.table);
        if connection.client().is_none() {
            Progress::Gone
        } else if length == READ_SIZE {
            Progress::More
        } else {
            Progress::Drained
        }
    }

    /// Tells everyone whose time is up.
    pub(crate) fn expire(&self) {
        self.hub.borrow_mut().expire(clock::now());
    }

    /// Sends a slice of what waits in the outbox, and more of them until this time has passed: whether there is more.
    pub(crate) fn tell_slices(&self, time: Duration) -> bool {
        let start = Instant::now();
        let mut hub = self.hub.borrow_mut();
        let mut let_go = false;
        let more = loop {
            if !hub.tell_slice(clock::now(), &mut let_go) {
                break false;
            }
            if start.elapsed() >= time {
                break true;
            }
        };
        self.check_alarm(&hub.table);
        if let_go {
            self.descriptor_freed.notify_waiters();
        }
        more
    }

    /// Sends all that waits in the outbox.
    pub(crate) fn tell_all(&self) {
        self.tell_slices(Duration::MAX);
    }

    /// Whether nothing waits in the outbox.
    pub(crate) fn has_told_all(&self) -> bool {
        self.hub.borrow().outbox.is_empty()
    }

    /// Resolves when something has come to wait in the outbox.
    pub(crate) async fn outbox_filled(&self) {
        let filled = self.hub.borrow().outbox.filled();
        filled.notified().await;
    }

    /// The next deadline, for which the expiry task is going to sleep.
    pub(crate) fn arm_alarm(&self) -> Option<Timestamp> {
        let next = self.hub.borrow().table.next_deadline();
        self.alarm.set(next);
        next
    }

    /// Resolves when a deadline has come up before the one that was slept for.
    pub(crate) async fn alarm_changed(&self) {
        self.alarm_changed.notified().await;
    }

    /// Resolves when a client has left.
    pub(crate) async fn descriptor_freed(&self) {
        self.descriptor_freed.notified().await;
    }

    /// Whether nobody is to be let in now.
    pub(crate) fn is_shut(&self) -> bool {
        self.shut.get()
    }

    /// A connection could not be accepted.
    pub(crate) fn count_connect_error(&self) {
        self.hub.borrow_mut().table.count_connect_error();
    }

    /// Parts with a client that took no answer for too long, or whose connection broke.
    pub(crate) fn give_up(&self, connection: &Connection, error: &io::Error) {
        let mut hub = self.hub.borrow_mut();
        let now = clock::now();
        hub.cut_off(connection, error, now);
        hub.tell_others(now);
    }

    /// Sleeping too long would be a fault, waking too early is none.
    fn check_alarm(&self, table: &LockTable) {
        let Some(next) = table.next_deadline() else { return };
        if self.alarm.get().is_none_or(|alarm| next < alarm) {
            self.alarm.set(Some(next));
            self.alarm_changed.notify_one();
        }
    }
}

impl Hub {
    fn connect(&mut self, socket: Socket) -> Rc<Connection> {
        let client = self.table.connect();
        let connection = Connection::new(client, socket);
        connection.used.set(self.round);
        if let Some(arrivals) = &self.arrivals {
            // One that cannot be watched loses its turn, at worst, and nothing else.
            let _ = connection.watch(arrivals);
        }
        self.add(Rc::clone(&connection));
        connection
    }

    fn add(&mut self, connection: Rc<Connection>) {
        let Some(index) = connection.client().map(ClientId::index) else { return };
        if index >= self.connections.len() {
            self.connections.resize(index + 1, None);
        }
        self.connections[index] = Some(connection);
    }

    fn new(table: LockTable) -> Self {
        Self {
            table,
            connections: Vec::new(),
            outbox: Outbox::default(),
            arrivals: None,
            cut_offs: Recurring::default(),
            round: 0,
        }
    }

    fn disconnect(&mut self, connection: &Connection, now: Timestamp) {
        let Some(client) = connection.leave() else { return };
        self.connections[client.index()] = None;
        self.table.disconnect(client, now);
        self.tell_others(now);
    }

    /// Handles what one read brought.
    fn handle(&mut self, connection: &Rc<Connection>, input: &[u8], answers: &mut Vec<u8>) {
        let now = clock::now();
        let Some(client) = connection.client() else { return };
        connection.used.set(self.round);
        self.table.received(client, now);
        self.tell_others(now);
        self.obey(connection, input, answers, now);
    }

    /// Does what a client's lines say, as far as it may be done now, and answers.
    fn obey(&mut self, connection: &Rc<Connection>, mut input: &[u8], answers: &mut Vec<u8>, now: Timestamp) {
        answers.clear();
        let mut lines = connection.lines.borrow_mut();
        // It may have been cut off while others were told.
        while let Some(client) = connection.client()
            && let Some(line) = lines.next_line(&mut input)
        {
            let answer = self.table.command(client, Command::parse(line), now);
            let told = self.tell_others(now);
            if let Some(answer) = answer {
                answers.extend_from_slice(answer.as_bytes());
            }
            if !told {
                return self.answer_later(connection, answers, input);
            }
        }
        self.answer(connection, answers, now);
    }

    /// Sends a client its own answers, or queues them if it expects something that comes before them.
    ///
    /// While they are queued nothing more is read from it. Of one that expects several messages that holds without an answer, too: else a client that does
    /// nothing but wait, again and again, would have the outbox grow without end.
    fn answer(&mut self, connection: &Rc<Connection>, answers: &[u8], now: Timestamp) {
        let after_others = match connection.expected() {
            0 => false,
            1 => !answers.is_empty(),
            2.. => true,
        };
        if after_others {
            self.answer_later(connection, answers, &[]);
        } else {
            self.send(connection, answers, now);
            self.tell_others(now);
        }
    }

    /// Sends a client its own answers now. A client whose connection is broken is parted with, so there may be something to tell others then.
    fn send(&mut self, connection: &Connection, answers: &[u8], now: Timestamp) {
        if connection.client().is_some()
            && let Err(error) = connection.answer(answers)
        {
            self.cut_off(connection, &error, now);
        }
    }

    /// A client's answers come after all that is due to others; then the rest of its lines are handled.
    fn answer_later(&mut self, connection: &Rc<Connection>, answers: &[u8], lines: &[u8]) {
        if connection.client().is_none() {
            return;
        }
        connection.begin_queueing();
        self.outbox.push(Rc::clone(connection), Content::Answers { answers: answers.to_vec(), lines: lines.to_vec() });
    }

    fn expire(&mut self, now: Timestamp) {
        self.table.expire(now);
        self.tell_others(now);
    }

    /// Sends what the table has for clients that did not ask just now: whether nothing of that has come to wait in the outbox.
    #[inline]
    fn tell_others(&mut self, now: Timestamp) -> bool {
        match self.table.next_wakeup() {
            None => true,
            Some(first) => self.tell_from(first, now),
        }
    }

    /// The same, from a wake-up on that was taken.
    fn tell_from(&mut self, first: Wakeup, now: Timestamp) -> bool {
        let mut next = Some(first);
        if self.outbox.is_empty() {
            for _ in 0..SLICE {
                let Some(Wakeup { client, response }) = next else { return true };
                if let Some(connection) = self.connection(client) {
                    self.tell(&connection, &response, now);
                }
                next = self.table.next_wakeup();
            }
        }
        let mut nothing = true;
        // The table knows clients by their numbers, which are given anew after a client has left, so nothing may stay there.
        while let Some(Wakeup { client, response }) = next {
            if let Some(connection) = self.connection(client) {
                self.outbox.push(connection, Content::Wakeup(response));
                nothing = false;
            }
            next = self.table.next_wakeup();
        }
        nothing
    }

    /// Sends a slice of what waits in the outbox: whether there is more. Notes if a connection was let go that had stayed open for it.
    fn tell_slice(&mut self, now: Timestamp, let_go: &mut bool) -> bool {
        for _ in 0..SLICE {
            let Some((connection, content)) = self.outbox.pop() else { return false };
            *let_go |= connection.client().is_none();
            match content {
                Content::Wakeup(response) => self.tell(&connection, &response, now),
                Content::Answers { answers, lines } => self.answer_now(&connection, answers, &lines, now),
            }
            // If a client was cut off, its locks have passed on.
            self.tell_others(now);
        }
        !self.outbox.is_empty()
    }

    /// Sends answers that have come out of the outbox, and handles the rest of the client's lines.
    fn answer_now(&mut self, connection: &Rc<Connection>, mut answers: Vec<u8>, lines: &[u8], now: Timestamp) {
        if connection.client().is_none() {
            return;
        }
        connection.end_queueing();
        let failure = connection.answer(&answers).err();
        self.table.expire(now);
        self.tell_others(now);
        if !lines.is_empty() {
            self.obey(connection, lines, &mut answers, now);
        }
        // All its lines came before the connection broke. Where some are left, the next answer fails, too.
        if let Some(error) = failure.filter(|_| connection.client().is_some() && !connection.is_paused()) {
            self.cut_off(connection, &error, now);
        }
    }

    fn connection(&self, client: ClientId) -> Option<Rc<Connection>> {
        self.connections.get(client.index()).cloned().flatten()
    }

    /// Sends a wake-up. A client that does not take it is parted with, so there may be more to tell then.
    fn tell(&mut self, connection: &Connection, response: &Response, now: Timestamp) {
        connection.used.set(self.round);
        if !connection.is_cut_off()
            && let Err(error) = connection.tell(response.as_bytes())
        {
            self.cut_off(connection, &error, now);
        }
    }

    /// Parts with a client that did not take an answer.
    fn cut_off(&mut self, connection: &Connection, error: &io::Error, now: Timestamp) {
        self.table.count_failed_send();
        if connection.client().is_none() {
            debug!("a client had left before it was told: {error}");
        } else if !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            debug!("a connection broke, {}: {error}", Peer::of(&connection.socket));
        } else if let Some(unsaid) = self.cut_offs.due(now) {
            let peer = Peer::of(&connection.socket);
            warn!("a client that does not read its answers was cut off: {peer}{unsaid}");
        }
        self.part_with(connection, now);
    }

    /// Ends a client's connection, unless the client has done so. Its own task closes the socket when it wakes.
    fn part_with(&mut self, connection: &Connection, now: Timestamp) {
        let Some(client) = connection.cut_off() else { return };
        self.connections[client.index()] = None;
        self.table.disconnect(client, now);
        if let Some(arrivals) = &self.arrivals {
            // Its number may be another client's before its socket is closed. One that was not watched need not be unwatched.
            let _ = arrivals.unwatch(&connection.socket);
        }
        connection.socket.shut_down();
    }
}
