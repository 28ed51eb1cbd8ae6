use rustix::net::{SendFlags, send};
use socket2::{Domain, SockAddr, TcpKeepalive, Type};
use std::io::{self, Read};
use std::net::Shutdown;
use std::time::Duration;

/// The server's host must acknowledge what is sent within this, or the connection is taken for broken. A daemon that is merely busy, or frozen, has
/// a kernel that acknowledges, once it has taken the connection up; before that, while its backlog is full, it does not.
const HOST_TIMEOUT: Duration = Duration::from_secs(1);

/// While an answer is waited for, the host is asked from time to time whether it is still there.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(1)).with_retries(3);

/// A socket to a server, and the process that it belongs to.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: socket2::Socket,
    /// The process that made it.
    process: u32,
    /// Whether the host's time-out is set.
    watched: bool,
}

impl Connection {
    /// A socket that is not connected yet.
    pub(crate) fn new(address: &SockAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::from(i32::from(address.family())), Type::STREAM, None)?;
        // A Unix socket has no host to watch.
        let watched = address.is_unix();
        Ok(Self { socket, process: std::process::id(), watched })
    }

    /// For connecting, waiting and time-outs.
    pub(crate) fn socket(&self) -> &socket2::Socket {
        &self.socket
    }

    /// To be called once a TCP socket is connected.
    pub(crate) fn tune_tcp(&self) -> io::Result<()> {
        // An acquire must not wait until the release before it is acknowledged.
        self.socket.set_tcp_nodelay(true)?;
        self.socket.set_tcp_keepalive(&KEEPALIVE)
    }

    /// Whether it was made here, and not by a parent before a fork.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    /// Sends some of it. The process gets no SIGPIPE from it.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(&self.socket, bytes, SendFlags::NOSIGNAL)?)
    }

    /// Receives what is there; nothing at the end of the stream.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (&self.socket).read(buffer)?;
        if !self.watched {
            self.socket.set_tcp_user_timeout(Some(HOST_TIMEOUT))?;
            self.watched = true;
        }
        Ok(length)
    }
}

impl Drop for Connection {
    /// Ends the connection, and not only this process's hold on it: a child that was forked has the socket open too, and would keep the locks alive.
    /// What such a child drops is its parent's, and stays.
    fn drop(&mut self) {
        if self.is_of_this_process() {
            // A connection that has ended already needs no more.
            let _ = self.socket.shutdown(Shutdown::Write);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    #[test]
    fn the_host_is_given_its_time_until_it_has_answered_once() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let address = SockAddr::from(listener.local_addr().expect("its address"));
        let mut connection = Connection::new(&address).expect("a socket");
        connection.socket().connect(&address).expect("a connection");
        connection.tune_tcp().expect("its options");
        // A full backlog leaves what is sent unacknowledged for seconds.
        assert_eq!(connection.socket().tcp_user_timeout().expect("an option"), None);
        let (mut server, _) = listener.accept().expect("the other end");
        server.write_all(b"LOCKED\n").expect("an answer");
        assert_eq!(connection.receive(&mut [0; 16]).expect("the answer"), 7);
        assert_eq!(connection.socket().tcp_user_timeout().expect("an option"), Some(HOST_TIMEOUT));
    }
}
