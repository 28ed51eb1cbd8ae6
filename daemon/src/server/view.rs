//! What the admin interface sees of the server. It changes nothing.

use super::clients::Clients;
use super::connection::Connection;
use crate::net::peer::Peer;
use poolcounter::{ClientId, LockTable, Timestamp};
use std::path::PathBuf;

/// The table and its clients, while nothing happens to them.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) table: &'a LockTable,
    pub(super) clients: &'a Clients,
}

/// Why no client is accepted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReady {
    /// There are as many clients as `--max-clients` allows.
    Full,
    /// The system gives no descriptor.
    NoDescriptors,
}

/// One client as its connection shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a>(&'a Connection);

impl<'a> View<'a> {
    /// The client's connection; `None` if the client is about to leave.
    pub(crate) fn client(&self, client: ClientId) -> Option<Person<'a>> {
        self.clients.at(client.index()).map(|connection| Person(connection))
    }

    /// The client at this place in the server's list.
    pub(crate) fn client_at(&self, place: usize) -> Option<Person<'a>> {
        self.clients.at(place).map(|connection| Person(connection))
    }

    /// The clients at the next `places` places from this one on, each with its place, and the first place after those; `None` at the end of the list.
    pub(crate) fn clients_from(
        &self,
        from: usize,
        places: usize,
    ) -> Option<(impl Iterator<Item = (usize, Person<'a>)> + use<'a>, usize)> {
        let end = self.clients.end().min(from.checked_add(places)?);
        let clients = self.clients;
        let people = (from..end).filter_map(|place| Some((place, Person(clients.at(place)?))));
        (from < end).then_some((people, end))
    }
}

impl Person<'_> {
    /// The client's number in the table, while it is served.
    pub(crate) fn id(self) -> Option<ClientId> {
        self.0.client()
    }

    /// The client's number for people, which no other client has or will have.
    pub(crate) fn serial(self) -> u64 {
        self.0.serial
    }

    /// When it connected.
    pub(crate) fn connected(self) -> Timestamp {
        self.0.connected
    }

    /// Who it is, as far as the system knows.
    pub(crate) fn peer(self) -> Peer {
        Peer::of(&self.0.socket)
    }

    /// Where a client of a Unix socket has connected.
    pub(crate) fn path(self) -> Option<PathBuf> {
        self.0.socket.path()
    }

    /// How many bytes of answers it has not taken.
    pub(crate) fn unsent(self) -> usize {
        self.0.unsent()
    }
}
