//! How a listener stops without resetting the connections that wait in its queue.
//!
//! Closing a TCP listener, or shutting it down, resets its queue and forgets handshakes that have begun. So new connections are stopped first:
//!
//! - TCP, opened by this daemon: it is bound to a network interface that does not exist (`SO_BINDTOIFINDEX`). The kernel finds no listener for a SYN and
//!   refuses it at once. Handshakes that have begun go on.
//! - TCP, given to this daemon: a filter drops SYNs, because only a privileged process can undo that binding. A new client is refused when it sends its SYN
//!   again, after a second.
//! - Unix, opened by this daemon: its file is removed.
//! - Unix, given to this daemon: its file is another's, and `listen` does not undo `shutdown`. So its connections are accepted and closed.
//!
//! `docs/operating.md` has what was tried.

use super::listener::Listener;
use super::open::BACKLOG;
use super::socket::{ListenerSocket, Socket};
use rustix::io::Errno;
use rustix::net::{Shutdown, SocketFlags, accept_with, listen, shutdown};
use socket2::{SockFilter, SockRef};
use std::io;
use std::num::NonZeroU32;
use std::os::fd::{AsFd, OwnedFd};

/// The kernel numbers interfaces from 1 on, and has never come so far.
const NO_INTERFACE: NonZeroU32 = NonZeroU32::MIN.saturating_add(i32::MAX.cast_unsigned() - 1);

/// A program of the classic BPF: drops a segment with SYN. The byte at 13 of a TCP header has the flags, SYN is 2.
const NO_SYN: [(u16, u8, u8, u32); 4] = [(0x30, 0, 0, 13), (0x45, 0, 1, 2), (0x06, 0, 0, 0), (0x06, 0, 0, u32::MAX)];

/// What becomes of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is closed, and opened again at the same address.
    Close,
    /// It is shut down, and listens again later.
    ShutDown,
    /// It stays open. Whoever connects is turned away.
    TurnAway,
}

impl Listener {
    pub(crate) fn ending(&self) -> Ending {
        match (&self.socket, self.inherited) {
            (_, false) => Ending::Close,
            (ListenerSocket::Tcp(_), true) => Ending::ShutDown,
            (ListenerSocket::Unix(_), true) => Ending::TurnAway,
        }
    }

    /// Stops new connections. Those in the queue, and those whose handshake has begun, can still be accepted.
    pub(crate) fn stop_new(&self) -> io::Result<()> {
        let socket = SockRef::from(&self.socket);
        match (&self.socket, self.inherited) {
            (ListenerSocket::Tcp(_), false) => socket.bind_device_by_index_v4(Some(NO_INTERFACE)),
            (ListenerSocket::Tcp(_), true) => {
                socket.attach_filter(&NO_SYN.map(|(code, yes, no, k)| SockFilter::new(code, yes, no, k)))
            }
            (ListenerSocket::Unix(_), false) => {
                self.file.take();
                Ok(())
            }
            (ListenerSocket::Unix(_), true) => Ok(()),
        }
    }

    /// The next connection of the queue, if there is one.
    pub(crate) fn accept_queued(&self) -> io::Result<Option<Socket>> {
        match accept_with(&self.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Ok(socket) => Socket::resume(socket).map(Some),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a listener of this daemon at once, while its socket may still be open somewhere.
    pub(crate) fn end(&self) -> io::Result<()> {
        match self.socket {
            ListenerSocket::Tcp(_) => Ok(shutdown(&self.socket, Shutdown::Read)?),
            ListenerSocket::Unix(_) => {
                self.file.take();
                Ok(())
            }
        }
    }

    /// Shuts a listener down that was given to this daemon. The socket stays bound to its address.
    pub(crate) fn shut_down(&self) -> io::Result<OwnedFd> {
        let socket = self.socket.as_fd().try_clone_to_owned()?;
        // An old program may have shut it down. If that is done twice, the kernel ends all connections that it accepts later.
        if SockRef::from(&socket).is_listener()? {
            shutdown(&socket, Shutdown::Read)?;
            // Without a filter, new connections were not stopped.
            let _ = SockRef::from(&socket).detach_filter();
        }
        Ok(socket)
    }

    /// A socket that was shut down listens again.
    pub(crate) fn listen_again(socket: OwnedFd) -> io::Result<Self> {
        listen(&socket, BACKLOG)?;
        Ok(Self { socket: ListenerSocket::new(socket)?, inherited: true, file: None.into() })
    }

    /// Lets new connections in again, after [`stop_new`](Self::stop_new).
    pub(crate) fn let_in(&self) -> io::Result<()> {
        SockRef::from(&self.socket).detach_filter()
    }
}

/// A socket that was shut down listens again, for the next program that has it.
pub(crate) fn give_back(socket: &OwnedFd) -> io::Result<()> {
    Ok(listen(socket, BACKLOG)?)
}
