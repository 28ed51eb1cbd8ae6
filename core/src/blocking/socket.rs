use socket2::{Domain, SockAddr, Type};
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// Time-outs are rounded up to this, so that most of them equal the last one and need no system call.
const GRAIN_MILLIS: u128 = 10;

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket {
    inner: socket2::Socket,
    /// The time-outs that are set, in milliseconds.
    receive_timeout: Option<u64>,
    send_timeout: Option<u64>,
}

impl Socket {
    pub(super) fn connect(address: &SockAddr, timeout: Duration) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::from(i32::from(address.family())), Type::STREAM, None)?;
        socket.connect_timeout(address, timeout)?;
        if address.is_ipv4() || address.is_ipv6() {
            // An acquire must not wait until the release before it is acknowledged.
            socket.set_tcp_nodelay(true)?;
        }
        Ok(Self { inner: socket, receive_timeout: None, send_timeout: None })
    }

    /// Sends all of it.
    pub(super) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let millis = round(left);
            if self.send_timeout != Some(millis) {
                self.inner.set_write_timeout(Some(Duration::from_millis(millis)))?;
                self.send_timeout = Some(millis);
            }
            match (&self.inner).write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if super::is_early(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits for bytes, for `timeout` at the most and until a signal comes.
    pub(super) fn receive(&mut self, timeout: Duration) -> io::Result<Vec<u8>> {
        let millis = round(timeout);
        if self.receive_timeout != Some(millis) {
            self.inner.set_read_timeout(Some(Duration::from_millis(millis)))?;
            self.receive_timeout = Some(millis);
        }
        let mut buffer = [0; 1024];
        let length = (&self.inner).read(&mut buffer)?;
        Ok(buffer[..length].to_vec())
    }
}

/// In milliseconds, never 0, which would mean no time-out.
fn round(timeout: Duration) -> u64 {
    let grains = timeout.as_millis() / GRAIN_MILLIS + 1;
    u64::try_from(grains * GRAIN_MILLIS).unwrap_or(u64::MAX)
}
