//! The server as one program leaves it and another one finds it.

use super::connection::Connection;
use super::{Progress, Server};
use crate::constants::EVENTS_A_TURN;
use crate::net::read_order::Arrivals;
use crate::net::socket::Socket;
use crate::saved::ResumedClient;
use crate::system::descriptors::{keep_reserve, open_reserve};
use poolcounter::{ClientId, LockTable};
use std::io;
use std::rc::Rc;

/// See [`Server::shut`].
#[derive(Debug)]
pub(crate) struct Shut<'a>(&'a Server);

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        keep_reserve();
        self.0.shut.set(false);
        self.0.descriptor_freed.notify_waiters();
    }
}

impl Server {
    /// Has `arrivals` take account of what comes for clients, also for those that connect later.
    pub(crate) fn watch(&self, arrivals: &Rc<Arrivals>) -> io::Result<()> {
        let mut hub = self.hub.borrow_mut();
        hub.connections.iter().flatten().try_for_each(|connection| connection.watch(arrivals))?;
        hub.arrivals = Some(Rc::clone(arrivals));
        Ok(())
    }

    /// No longer.
    pub(crate) fn unwatch(&self) {
        self.hub.borrow_mut().arrivals = None;
    }

    /// Opens the reserve of descriptors, and lets nobody in who would take one of it, until the guard is dropped.
    pub(crate) fn shut(&self) -> Shut<'_> {
        self.shut.set(true);
        open_reserve();
        Shut(self)
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> usize {
        self.hub.borrow().table.clients().len()
    }

    /// Shows the table, and its clients' connections in the order of [`LockTable::clients`].
    pub(crate) fn show<T>(&self, look: impl FnOnce(&LockTable, &[Rc<Connection>]) -> T) -> T {
        let hub = self.hub.borrow();
        let ids = hub.table.clients().map(|client| client.id().index());
        let connections: Vec<_> = ids.filter_map(|index| hub.connections.get(index).cloned().flatten()).collect();
        look(&hub.table, &connections)
    }

    /// The server that another program has been so far, with its clients in the order of their numbers.
    ///
    /// What has come for them meanwhile is handled in the order in which it came. The connections that are left need their readers.
    pub(crate) async fn resume(
        max_clients: usize,
        table: LockTable,
        clients: impl Iterator<Item = (ResumedClient, Socket)>,
        arrivals: Arrivals,
    ) -> io::Result<(Rc<Self>, Vec<Rc<Connection>>)> {
        let ids: Vec<ClientId> = table.clients().map(|client| client.id()).collect();
        let server = Self::with_table(max_clients, table);
        let (mut numbers, mut connections) = (Vec::new(), Vec::new());
        for (id, (resumed, socket)) in ids.into_iter().zip(clients) {
            let connection = Connection::resume(id, socket, resumed.lines, resumed.unsent);
            server.hub.borrow_mut().add(Rc::clone(&connection));
            numbers.push(resumed.number);
            connections.push(Some(connection));
        }
        // All sockets are news to the runtime, in no order. Once it has looked at them, what comes later is in its order.
        for _ in 0..=connections.len() / EVENTS_A_TURN {
            tokio::task::yield_now().await;
        }
        for number in arrivals.unread(connections.len())? {
            if let Ok(place) = numbers.binary_search(&number) {
                server.read_first(&mut connections[place]);
            }
        }
        arrivals.end();
        Ok((server, connections.into_iter().flatten().collect()))
    }

    /// Reads what a client had sent before this program could listen to it; what is left then, its task finds. Nothing is left of one that has gone.
    fn read_first(&self, place: &mut Option<Rc<Connection>>) {
        // Whoever has answers to take is read from when they are taken.
        let Some(connection) = place.as_ref().filter(|connection| !connection.is_paused()) else { return };
        if matches!(self.receive(connection, Socket::read_unasked), Progress::Gone) {
            self.disconnect(connection);
            *place = None;
        }
    }
}
