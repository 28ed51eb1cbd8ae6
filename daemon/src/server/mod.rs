//! The lock table and the clients that are connected to it.

mod accept_pause;
mod buffering;
mod clients;
mod connection;
mod draining;
mod events;
mod hold_log;
mod hub;
mod idleness;
mod inspect;
mod limits;
mod outbox;
mod overdue;
mod readers;
pub(crate) mod reading;
mod record_buffer;
pub(crate) mod recording;
mod ring;
mod succession;
#[cfg(test)]
mod tests;
mod title;
mod unsent;
mod upgrades;
mod view;

pub(crate) use connection::Connection;
pub(crate) use outbox::SLICE;
pub(crate) use record_buffer::{BufferState, Recorded};
pub(crate) use upgrades::UpgradeRecord;
pub(crate) use view::{NotReady, Person, View};

use crate::constants::VERSION;
use crate::net::peer::Peer;
use crate::net::socket::{Received, Socket};
use crate::system::clock;
use accept_pause::AcceptPause;
use hold_log::HoldLog;
use hub::Hub;
use limits::Limits;
use poolcounter::{HashSeed, LockTable, Timestamp};
use readers::Readers;
use record_buffer::Buffered;
use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tracing::debug;
use upgrades::Upgrades;

/// How many bytes are read from a client at a time.
const READ_SIZE: usize = 4 * 1024;

/// What the tasks share. They run on one thread and never hold a borrow across an await.
#[derive(Debug)]
pub(crate) struct Server {
    hub: RefCell<Hub>,
    buffers: RefCell<Buffers>,
    limits: Limits,
    /// When the expiry task wakes by itself.
    alarm: Cell<Option<Timestamp>>,
    alarm_changed: Notify,
    accept_pause: AcceptPause,
    upgrades: Upgrades,
    hold_log: HoldLog,
    readers: Readers,
    /// How many recordings are made now.
    recordings: Cell<usize>,
    buffered: Buffered,
}

/// Buffers for the client that is being read from. All clients share them, so an idle connection needs no buffer.
#[derive(Debug)]
struct Buffers {
    read: Box<[u8]>,
    answers: Vec<u8>,
}

/// A seed that clients cannot guess.
pub(crate) fn hash_seed() -> HashSeed {
    let (high, low) = hash_bits();
    HashSeed::new(high, low)
}

/// Bits that nobody can guess.
pub(crate) fn hash_bits() -> (u64, u64) {
    let random = RandomState::new();
    (random.hash_one(0), random.hash_one(1))
}

/// The outcome of a read.
pub(crate) enum Progress {
    /// There is nothing more for now.
    Drained,
    /// There may be more.
    More,
    /// The client has left, or was dropped.
    Gone,
}

impl Server {
    pub(crate) fn new() -> Rc<Self> {
        Self::with_table(LockTable::new(hash_seed(), clock::now()))
    }

    fn with_table(table: LockTable) -> Rc<Self> {
        Rc::new(Self {
            hub: RefCell::new(Hub::new(table)),
            buffers: RefCell::new(Buffers { read: vec![0; READ_SIZE].into(), answers: Vec::new() }),
            limits: Limits::default(),
            alarm: Cell::new(None),
            alarm_changed: Notify::new(),
            accept_pause: AcceptPause::default(),
            upgrades: Upgrades::default(),
            hold_log: HoldLog::default(),
            readers: Readers::default(),
            recordings: Cell::new(0),
            buffered: Buffered::default(),
        })
    }

    /// The state of the daemon, for people.
    pub(crate) fn status(&self) -> String {
        let table = &self.hub.borrow().table;
        let (mut held, mut waiting) = (0, 0);
        for pool in table.pools() {
            held += pool.holders().count();
            waiting += pool.waiters_for_me().chain(pool.waiters_for_anyone()).count();
        }
        let draining = if self.is_draining() { ", draining" } else { "" };
        format!(
            "Version {VERSION}{draining}, clients: {}, locks held: {held}, waiting: {waiting}",
            table.clients().len()
        )
    }

    /// Adds a new client. Gives its socket back if there are as many clients as are allowed.
    pub(crate) fn connect(&self, socket: Socket) -> Result<Rc<Connection>, Socket> {
        let mut hub = self.hub.borrow_mut();
        if hub.table.clients().len() >= self.max_clients() {
            hub.table.count_connect_error();
            return Err(socket);
        }
        Ok(hub.connect(socket))
    }

