//! The daemon's own counters, held against what the clients received.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, ensure};

use super::Tally;
use super::client::PATIENCE;

/// The counters of one `STATS FULL`.
pub(crate) struct Counters(BTreeMap<String, u64>);

impl Counters {
    /// Asks the daemon, on a connection of its own.
    pub(crate) fn ask(address: SocketAddr) -> Result<Counters> {
        let mut probe = connect(address)?;
        probe.write_all(b"STATS FULL\n")?;
        let mut text = String::new();
        for line in BufReader::new(probe).lines() {
            let line = line.context("STATS FULL")?;
            if line.is_empty() {
                return Ok(Counters::parse(&text));
            }
            text.push_str(&line);
            text.push('\n');
        }
        anyhow::bail!("STATS FULL ended early")
    }

    fn parse(text: &str) -> Counters {
        let counter = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Counters(text.lines().filter_map(counter).collect())
    }

    fn get(&self, name: &str) -> Result<u64> {
        let value = self.0.get(name).copied();
        value.with_context(|| format!("STATS FULL has no {name}"))
    }

    /// Fails unless the counters moved from these to `after` as the answers say, and nothing is held or waited for.
    pub(crate) fn check(&self, after: &Counters, tally: Tally) -> Result<()> {
        let abandoned = tally.abandoned;
        let expectations = [
            ("total_acquired", tally.locked, abandoned),
            ("total_releases", tally.released, abandoned),
            ("failed_sends", 0, 2 * abandoned),
            ("release_mismatch", tally.not_locked, 0),
            ("lock_mismatch", 0, 0),
            ("lock_while_waiting", 0, 0),
            ("full_queues", 0, 0),
            ("connect_errors", 0, 0),
        ];
        for (name, expected, slack) in expectations {
            let moved = after.get(name)?.wrapping_sub(self.get(name)?);
            let right = (expected..=expected + slack).contains(&moved);
            ensure!(right, "{name} moved by {moved}, not by {expected}");
        }
        for name in ["hashtable_entries", "processing_workers", "waiting_workers"] {
            let now = after.get(name)?;
            ensure!(now == self.get(name)?, "{name} is {now} at the end");
        }
        Ok(())
    }
}

/// A blocking connection for questions.
pub(crate) fn connect(address: SocketAddr) -> Result<TcpStream> {
    let probe =
        TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("cannot connect to {address}"))?;
    probe.set_nodelay(true)?;
    probe.set_read_timeout(Some(PATIENCE))?;
    Ok(probe)
}

/// How many clients wait.
pub(crate) fn waiting(probe: &mut TcpStream) -> Result<u64> {
    probe.write_all(b"STATS waiting_workers\n")?;
    let mut buffer = [0; 64];
    let mut length = 0;
    while length == 0 || buffer[length - 1] != b'\n' {
        let read = probe.read(&mut buffer[length..]).context("STATS")?;
        ensure!(read > 0, "STATS was not answered");
        length += read;
    }
    let answer = std::str::from_utf8(&buffer[..length])?;
    let value = answer.trim_end().strip_prefix("waiting_workers: ");
    Ok(value.with_context(|| format!("a wrong answer: {answer:?}"))?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: &str = "total_acquired: 5\ntotal_releases: 5\nrelease_mismatch: 1\nlock_mismatch: 0\n\
        lock_while_waiting: 0\nfull_queues: 0\nfailed_sends: 0\nconnect_errors: 0\nhashtable_entries: 0\n\
        processing_workers: 0\nwaiting_workers: 0\n";

    fn check(after: &str, locked: u64, released: u64) -> Result<()> {
        let tally = Tally { locked, released, ..Tally::default() };
        Counters::parse(QUIET).check(&Counters::parse(after), tally)
    }

    #[test]
    fn counters_that_moved_as_the_answers_say_pass() {
        check(QUIET, 0, 0).unwrap();
        let moved = QUIET.replace("acquired: 5", "acquired: 8").replace("releases: 5", "releases: 7");
        check(&moved, 3, 2).unwrap();
    }

    #[test]
    fn any_other_move_fails() {
        assert!(check(QUIET, 1, 0).is_err());
        assert!(check(QUIET, 0, 1).is_err());
        for name in ["full_queues", "failed_sends", "hashtable_entries", "waiting_workers"] {
            let moved = QUIET.replace(&format!("{name}: 0"), &format!("{name}: 1"));
            let error = check(&moved, 0, 0).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
        assert!(check("", 0, 0).is_err());
    }
}
