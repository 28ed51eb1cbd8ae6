//! A connection that is being made.

use super::{Advance, Direction, Event};
use crate::Timestamp;
use crate::client::Target;
use crate::sockets::{Connection, reason};
use rustix::io::Errno;
use socket2::SockAddr;
use std::io;
use std::net::ToSocketAddrs;
use std::os::fd::AsRawFd;

/// How long to wait for a place in the backlog of a Unix socket, which cannot be waited for, in microseconds.
const BACKLOG_PAUSE: u64 = 5_000;

/// Where a server is found, or why that is not known.
#[derive(Debug)]
pub(super) struct Addresses(Result<Vec<SockAddr>, String>);

impl Addresses {
    /// Looks a name up, which may take a while.
    pub(super) fn of(target: &Target) -> Self {
        let found = match target {
            Target::Unix(path) => SockAddr::unix(path).map(|address| vec![address]),
            Target::Host { host, port } => {
                (host.as_str(), *port).to_socket_addrs().map(|addresses| addresses.map(SockAddr::from).collect())
            }
        };
        Self(found.map_err(|error| reason(&error)))
    }
}

/// One step of the state machine: a connection to a server, by the first of its addresses that answers.
#[derive(Debug)]
pub(super) struct Connecting {
    server: usize,
    deadline: Timestamp,
    /// How many addresses were tried.
    tried: usize,
    /// The attempt that is under way.
    attempt: Option<Connection>,
    failure: String,
}

impl Connecting {
    pub(super) fn new(server: usize, deadline: Timestamp) -> Self {
        Self { server, deadline, tried: 0, attempt: None, failure: "the name has no address".to_owned() }
    }

    /// Whether it is the one that a step asks for.
    pub(super) fn is(&self, server: usize, deadline: Timestamp) -> bool {
        (self.server, self.deadline) == (server, deadline)
    }

    /// Goes on as far as it goes.
    pub(super) fn advance(&mut self, addresses: &Addresses, now: Timestamp) -> Advance {
        let addresses = match &addresses.0 {
            Ok(addresses) => addresses,
            Err(cause) => return Advance::Event(Event::Connected(Err(cause.clone()))),
        };
        loop {
            let state = match self.attempt.take().filter(Connection::is_of_this_process) {
                Some(connection) => under_way(connection),
                None => match addresses.get(self.tried) {
                    Some(address) => begin(address),
                    None => return Advance::Event(Event::Connected(Err(self.failure.clone()))),
                },
            };
            match state {
                Ok(Attempt::Made(connection)) => return Advance::Event(Event::Connected(Ok(connection))),
                Ok(Attempt::UnderWay(connection)) => {
                    let descriptor = connection.socket().as_raw_fd();
                    self.attempt = Some(connection);
                    return Advance::Wait(Some((descriptor, Direction::Write)), self.deadline);
                }
                Ok(Attempt::NoPlace) => {
                    return Advance::Wait(None, now.after_micros(BACKLOG_PAUSE).min(self.deadline));
                }
                Err(error) => {
                    self.failure = reason(&error);
                    self.tried += 1;
                }
            }
        }
    }
}

enum Attempt {
    Made(Connection),
    UnderWay(Connection),
    /// The backlog of a Unix socket is full.
    NoPlace,
}

fn begin(address: &SockAddr) -> io::Result<Attempt> {
    let connection = Connection::new(address)?;
    connection.socket().set_nonblocking(true)?;
    match connection.socket().connect(address) {
        Ok(()) => made(connection),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Attempt::NoPlace),
        Err(error) if is(&error, Errno::INPROGRESS) || is(&error, Errno::INTR) => Ok(Attempt::UnderWay(connection)),
        Err(error) => Err(error),
    }
}

fn under_way(connection: Connection) -> io::Result<Attempt> {
    if let Some(error) = connection.socket().take_error()? {
        return Err(error);
    }
    match connection.socket().peer_addr() {
        Ok(_) => made(connection),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(Attempt::UnderWay(connection)),
        Err(error) => Err(error),
    }
}

fn made(connection: Connection) -> io::Result<Attempt> {
    if !connection.socket().local_addr()?.is_unix() {
        connection.tune_tcp()?;
    }
    Ok(Attempt::Made(connection))
}

fn is(error: &io::Error, number: Errno) -> bool {
    error.raw_os_error() == Some(number.raw_os_error())
}
