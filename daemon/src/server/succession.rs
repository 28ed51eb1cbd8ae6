//! The server in an upgrade: how the old program leaves it and how the new one resumes it.

use super::connection::Connection;
use super::{Progress, Server};
use crate::constants::EVENTS_A_TURN;
use crate::net::read_order::ReadOrder;
use crate::net::socket::Socket;
use crate::saved::{ResumedClient, SavedActs, SavedAdmin, SavedDrain, SavedListener, SavedSerials, SavedUpgrades};
use crate::system::clock;
use poolcounter::{ClientId, LockTable};
use std::io;
use std::rc::Rc;

impl Server {
    /// Records in `read_order` when bytes come for clients, also for those that connect later.
    pub(crate) fn watch(&self, read_order: &Rc<ReadOrder>) -> io::Result<()> {
        self.hub.borrow_mut().outbox.clients.watch(read_order)
    }

    /// Stops watching.
    pub(crate) fn unwatch(&self) {
        self.hub.borrow_mut().outbox.clients.unwatch();
    }

    /// Calls `use_state` with the table and its clients' connections, in the order of [`LockTable::clients`].
    pub(crate) fn with_state<T>(&self, use_state: impl FnOnce(&LockTable, &[Rc<Connection>]) -> T) -> T {
        let hub = self.hub.borrow();
        let connections: Vec<_> =
            hub.table.clients().filter_map(|client| hub.outbox.clients.get(client.id())).collect();
        use_state(&hub.table, &connections)
    }

    /// The part of the state that an admin interface adds.
    pub(crate) fn saved_admin(&self, listeners: Vec<SavedListener>) -> SavedAdmin {
        let hub = self.hub.borrow();
        let clients = &hub.outbox.clients;
        let people = hub.table.clients().filter_map(|client| clients.get(client.id()).zip(Some(client.id().index())));
        let people = people.map(|(connection, index)| (clients.serial(index), connection.connected)).collect();
        let last = clients.last_serial;
        SavedAdmin { listeners, serials: SavedSerials { last, clients: people }, upgrades: self.upgrades.saved() }
    }

    /// The part of the state that operators have added by what they did.
    pub(crate) fn saved_acts(&self, drain: SavedDrain) -> SavedActs {
        SavedActs { disconnects: self.disconnects(), drain }
    }

    /// Goes on with what operators did.
    pub(crate) fn resume_acts(&self, acts: &SavedActs) {
        self.set_disconnects(acts.disconnects);
        self.set_drain_holders(acts.drain.holders);
    }

    /// Restores the server of the old program, with its clients in the order of their numbers. Gives the connections that are still open; the caller starts their
    /// readers.
    ///
    /// Bytes that arrived meanwhile are handled in the order in which they arrived, after `begin`.
    pub(crate) async fn resume<T>(
        table: LockTable,
        clients: impl Iterator<Item = (ResumedClient, Socket)>,
        read_order: ReadOrder,
        (serials, upgrades): (SavedSerials, &SavedUpgrades),
        begin: impl FnOnce(&Rc<Self>) -> T,
    ) -> io::Result<(Rc<Self>, Vec<Rc<Connection>>, T)> {
        let ids: Vec<ClientId> = table.clients().map(|client| client.id()).collect();
        let server = Self::with_table(table);
        server.hub.borrow_mut().outbox.clients.last_serial = serials.last;
        let (mut numbers, mut connections) = (Vec::new(), Vec::new());
        let (mut serials, now) = (serials.clients.into_iter(), clock::now());
        for (id, (resumed, socket)) in ids.into_iter().zip(clients) {
            let clients = &mut server.hub.borrow_mut().outbox.clients;
            let (serial, connected) = serials.next().unwrap_or_else(|| clients.number_again(now));
            let connection = Connection::new(id, connected, socket, resumed.lines, resumed.unsent);
            clients.add(Rc::clone(&connection), serial);
            numbers.push(resumed.number);
            connections.push(Some(connection));
        }
        let outcome = begin(&server);
        // At first the runtime finds all sockets ready, in no order. After it has checked each of them, it finds sockets in the order in which they become ready.
        for _ in 0..=connections.len() / EVENTS_A_TURN {
            tokio::task::yield_now().await;
        }
        for number in read_order.unread(connections.len())? {
            if let Ok(index) = numbers.binary_search(&number) {
                server.read_first(&mut connections[index]);
            }
        }
        read_order.end();
        server.upgrades.succeeded(upgrades);
        Ok((server, connections.into_iter().flatten().collect(), outcome))
    }

    /// Reads once what a client sent before this program served it; the client's reader finds the rest. Removes the connection of a client that has left.
    fn read_first(&self, slot: &mut Option<Rc<Connection>>) {
        // Clients with unsent answers are read only after those are sent.
        let Some(connection) = slot.as_ref().filter(|connection| !connection.is_paused()) else { return };
        if matches!(self.receive(connection, Socket::read_unasked), Progress::Gone) {
            self.client_left(connection);
            *slot = None;
        }
    }
}
