//! A server on a Unix socket. The key of a request decides its answer.

use rustix::net::{Shutdown, shutdown};
use std::io::{BufRead, BufReader, Error, ErrorKind, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// No client of the target keeps a connection for as long as this.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct FakeServer {
    path: PathBuf,
    listener: UnixListener,
    accepting: Option<JoinHandle<bool>>,
}

impl FakeServer {
    /// Each server has its own path, so the process's knowledge of one server is not used for the next.
    pub(super) fn start() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("poolcounter-fuzz-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).expect("a new path");
        let its_own = listener.try_clone().expect("a descriptor");
        Self { path, listener, accepting: Some(spawn(move || accept(&its_own))) }
    }

    /// The server's text in a configuration.
    pub(super) fn name(&self) -> String {
        format!("unix:{}", self.path.display())
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        // This ends the wait for the next connection.
        let _ = shutdown(&self.listener, Shutdown::Both);
        let all_closed = self.accepting.take().is_some_and(|accepting| accepting.join().is_ok_and(|all| all));
        assert!(all_closed || std::thread::panicking(), "a connection that no client has closed");
    }
}

/// Serves until the listener is shut down and all clients have left. Gives whether they have.
fn accept(listener: &UnixListener) -> bool {
    let mut connections = Vec::new();
    while let Ok((connection, _)) = listener.accept() {
        connections.push(spawn(move || serve(connection)));
    }
    let is_silence = |error: &Error| error.kind() == ErrorKind::WouldBlock;
    // It is not a fault if a client has left and an answer cannot be sent.
    connections.into_iter().all(|connection| connection.join().is_ok_and(|end| !end.as_ref().is_err_and(is_silence)))
}

fn serve(mut connection: UnixStream) -> Result<(), Error> {
    connection.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(connection.try_clone()?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let answer: &[u8] = match std::str::from_utf8(&line).unwrap_or_default().trim_end().split_once(' ') {
            Some(("STATS", "UPTIME")) => b"uptime: 0 days, 0h 0m 0s\n",
            Some(("STATS", "FULL")) => b"uptime: 0 days, 0h 0m 0s\na: 1\n\n",
            Some(("STATS", _)) => b"ERROR WRONG_STAT",
            Some((_, command)) => match command.as_bytes().first() {
                Some(b'd') => b"DONE\n",
                Some(b'q') => b"QUEUE_FULL\n",
                Some(b't') => b"TIMEOUT\n",
                Some(b'h') => b"LOCK_HELD\n",
                Some(b'e') => b"ERROR \xff\0 OUCH\n",
                Some(b'g') => b"LOCKED\nLOCKED\n",
                // Silence.
                Some(b's') => b"",
                Some(b'c') => return Ok(()),
                _ => b"LOCKED\n",
            },
            None => b"RELEASED\n",
        };
        connection.write_all(answer)?;
        line.clear();
    }
    Ok(())
}
