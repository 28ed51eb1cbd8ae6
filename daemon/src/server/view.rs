//! What the admin interface sees of the server. It changes nothing.

use super::clients::Clients;
use super::connection::Connection;
use crate::net::peer::Peer;
use poolcounter::key::GroupId;
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
    /// The daemon drains.
    Draining,
    /// There are as many clients as `--max-clients` allows.
    Full,
    /// The system gives no descriptor.
    NoDescriptors,
}

/// One client as its connection shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a> {
    connection: &'a Connection,
    serial: u64,
}

impl<'a> View<'a> {
    /// The client at this place in the server's list, which is the index of its number in the table.
    pub(crate) fn client_at(&self, place: usize) -> Option<Person<'a>> {
        Some(Person { connection: self.clients.at(place)?, serial: self.clients.serial(place) })
    }

    /// The client with this number for people. It takes O(clients).
    pub(crate) fn person(&self, serial: u64) -> Option<Person<'a>> {
        Some(Person { connection: self.clients.with_serial(serial)?, serial })
    }

    /// The name of a group.
    pub(crate) fn group_name(&self, group: GroupId) -> &'a str {
        self.table.figures().map_or("other", |figures| figures.name(group))
    }

    /// The name of the group of a key that somebody holds.
    pub(crate) fn group_of(&self, key: &[u8]) -> &'a str {
        self.group_name(self.table.pool(key).map(|pool| pool.group()).unwrap_or_default())
    }

    /// The clients at the next `places` places from this one on, each with its place, and the first place after those; `None` at the end of the list.
    pub(crate) fn clients_from(
        &self,
        from: usize,
        places: usize,
    ) -> Option<(impl Iterator<Item = (usize, Person<'a>)> + use<'a>, usize)> {
        let end = self.clients.end().min(from.checked_add(places)?);
        let Self { table, clients } = *self;
        let people = (from..end).filter_map(move |place| Some((place, Self { table, clients }.client_at(place)?)));
        (from < end).then_some((people, end))
    }
}

impl Person<'_> {
    /// The client's number in the table, while it is served.
    pub(crate) fn id(self) -> Option<ClientId> {
        self.connection.client()
    }

    /// The client's number for people, which no other client has or will have.
    pub(crate) fn serial(self) -> u64 {
        self.serial
    }

    /// When it connected.
    pub(crate) fn connected(self) -> Timestamp {
        self.connection.connected
    }

    /// Who it is, as far as the system knows.
    pub(crate) fn peer(self) -> Peer {
        Peer::of(&self.connection.socket)
    }

    /// Where a client of a Unix socket has connected.
    pub(crate) fn path(self) -> Option<PathBuf> {
        self.connection.socket.path()
    }

    /// How many bytes of answers it has not taken.
    pub(crate) fn unsent(self) -> usize {
        self.connection.unsent()
    }
}
