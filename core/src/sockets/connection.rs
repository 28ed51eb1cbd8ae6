use super::Process;
use super::unacknowledged::is_acknowledged;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::{Domain, SockAddr, TcpKeepalive, Type};
use std::io::{self, Read};
use std::net::Shutdown;
use std::time::Duration;

/// The first keepalive probe is sent after ten idle seconds, the next ones every three seconds. A host that vanished is noticed after 22 seconds. A network that loses
/// all packets for five seconds breaks no connection.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(3)).with_retries(4);

/// Bytes must be acknowledged within this time; without it the system would retransmit for a quarter of an hour. It also ends keepalive, at the next probe.
const HOST_TIMEOUT: Duration = Duration::from_secs(21);

/// A socket to a server, and the process that it belongs to.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: socket2::Socket,
    /// The process that made it.
    process: Process,
    is_tcp: bool,
}

impl Connection {
    /// A socket that is not connected yet.
    pub(crate) fn new(address: &SockAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::from(i32::from(address.family())), Type::STREAM, None)?;
        Ok(Self { socket, process: Process::current(), is_tcp: !address.is_unix() })
    }

    /// For connecting, waiting and time-outs.
    pub(crate) fn socket(&self) -> &socket2::Socket {
        &self.socket
    }

    /// To be called once it is connected.
    pub(crate) fn tune(&self) -> io::Result<()> {
        if self.is_tcp {
            // An acquire must not wait until the release before it is acknowledged.
            self.socket.set_tcp_nodelay(true)?;
            self.socket.set_tcp_keepalive(&KEEPALIVE)?;
            self.socket.set_tcp_user_timeout(Some(HOST_TIMEOUT))?;
        }
        Ok(())
    }

    /// Whether this process made it, and not a parent before a fork.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.process.is_current()
    }

    /// Sends some of it. The process gets no SIGPIPE from it.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(&self.socket, bytes, SendFlags::NOSIGNAL)?)
    }

    /// Receives what is there; nothing at the end of the stream.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.socket).read(buffer)
    }

    /// Whether the server's host has acknowledged all that was sent. A Unix socket has no other host.
    pub(crate) fn is_acknowledged(&self) -> bool {
        !self.is_tcp || is_acknowledged(&self.socket).unwrap_or(true)
    }
}

impl Drop for Connection {
    /// Shuts the connection down: closing the descriptor alone would leave it open in a child that was forked, and the server would keep the locks.
    /// In such a child the parent's connection is left alone.
    fn drop(&mut self) {
        if !self.is_of_this_process() {
            return;
        }
        // A connection that has ended already needs no more.
        if self.socket.shutdown(Shutdown::Write).is_err() {
            return;
        }
        // If unread bytes were left, the system would send one reset instead of an end that is retransmitted. The number of reads is limited, in case the server
        // writes without end.
        let mut unread = [0; 1024];
        for _ in 0..64 {
            if !recv(&self.socket, &mut unread, RecvFlags::DONTWAIT).is_ok_and(|(length, _)| length > 0) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::SockRef;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    fn connected() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let address = SockAddr::from(listener.local_addr().expect("its address"));
        let connection = Connection::new(&address).expect("a socket");
        connection.socket().connect(&address).expect("a connection");
        connection.tune().expect("its options");
        (connection, listener.accept().expect("the other end").0)
    }

    #[test]
    fn unread_bytes_do_not_turn_the_end_into_a_reset() {
        let (connection, mut server) = connected();
        server.write_all(b"RELEASED\n").expect("an answer");
        drop(connection);
        assert_eq!(server.read(&mut [0; 16]).expect("the end of the stream"), 0);
        let error = SockRef::from(&server).take_error().expect("the option");
        assert!(error.is_none(), "a reset came behind the end: {error:?}");
    }

    #[test]
    fn what_has_arrived_is_acknowledged() {
        let (connection, mut server) = connected();
        connection.send(b"RELEASE\n").expect("room");
        assert_eq!(server.read(&mut [0; 16]).expect("what was sent"), 8);
        assert!(connection.is_acknowledged());
    }
}
