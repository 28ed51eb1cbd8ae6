//! Compares the daemon's counters with the answers that the clients received.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters};

use super::Tally;
use super::client::PATIENCE;

/// Asks the daemon on a separate connection.
pub(crate) fn ask(address: SocketAddr) -> Result<Counters> {
    Counters::ask(&mut Client::connect(address)?)
}

/// Fails unless the difference of `after` and `before` matches the answers, and the numbers of holders and waiters are right.
pub(crate) fn check(before: &Counters, after: &Counters, tally: Tally) -> Result<()> {
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
        let moved = after[name].wrapping_sub(before[name]);
        let right = (expected..=expected + slack).contains(&moved);
        ensure!(right, "{name} moved by {moved}, not by {expected}");
    }
    for name in ["hashtable_entries", "processing_workers", "waiting_workers"] {
        let now = after[name];
        ensure!(now == before[name], "{name} is {now} at the end");
    }
    Ok(())
}

/// Asks until this number of clients wait, because waiters get no answer. Gives the number of its commands.
pub(crate) fn await_waiting(probe: &mut Client, waiters: usize) -> Result<u64> {
    let deadline = Instant::now() + PATIENCE;
    let mut questions = 0;
    loop {
        questions += 1;
        let answer = probe.ask("STATS waiting_workers\n")?;
        let value = answer.trim_end().strip_prefix("waiting_workers: ");
        if value.with_context(|| format!("a wrong answer: {answer:?}"))?.parse() == Ok(waiters) {
            return Ok(questions);
        }
        ensure!(Instant::now() < deadline, "not all clients came to wait");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: &str = "total_acquired: 5\ntotal_releases: 5\nrelease_mismatch: 1\nlock_mismatch: 0\n\
        lock_while_waiting: 0\nfull_queues: 0\nfailed_sends: 0\nconnect_errors: 0\nhashtable_entries: 0\n\
        processing_workers: 0\nwaiting_workers: 0\nprocessed_count: 0\n";

    fn moved(after: &str, locked: u64, released: u64) -> Result<()> {
        let tally = Tally { locked, released, ..Tally::default() };
        check(&Counters::parse(QUIET)?, &Counters::parse(after)?, tally)
    }

    #[test]
    fn counters_that_moved_as_the_answers_say_pass() {
        moved(QUIET, 0, 0).unwrap();
        let after = QUIET.replace("acquired: 5", "acquired: 8").replace("releases: 5", "releases: 7");
        moved(&after, 3, 2).unwrap();
    }

    #[test]
    fn any_other_move_fails() {
        assert!(moved(QUIET, 1, 0).is_err());
        assert!(moved(QUIET, 0, 1).is_err());
        for name in ["full_queues", "failed_sends", "hashtable_entries", "waiting_workers"] {
            let after = QUIET.replace(&format!("{name}: 0"), &format!("{name}: 1"));
            let error = moved(&after, 0, 0).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
        assert!(moved("", 0, 0).is_err());
    }
}
