//! The servers, and the connections to them.

use poolcounter::protocol::{Command, LineBuffer};
use poolcounter::table::ClaimState;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Debug)]
pub(super) struct Net {
    /// The lock table of each server.
    tables: Vec<LockTable>,
    pub(super) connections: Vec<Connection>,
    pub(super) now: Timestamp,
}

/// A connection. It stays in the list after its end.
#[derive(Debug)]
pub(super) struct Connection {
    server: usize,
    id: ClientId,
    lines: LineBuffer,
    /// Bytes that the server has sent and the client has not read.
    pub(super) inbox: Vec<u8>,
    /// The client has not closed it.
    pub(super) is_open: bool,
    /// The server is there.
    pub(super) is_served: bool,
    /// The client got bytes that the server has not sent.
    pub(super) is_false: bool,
}

/// The client's end.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) number: usize,
    net: Rc<RefCell<Net>>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.net.borrow_mut().close(self.number);
    }
}

impl Net {
    pub(super) fn new(servers: usize) -> Self {
        let now = Timestamp::from_micros(5);
        Self { tables: (0..servers).map(|_| table(now)).collect(), connections: Vec::new(), now }
    }

    pub(super) fn connect(net: &Rc<RefCell<Self>>, server: usize) -> Socket {
        let mut this = net.borrow_mut();
        let id = this.tables[server].connect();
        let number = this.connections.len();
        this.connections.push(Connection {
            server,
            id,
            lines: LineBuffer::new(),
            inbox: Vec::new(),
            is_open: true,
            is_served: true,
            is_false: false,
        });
        Socket { number, net: Rc::clone(net) }
    }

    /// The server answers what the client has sent.
    pub(super) fn send(&mut self, number: usize, mut bytes: &[u8]) {
        let now = self.now;
        let connection = &mut self.connections[number];
        if !connection.is_served {
            return;
        }
        let (server, id) = (connection.server, connection.id);
        let mut lines = std::mem::take(&mut connection.lines);
        self.tables[server].received(id, now);
        self.wake(server);
        while let Some(line) = lines.next_line(&mut bytes) {
            let answer = self.tables[server].command(id, Command::parse(line), now);
            self.wake(server);
            if let Some(answer) = answer {
                self.connections[number].inbox.extend_from_slice(answer.as_bytes());
            }
        }
        self.connections[number].lines = lines;
    }

    /// Time passes.
    pub(super) fn wait_until(&mut self, moment: Timestamp) {
        self.now = self.now.max(moment);
        for server in 0..self.tables.len() {
            self.tables[server].expire(self.now);
            self.wake(server);
        }
    }

    /// A server ends, and another one takes its place.
    pub(super) fn restart(&mut self, server: usize) {
        self.tables[server] = table(self.now);
        for connection in &mut self.connections {
            connection.is_served &= connection.server != server;
        }
    }

    /// Whether the client's locks on this connection can be compared with the server's table.
    pub(super) fn can_be_judged(&self, number: usize) -> bool {
        let connection = &self.connections[number];
        connection.is_open && connection.is_served && !connection.is_false
    }

    /// How many locks on this key the server has granted over this connection.
    pub(super) fn held(&self, number: usize, key: &[u8]) -> usize {
        let connection = &self.connections[number];
        let client = self.tables[connection.server].clients().find(|client| client.id() == connection.id);
        let claims = client.expect("it is served").claims();
        claims.filter(|claim| claim.key == key && claim.state == ClaimState::Held).count()
    }

    /// How many claims this connection has at the server, held and waiting.
    pub(super) fn claims(&self, number: usize) -> usize {
        let connection = &self.connections[number];
        let client = self.tables[connection.server].clients().find(|client| client.id() == connection.id);
        client.expect("it is served").claims().len()
    }

    fn close(&mut self, number: usize) {
        let connection = &mut self.connections[number];
        connection.is_open = false;
        let (server, id) = (connection.server, connection.id);
        if std::mem::take(&mut connection.is_served) {
            self.tables[server].disconnect(id, self.now);
            self.wake(server);
        }
    }

    fn wake(&mut self, server: usize) {
        while let Some(wakeup) = self.tables[server].next_wakeup() {
            let is_it =
                |other: &&mut Connection| other.is_served && other.server == server && other.id == wakeup.client;
            if let Some(connection) = self.connections.iter_mut().find(is_it) {
                connection.inbox.extend_from_slice(wakeup.response.as_bytes());
            }
        }
    }
}

fn table(now: Timestamp) -> LockTable {
    LockTable::new(HashSeed::new(9, 10), now)
}