    /// How many clients are allowed at once.
    pub(crate) fn max_clients(&self) -> usize {
        self.limits.max_clients.get()
    }

    /// Allows so many clients. Those that are connected stay.
    pub(crate) fn set_max_clients(&self, clients: usize) {
        self.limits.max_clients.set(clients);
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> usize {
        self.hub.borrow().table.clients().len()
    }

    /// When and whether clients may be accepted.
    pub(crate) fn accept_pause(&self) -> &AcceptPause {
        &self.accept_pause
    }

    /// What has come of upgrades.
    pub(crate) fn upgrades(&self) -> &Upgrades {
        &self.upgrades
    }

    /// A client has left: its locks pass on.
    pub(crate) fn client_left(&self, connection: &Connection) {
        let mut hub = self.hub.borrow_mut();
        hub.client_left(connection, clock::now());
        self.publish(&mut hub);
        drop(hub);
        self.accept_pause.try_again();
    }

    /// A client took none of its answers for too long, or its connection broke while answers were unsent: it is dropped.
    pub(crate) fn unsent_failed(&self, connection: &Connection, error: &io::Error) {
        let now = clock::now();
        let mut hub = self.hub.borrow_mut();
        let Hub { table, outbox, .. } = &mut *hub;
        outbox.drop_client(connection, error, table, now);
        outbox.tell_others(table, now);
        self.publish(&mut hub);
    }

    /// A connection could not be accepted.
    pub(crate) fn count_connect_error(&self) {
        self.hub.borrow_mut().table.count_connect_error();
    }

    /// Reads once from a client and executes its lines.
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
        let releases = hub.releases();
        hub.handle(connection, &read[..length], answers);
        if hub.draining && hub.releases() > releases {
            hub.leave_if_done(connection, clock::now());
        }
        self.publish(&mut hub);
        self.check_alarm(&hub.table);
        if connection.client().is_none() {
            Progress::Gone
        } else if length == READ_SIZE {
            Progress::More
        } else {
            Progress::Drained
        }
    }

    /// Ends the waits whose timeout has passed.
    pub(crate) fn expire(&self) {
        let mut hub = self.hub.borrow_mut();
        hub.expire(clock::now());
        self.publish(&mut hub);
    }

    /// The next deadline. The caller sleeps until then.
    pub(crate) fn arm_alarm(&self) -> Option<Timestamp> {
        let next = self.hub.borrow().table.next_deadline();
        self.alarm.set(next);
        next
    }

    /// Resolves when there is an earlier deadline than the one that [`arm_alarm`](Self::arm_alarm) gave.
    pub(crate) async fn alarm_changed(&self) {
        self.alarm_changed.notified().await;
    }

    /// The expiry task must not wake too late. Waking too early does no harm.
    fn check_alarm(&self, table: &LockTable) {
        let Some(next) = table.next_deadline() else { return };
        if self.alarm.get().is_none_or(|alarm| next < alarm) {
            self.alarm.set(Some(next));
            self.alarm_changed.notify_one();
        }
    }

    /// Sends a slice of the outbox, and further slices until `time` has passed. Gives whether there is more.
    pub(crate) fn deliver(&self, time: Duration) -> bool {
        let start = Instant::now();
        let mut hub = self.hub.borrow_mut();
        let mut released = false;
        let more = loop {
            let more = hub.deliver_slice(clock::now(), &mut released);
            self.publish(&mut hub);
            if !more {
                break false;
            }
            if start.elapsed() >= time {
                break true;
            }
        };
        self.check_alarm(&hub.table);
        if released {
            self.accept_pause.try_again();
        }
        more
    }

    /// Sends the whole outbox.
    pub(crate) fn deliver_all(&self) {
        self.deliver(Duration::MAX);
    }

    /// Whether the outbox is empty.
    pub(crate) fn has_delivered_all(&self) -> bool {
        self.hub.borrow().outbox.is_empty()
    }

    /// Resolves when a message is put into the empty outbox.
    pub(crate) async fn outbox_filled(&self) {
        let filled = self.hub.borrow().outbox.filled();
        filled.notified().await;
    }
}
