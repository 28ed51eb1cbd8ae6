use super::connection::Connection;
use crate::net::read_order::ReadOrder;
use poolcounter::{ClientId, Timestamp};
use std::io;
use std::rc::Rc;

/// The connections of the table's clients, by the clients' numbers.
#[derive(Debug, Default)]
pub(super) struct Clients {
    connections: Vec<Option<Rc<Connection>>>,
    /// The numbers that people see. They are never reused, not even after an upgrade. A number stays here after its client has left, until another client takes the place.
    serials: Vec<u64>,
    /// Watches the sockets while another program is tried.
    read_order: Option<Rc<ReadOrder>>,
    /// Increases each time the search for idle clients begins again; see [`Connection::used`].
    round: u32,
    /// The round in which the search began. Earlier activity of clients is not known.
    first_round: u32,
    /// The number for people of the newest client; 0 if there was none.
    pub(super) last_serial: u64,
}

impl Clients {
    /// Adds a client that has just connected.
    pub(super) fn connect(&mut self, connection: &Rc<Connection>) {
        self.mark_used(connection);
        if let Some(read_order) = &self.read_order {
            // If a client cannot be watched, only its place in the reading order is lost.
            let _ = connection.watch(read_order);
        }
        self.last_serial += 1;
        self.add(Rc::clone(connection), self.last_serial);
    }

    pub(super) fn add(&mut self, connection: Rc<Connection>, serial: u64) {
        let Some(index) = connection.client().map(ClientId::index) else { return };
        if index >= self.connections.len() {
            self.connections.resize(index + 1, None);
            self.serials.resize(index + 1, 0);
        }
        self.connections[index] = Some(connection);
        self.serials[index] = serial;
    }

    /// A number for a client whose number the old program did not hand over, and since when it is known.
    pub(super) fn number_again(&mut self, now: Timestamp) -> (u64, Timestamp) {
        self.last_serial += 1;
        (self.last_serial, now)
    }

    pub(super) fn remove(&mut self, client: ClientId) {
        self.connections[client.index()] = None;
    }

    pub(super) fn get(&self, client: ClientId) -> Option<Rc<Connection>> {
        self.at(client.index()).cloned()
    }

    /// The connection of the client with this number, if there is one.
    pub(super) fn at(&self, index: usize) -> Option<&Rc<Connection>> {
        self.connections.get(index).and_then(Option::as_ref)
    }

    /// The number for people of the client with this number. It is still known when the client has just left.
    pub(super) fn serial(&self, index: usize) -> u64 {
        self.serials.get(index).copied().unwrap_or_default()
    }

    /// The connection of the client with this number for people. It takes O(clients).
    pub(super) fn with_serial(&self, serial: u64) -> Option<&Rc<Connection>> {
        let mut connections = self.serials.iter().zip(&self.connections);
        connections.find_map(|(other, connection)| connection.as_ref().filter(|_| *other == serial))
    }

    /// All clients' numbers are below this.
    pub(super) fn end(&self) -> usize {
        self.connections.len()
    }

    /// Begins to watch the sockets of all clients, also of those that connect later.
    pub(super) fn watch(&mut self, read_order: &Rc<ReadOrder>) -> io::Result<()> {
        self.connections.iter().flatten().try_for_each(|connection| connection.watch(read_order))?;
        self.read_order = Some(Rc::clone(read_order));
        Ok(())
    }

    /// Stops watching the sockets of new clients.
    pub(super) fn unwatch(&mut self) {
        self.read_order = None;
    }

    /// Stops watching this connection, whose socket is still open.
    pub(super) fn unwatch_one(&self, connection: &Connection) {
        if let Some(read_order) = &self.read_order {
            // A socket that was not watched need not be removed.
            let _ = read_order.unwatch(&connection.socket);
        }
    }

    /// The client has just sent or received something.
    #[inline]
    pub(super) fn mark_used(&self, connection: &Connection) {
        connection.used.set(self.round);
    }

    pub(super) fn begin_round(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// Starts the search again, with rounds of another length. Every client counts as active now.
    pub(super) fn begin_search(&mut self) {
        self.begin_round();
        self.first_round = self.round;
    }

    /// How many rounds have begun since the client was last used.
    pub(super) fn unused_rounds(&self, connection: &Connection) -> u32 {
        self.round.wrapping_sub(connection.used.get()).min(self.round.wrapping_sub(self.first_round))
    }
}
