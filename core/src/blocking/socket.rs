use rustix::net::{SendFlags, send};
use socket2::{Domain, SockAddr, TcpKeepalive, Type};
use std::io::{self, Read};
use std::net::Shutdown;
use std::time::{Duration, Instant};

/// Time-outs are rounded up to this many microseconds, so that most of them equal the last one and need no system call.
const GRAIN: u128 = 10_000;

/// A send, which seldom waits at all, looks at its deadline this often.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// The server's host must acknowledge what is sent within this, or the connection is taken for broken. A daemon that is merely busy, or frozen, has
/// a kernel that acknowledges.
const HOST_TIMEOUT: Duration = Duration::from_secs(1);

/// While an answer is waited for, the host is asked from time to time whether it is still there.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(1)).with_retries(3);

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket {
    inner: socket2::Socket,
    /// The time-out that is set.
    receive_timeout: Option<Duration>,
    /// The process that made it.
    process: u32,
}

impl Socket {
    pub(super) fn connect(address: &SockAddr, timeout: Duration) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::from(i32::from(address.family())), Type::STREAM, None)?;
        if address.is_ipv4() || address.is_ipv6() {
            socket.connect_timeout(address, timeout)?;
            // An acquire must not wait until the release before it is acknowledged.
            socket.set_tcp_nodelay(true)?;
            socket.set_tcp_keepalive(&KEEPALIVE)?;
            socket.set_tcp_user_timeout(Some(HOST_TIMEOUT))?;
        } else {
            connect_unix(&socket, address, timeout)?;
        }
        socket.set_write_timeout(Some(SEND_TIMEOUT))?;
        Ok(Self { inner: socket, receive_timeout: None, process: std::process::id() })
    }

    /// Sends all of it. The process gets no SIGPIPE from it.
    pub(super) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            match send(&self.inner, bytes, SendFlags::NOSIGNAL).map_err(io::Error::from) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if !super::is_early(&error) => return Err(error),
                Err(_) if Instant::now() >= deadline => return Err(timed_out()),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Waits for bytes, for `timeout` at the most and until a signal comes.
    pub(super) fn receive(&mut self, timeout: Duration) -> io::Result<Vec<u8>> {
        let timeout = round(timeout);
        if self.receive_timeout != Some(timeout) {
            self.inner.set_read_timeout(Some(timeout))?;
            self.receive_timeout = Some(timeout);
        }
        let mut buffer = [0; 1024];
        let length = (&self.inner).read(&mut buffer)?;
        Ok(buffer[..length].to_vec())
    }
}

impl Drop for Socket {
    /// Ends the connection, and not only this process's hold on it: a child that was forked has the socket open too, and would keep the locks alive.
    /// What such a child drops is its parent's, and stays.
    fn drop(&mut self) {
        if self.process == std::process::id() {
            // A connection that has ended already needs no more.
            let _ = self.inner.shutdown(Shutdown::Write);
        }
    }
}

/// Unlike TCP's, this connect is not begun and then waited for: it waits itself, for a place in the server's backlog.
fn connect_unix(socket: &socket2::Socket, address: &SockAddr, timeout: Duration) -> io::Result<()> {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out());
        }
        socket.set_write_timeout(Some(left))?;
        match socket.connect(address) {
            Err(error) if super::is_early(&error) => {}
            connected => return connected,
        }
    }
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// Never 0, which would mean no time-out.
fn round(timeout: Duration) -> Duration {
    let grains = timeout.as_micros().div_ceil(GRAIN).max(1);
    Duration::from_micros(u64::try_from(grains * GRAIN).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_outs_that_follow_each_other_are_alike() {
        let full = Duration::from_millis(22_500);
        assert_eq!(round(full), full);
        assert_eq!(round(Duration::from_micros(22_499_997)), full);
        assert_eq!(round(Duration::ZERO), Duration::from_millis(10));
    }
}
