use socket2::{Domain, SockAddr, Type};
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// Time-outs are rounded up to this many microseconds, so that most of them equal the last one and need no system call.
const GRAIN: u128 = 10_000;

/// A send, which seldom waits at all, looks at its deadline this often.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket {
    inner: socket2::Socket,
    /// The time-out that is set.
    receive_timeout: Option<Duration>,
}

impl Socket {
    pub(super) fn connect(address: &SockAddr, timeout: Duration) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::from(i32::from(address.family())), Type::STREAM, None)?;
        socket.connect_timeout(address, timeout)?;
        socket.set_write_timeout(Some(SEND_TIMEOUT))?;
        if address.is_ipv4() || address.is_ipv6() {
            // An acquire must not wait until the release before it is acknowledged.
            socket.set_tcp_nodelay(true)?;
        }
        Ok(Self { inner: socket, receive_timeout: None })
    }

    /// Sends all of it.
    pub(super) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            match (&self.inner).write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if !super::is_early(&error) => return Err(error),
                Err(_) if Instant::now() >= deadline => return Err(io::ErrorKind::TimedOut.into()),
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
