use super::Connection;
use crate::client::Endpoint;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io;
use std::net::{SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// How long to wait before a Unix socket whose backlog was full is tried again. The system has no event for that.
const BACKLOG_PAUSE: Duration = Duration::from_millis(5);

/// The connections that are being made for one call.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    under_way: Vec<Connection>,
    /// A Unix socket whose backlog was full.
    backlog_full: Option<String>,
    /// Becomes readable when any of several attempts has ended. An event loop waits for one descriptor.
    epoll: Option<OwnedFd>,
}

/// The result of an attempt.
#[derive(Debug)]
pub(crate) enum Attempted {
    Connected(Connection),
    Failed(io::Error),
}

enum State {
    Made(Connection),
    UnderWay(Connection),
    BacklogFull,
}

impl Attempts {
    /// Begins an attempt, and gives its result if that is known at once. The first attempt of a server ends those of another.
    pub(crate) fn begin(&mut self, endpoint: Endpoint<'_>, attempt: usize) -> Option<Attempted> {
        if attempt == 0 {
            self.clear();
        }
        match begin(endpoint) {
            Ok(State::Made(connection)) => Some(Attempted::Connected(connection)),
            Ok(State::UnderWay(connection)) => {
                self.epoll = None;
                self.under_way.push(connection);
                None
            }
            Ok(State::BacklogFull) => {
                self.backlog_full = match endpoint {
                    Endpoint::Unix(path) => Some(path.to_owned()),
                    Endpoint::Address { .. } => None,
                };
                None
            }
            Err(error) => Some(Attempted::Failed(error)),
        }
    }

    /// The result of the first attempt that has ended.
    pub(crate) fn check(&mut self) -> Option<Attempted> {
        if let Some(path) = self.backlog_full.take() {
            return self.begin(Endpoint::Unix(&path), 0);
        }
        for index in 0..self.under_way.len() {
            let connection = self.under_way.remove(index);
            match check(connection) {
                Ok(State::UnderWay(connection)) => self.under_way.insert(index, connection),
                Ok(State::Made(connection)) => return Some(Attempted::Connected(connection)),
                Ok(State::BacklogFull) => {}
                Err(error) => return Some(Attempted::Failed(error)),
            }
        }
        None
    }

    /// Waits until one of them may have ended, for `timeout` at the most.
    pub(crate) fn wait(&self, timeout: Duration) -> io::Result<()> {
        let timeout = self.longest_wait().map_or(timeout, |longest| longest.min(timeout));
        let mut descriptors: Vec<_> =
            self.under_way.iter().map(|connection| PollFd::new(connection.socket(), PollFlags::OUT)).collect();
        match poll(&mut descriptors, Timespec::try_from(timeout).ok().as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The longest wait until the next check, where no descriptor shows an event.
    pub(crate) fn longest_wait(&self) -> Option<Duration> {
        self.backlog_full.as_ref().map(|_| BACKLOG_PAUSE)
    }

    /// The descriptor for an event loop: a socket until it can be written to, or an epoll instance of several until it can be read.
    pub(crate) fn descriptor(&mut self) -> io::Result<Option<(RawFd, Readiness)>> {
        let [first, others @ ..] = &self.under_way[..] else { return Ok(None) };
        if others.is_empty() {
            return Ok(Some((first.socket().as_raw_fd(), Readiness::Write)));
        }
        if self.epoll.is_none() {
            let epoll = epoll::create(CreateFlags::CLOEXEC)?;
            for connection in &self.under_way {
                epoll::add(&epoll, connection.socket(), EventData::new_u64(0), EventFlags::OUT)?;
            }
            self.epoll = Some(epoll);
        }
        Ok(self.epoll.as_ref().map(|epoll| (epoll.as_raw_fd(), Readiness::Read)))
    }

    /// Cancels all of them.
    pub(crate) fn clear(&mut self) {
        if !self.under_way.is_empty() || self.backlog_full.is_some() {
            *self = Self::default();
        }
    }
}

/// The event of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Read,
    Write,
}

fn begin(endpoint: Endpoint<'_>) -> io::Result<State> {
    let address = match endpoint {
        Endpoint::Address { ip, port } => read(ip, port)?.into(),
        Endpoint::Unix(path) => SockAddr::unix(path)?,
    };
    let connection = Connection::new(&address)?;
    connection.socket().set_nonblocking(true)?;
    match connection.socket().connect(&address) {
        Ok(()) => made(connection),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(State::BacklogFull),
        Err(error) if is(&error, Errno::INPROGRESS) || is(&error, Errno::INTR) => Ok(State::UnderWay(connection)),
        Err(error) => Err(error),
    }
}

/// An IPv6 address may have a zone, by number or by the name of the interface.
fn read(ip: &str, port: u16) -> io::Result<SocketAddr> {
    let unreadable = || io::Error::new(io::ErrorKind::InvalidInput, format!("`{ip}` is not an address"));
    match ip.split_once('%') {
        None => Ok(SocketAddr::new(ip.parse().map_err(|_| unreadable())?, port)),
        Some((address, zone)) => {
            let address = address.parse().map_err(|_| unreadable())?;
            let zone = zone.parse().or_else(|_| interface(zone))?;
            Ok(SocketAddrV6::new(address, port, 0, zone).into())
        }
    }
}

/// The number of a network interface.
fn interface(name: &str) -> io::Result<u32> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, None)?;
    Ok(rustix::net::netdevice::name_to_index(socket, name)?)
}

fn check(connection: Connection) -> io::Result<State> {
    if !connection.is_of_this_process() {
        return Err(io::Error::other("the process was forked meanwhile"));
    }
    if let Some(error) = connection.socket().take_error()? {
        return Err(error);
    }
    match connection.socket().peer_addr() {
        Ok(_) => made(connection),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(State::UnderWay(connection)),
        Err(error) => Err(error),
    }
}

fn made(connection: Connection) -> io::Result<State> {
    connection.tune()?;
    Ok(State::Made(connection))
}

fn is(error: &io::Error, number: Errno) -> bool {
    error.raw_os_error() == Some(number.raw_os_error())
}
