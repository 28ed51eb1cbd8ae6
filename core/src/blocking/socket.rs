use super::is_early;
use crate::sockets::Connection;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// Time-outs are rounded up to this many microseconds, so that most of them equal the last one and need no system call.
const GRAIN: u128 = 10_000;

/// The longest single wait, so that long deadlines use the same time-out.
const LONGEST: Duration = Duration::from_secs(1);

/// How often a send checks its deadline. It seldom waits at all.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket {
    connection: Connection,
    /// The time-out that is set.
    receive_timeout: Option<Duration>,
}

impl Socket {
    /// For a connection that was just made.
    pub(super) fn new(connection: Connection) -> io::Result<Self> {
        connection.socket().set_nonblocking(false)?;
        connection.socket().set_write_timeout(Some(SEND_TIMEOUT))?;
        Ok(Self { connection, receive_timeout: None })
    }

    /// Sends all of it, within `timeout`.
    pub(super) fn send(&mut self, mut bytes: &[u8], timeout: Duration) -> io::Result<()> {
        let deadline = Instant::now() + timeout;
        while !bytes.is_empty() {
            match self.connection.send(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) if !is_early(&error) => return Err(error),
                Err(_) if Instant::now() >= deadline => return Err(io::ErrorKind::TimedOut.into()),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Waits for bytes, for `timeout` at the most, for a second, and until a signal comes.
    pub(super) fn receive(&mut self, timeout: Duration, buffer: &mut [u8]) -> io::Result<usize> {
        let timeout = round(timeout);
        if self.receive_timeout != Some(timeout) {
            self.connection.socket().set_read_timeout(Some(timeout))?;
            self.receive_timeout = Some(timeout);
        }
        self.connection.receive(buffer)
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.socket().as_fd()
    }

    pub(super) fn is_of_this_process(&self) -> bool {
        self.connection.is_of_this_process()
    }

    /// Whether the server's host has acknowledged all that was sent.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.connection.is_acknowledged()
    }
}

/// Never 0, which would mean no time-out.
fn round(timeout: Duration) -> Duration {
    let timeout = timeout.min(LONGEST);
    let grains = timeout.as_micros().div_ceil(GRAIN).max(1);
    Duration::from_micros(u64::try_from(grains * GRAIN).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_outs_that_follow_each_other_are_alike() {
        assert_eq!(round(Duration::from_micros(999_997)), LONGEST);
        assert_eq!(round(Duration::from_millis(22_500)), LONGEST);
        assert_eq!(round(Duration::from_micros(299_997)), Duration::from_millis(300));
        assert_eq!(round(Duration::ZERO), Duration::from_millis(10));
    }
}
