//! The lock table and everyone connected to it.

use crate::clock;
use crate::connection::Connection;
use crate::log::Recurring;
use crate::socket::{Received, Socket};
use poolcounter::protocol::{Command, LineBuffer};
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use tokio::sync::Notify;
use tracing::{debug, warn};

/// Bytes taken from a client at a time.
const READ_SIZE: usize = 8 * 1024;

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
    refusals: RefCell<Recurring>,
}

/// The table and the sockets of its clients.
#[derive(Debug)]
struct Hub {
    table: LockTable,
    /// By the client's number.
    connections: Vec<Option<Rc<Connection>>>,
    cut_offs: Recurring,
}

/// Used by whoever reads, so that an idle connection needs no memory of its own.
#[derive(Debug)]
struct Buffers {
    read: Box<[u8]>,
    answers: Vec<u8>,
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

/// There are as many clients as are allowed.
pub(crate) struct Refused(pub(crate) usize);

impl Server {
    pub(crate) fn new(max_clients: usize) -> Self {
        let random = RandomState::new();
        let seed = HashSeed::new(random.hash_one(0), random.hash_one(1));
        let table = LockTable::new(seed, clock::now());
        Self {
            hub: RefCell::new(Hub { table, connections: Vec::new(), cut_offs: Recurring::default() }),
            buffers: RefCell::new(Buffers { read: vec![0; READ_SIZE].into(), answers: Vec::new() }),
            max_clients,
            alarm: Cell::new(None),
            alarm_changed: Notify::new(),
            descriptor_freed: Notify::new(),
            refusals: RefCell::default(),
        }
    }

    /// Takes a new client in.
    pub(crate) fn connect(&self, socket: Socket) -> Result<Rc<Connection>, Refused> {
        let mut hub = self.hub.borrow_mut();
        if hub.table.clients().len() >= self.max_clients {
            hub.table.count_connect_error();
            return Err(Refused(self.max_clients));
        }
        Ok(hub.connect(socket))
    }

    /// The client has left: its locks pass on.
    pub(crate) fn disconnect(&self, connection: &Connection) {
        if !connection.cut_off.get() {
            self.hub.borrow_mut().disconnect(connection.client, clock::now());
        }
        self.descriptor_freed.notify_waiters();
    }

    /// Reads once from a client and does what its lines say.
    pub(crate) fn read(&self, connection: &Connection) -> Progress {
        if connection.cut_off.get() {
            return Progress::Gone;
        }
        let Buffers { read, answers } = &mut *self.buffers.borrow_mut();
        let length = match connection.socket.read(read) {
            Ok(Received::Bytes(length)) => length,
            Ok(Received::Nothing) => return Progress::Drained,
            Ok(Received::End) => return Progress::Gone,
            Err(error) => {
                debug!("a connection broke: {error}");
                return Progress::Gone;
            }
        };
        let mut hub = self.hub.borrow_mut();
        hub.handle(connection, &read[..length], answers);
        self.check_alarm(&hub.table);
        if connection.cut_off.get() {
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

    /// A connection could not be accepted.
    pub(crate) fn count_connect_error(&self) {
        self.hub.borrow_mut().table.count_connect_error();
    }

    /// Warns of connections that are not let in, unless it was done just now; `say` is given how often it was left out.
    pub(crate) fn warn_refused(&self, say: impl FnOnce(u64)) {
        if let Some(unsaid) = self.refusals.borrow_mut().due(clock::now()) {
            say(unsaid);
        }
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
        let connection =
            Rc::new(Connection { client, socket, lines: RefCell::new(LineBuffer::new()), cut_off: Cell::new(false) });
        let index = client.index();
        if index >= self.connections.len() {
            self.connections.resize(index + 1, None);
        }
        self.connections[index] = Some(Rc::clone(&connection));
        connection
    }

    fn disconnect(&mut self, client: ClientId, now: Timestamp) {
        self.connections[client.index()] = None;
        self.expire(now);
        self.table.disconnect(client, now);
        self.tell_others(now);
    }

    /// Handles what one read brought. As in the reference, whose time is up is told so first.
    fn handle(&mut self, connection: &Connection, mut input: &[u8], answers: &mut Vec<u8>) {
        let now = clock::now();
        self.expire(now);
        if connection.cut_off.get() {
            return;
        }
        self.table.received(connection.client);
        answers.clear();
        let mut lines = connection.lines.borrow_mut();
        while let Some(line) = lines.next_line(&mut input) {
            let answer = self.table.command(connection.client, Command::parse(line), now);
            self.tell_others(now);
            if let Some(answer) = answer {
                answers.extend_from_slice(answer.as_bytes());
            }
        }
        if !answers.is_empty() && !self.send(connection, answers) {
            self.cut_off(connection, now);
            self.tell_others(now);
        }
    }

    fn expire(&mut self, now: Timestamp) {
        self.table.expire(now);
        self.tell_others(now);
    }

    /// Sends what the table has for clients that did not ask just now.
    fn tell_others(&mut self, now: Timestamp) {
        while let Some(wakeup) = self.table.next_wakeup() {
            let connection = self.connections.get(wakeup.client.index()).cloned().flatten();
            let Some(connection) = connection else { continue };
            if !self.send(&connection, wakeup.response.as_bytes()) {
                // Its locks pass on, so there may be more to tell.
                self.cut_off(&connection, now);
            }
        }
    }

    /// Whether the client's socket took the answer whole. If not, the client is out of step for ever.
    fn send(&mut self, connection: &Connection, answer: &[u8]) -> bool {
        let sent = connection.socket.send(answer);
        if matches!(sent, Ok(true)) {
            return true;
        }
        self.table.count_failed_send();
        match sent {
            Err(error) => debug!("a connection broke: {error}"),
            Ok(_) => {
                if let Some(unsaid) = self.cut_offs.due(clock::now()) {
                    warn!(unsaid, "a client that does not read its answers was cut off");
                }
            }
        }
        false
    }

    /// Parts with a client. Its own task closes the socket when it wakes.
    fn cut_off(&mut self, connection: &Connection, now: Timestamp) {
        connection.cut_off.set(true);
        self.connections[connection.client.index()] = None;
        self.table.disconnect(connection.client, now);
        connection.socket.shut_down();
    }
}
