//! A server of a story.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Shutdown, SocketFlags, SocketType, bind, connect, listen, shutdown, socket_with, sockopt,
};

/// A port, and the socket that listens there.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Bound and not listening: it keeps the port while the server is away.
    _place: OwnedFd,
    listener: Option<TcpListener>,
    crowd: Vec<OwnedFd>,
}

impl Server {
    /// One that listens.
    pub(super) fn new() -> Result<Self> {
        let place = TcpListener::from(bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?);
        let mut server = Self { address: place.local_addr()?, _place: place.into(), listener: None, crowd: Vec::new() };
        server.listen(64)?;
        Ok(server)
    }

    /// From now on connections are refused.
    pub(super) fn stop(&mut self) {
        if let Some(listener) = self.listener.take() {
            // A child that another thread is starting may still have the socket: closing it is not enough.
            let _ = shutdown(&listener, Shutdown::Both);
        }
        self.crowd.clear();
    }

    /// From now on connections are accepted.
    pub(super) fn start(&mut self) -> Result<()> {
        self.stop();
        self.listen(64)
    }

    /// From now on an attempt to connect is neither accepted nor refused.
    pub(super) fn fill(&mut self) -> Result<()> {
        self.stop();
        self.listen(0)?;
        for _ in 0..16 {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let one = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
            let begun = connect(&one, &self.address);
            ensure!(matches!(begun, Ok(()) | Err(Errno::INPROGRESS)), "cannot connect: {begun:?}");
            let wait = Timespec::try_from(Duration::from_millis(300))?;
            let full = poll(&mut [PollFd::new(&one, PollFlags::OUT)], Some(&wait))? == 0;
            self.crowd.push(one);
            if full {
                return Ok(());
            }
        }
        bail!("the backlog does not get full")
    }

    /// Accepts a connection, if one is there.
    pub(super) fn accept(&self) -> Result<Option<TcpStream>> {
        let accepted = match &self.listener {
            Some(listener) if self.crowd.is_empty() => listener.accept(),
            _ => return Ok(None),
        };
        match accepted {
            Ok((socket, _)) => Ok(Some(socket)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn listen(&mut self, backlog: i32) -> Result<()> {
        let socket = bound(self.address)?;
        listen(&socket, backlog)?;
        let listener = TcpListener::from(socket);
        listener.set_nonblocking(true)?;
        self.listener = Some(listener);
        Ok(())
    }
}

/// A socket at this address. Other sockets of this process may be bound to it, but do not listen.
fn bound(address: SocketAddr) -> Result<OwnedFd> {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseport(&socket, true)?;
    bind(&socket, &address)?;
    Ok(socket)
}
