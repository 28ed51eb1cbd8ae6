use rustix::io::{Errno, ioctl_fionbio, read, retry_on_intr, write};
use rustix::net::sockopt::socket_domain;
use rustix::net::{AddressFamily, RecvFlags, Shutdown, recv, shutdown};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A listening socket of either family.
#[derive(Debug)]
pub(crate) enum ListenerSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A client's socket of either family.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The outcome of a read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Bytes(usize),
    Nothing,
    End,
}

impl ListenerSocket {
    /// A socket that listens. Another program that shares it may have made it blocking.
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        ioctl_fionbio(&socket, true)?;
        match socket_domain(&socket)? {
            AddressFamily::UNIX => UnixListener::from_std(socket.into()).map(Self::Unix),
            _ => TcpListener::from_std(socket.into()).map(Self::Tcp),
        }
    }

    pub(crate) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        Poll::Ready(match self {
            Self::Tcp(listener) => ready!(listener.poll_accept(context)).map(|(socket, _)| Socket::Tcp(socket)),
            Self::Unix(listener) => ready!(listener.poll_accept(context)).map(|(socket, _)| Socket::Unix(socket)),
        })
    }
}

impl Socket {
    /// A client's socket from the old program. It is still non-blocking.
    pub(crate) fn resume(socket: OwnedFd) -> io::Result<Self> {
        match socket_domain(&socket)? {
            AddressFamily::UNIX => UnixStream::from_std(socket.into()).map(Self::Unix),
            _ => TcpStream::from_std(socket.into()).map(Self::Tcp),
        }
    }

    pub(crate) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(socket) => socket.poll_read_ready(context),
            Self::Unix(socket) => socket.poll_read_ready(context),
        }
    }

    /// Reads once.
    ///
    /// A read that does not fill the buffer has emptied the socket, except for urgent data. So the runtime is told at once that there is nothing more, which saves
    /// a second system call.
    ///
    /// Only the reader of clients calls this function. With a second caller the compiler does not inline it, which costs 1.4 % of a command's instructions.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<Received> {
        let mut received = Received::Nothing;
        let room = buffer.len();
        let attempt = || {
            let length = read(self, buffer)?;
            received = if length == 0 { Received::End } else { Received::Bytes(length) };
            if length < room { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        };
        let tried = match self {
            Self::Tcp(socket) => socket.try_io(Interest::READABLE, attempt),
            Self::Unix(socket) => socket.try_io(Interest::READABLE, attempt),
        };
        match tried {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(received),
        }
    }

    /// Reads once, also if the runtime does not know that there is something to read.
    pub(crate) fn read_unasked(&self, buffer: &mut [u8]) -> io::Result<Received> {
        match retry_on_intr(|| read(self, &mut *buffer)) {
            Ok(0) => Ok(Received::End),
            Ok(length) => Ok(Received::Bytes(length)),
            Err(Errno::WOULDBLOCK) => Ok(Received::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the client is still connected and everything that it has sent was read.
    pub(crate) fn has_nothing_to_read(&self) -> bool {
        let looked = retry_on_intr(|| recv(self, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT));
        looked == Err(Errno::WOULDBLOCK)
    }

    /// Sends without waiting. Gives the number of bytes that the socket took.
    ///
    /// The runtime is not asked first whether the socket can be written to: it nearly always can. (`write` costs
    /// the kernel a little less than `send`: 2 % of a command, measured with one connection. Rust's runtime ignores SIGPIPE.)
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        match retry_on_intr(|| write(self, bytes)) {
            Err(Errno::WOULDBLOCK) => Ok(0),
            sent => Ok(sent?),
        }
    }

    /// Waits until there are bytes, and reads some of them. Gives their number, which is 0 at the end.
    pub(crate) fn poll_receive(&self, buffer: &mut [u8], context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_read_ready(context))?;
            let received = match self {
                Self::Tcp(socket) => socket.try_read(buffer),
                Self::Unix(socket) => socket.try_read(buffer),
            };
            match received {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return Poll::Ready(received),
            }
        }
    }

    /// Waits until the socket takes bytes, and sends some of them. Gives their number.
    pub(crate) fn poll_send(&self, bytes: &[u8], context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            let sent = match self {
                Self::Tcp(socket) => {
                    ready!(socket.poll_write_ready(context))?;
                    socket.try_write(bytes)
                }
                Self::Unix(socket) => {
                    ready!(socket.poll_write_ready(context))?;
                    socket.try_write(bytes)
                }
            };
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }

    /// Says to the other end that nothing more is sent.
    pub(crate) fn end_sending(&self) {
        // A connection that is broken need not be shut down.
        let _ = shutdown(self, Shutdown::Write);
    }

    /// The path of the Unix socket that the client has connected to.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(socket) => socket.local_addr().ok()?.as_pathname().map(Path::to_owned),
        }
    }

    pub(crate) fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// Ends the connection in both directions, and wakes the task that waits for it to be readable.
    pub(crate) fn shut_down(&self) {
        // A connection that is broken need not be shut down.
        let _ = shutdown(self, Shutdown::Both);
    }
}

impl AsFd for ListenerSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[tokio::test]
    async fn what_is_still_to_be_read_is_seen() -> io::Result<()> {
        let (mut client, served) = std::os::unix::net::UnixStream::pair()?;
        served.set_nonblocking(true)?;
        let served = Socket::resume(served.into())?;
        assert!(served.has_nothing_to_read());
        client.write_all(b"x")?;
        assert!(!served.has_nothing_to_read());
        assert_eq!(served.read_unasked(&mut [0; 2])?, Received::Bytes(1));
        assert!(served.has_nothing_to_read());
        drop(client);
        assert!(!served.has_nothing_to_read());
        Ok(())
    }
}
