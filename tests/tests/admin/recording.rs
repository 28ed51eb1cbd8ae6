//! `/v1/recording`: every call from now on.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use poolcounter::recording::{Recording, verify};
use poolcounter_test_support::Client;

use crate::record_buffer::{asked, chunks};
use crate::scene::Scene;

/// Pairs of calls: more than the daemon keeps for a slow reader, and the socket takes.
const ROUNDS: usize = 1_000_000;

/// Pairs in one message.
const PAIRS: usize = 500;

/// Calls that were left out are counted, also if the recording ends before its reader has caught up.
#[test]
fn a_recording_that_ends_with_a_gap_says_so() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut slow = asked(&scene.unix, "seconds=1")?;
    let mut client = Client::connect(scene.daemon.address())?;
    let (calls, answers) =
        (b"ACQ4ME wiki:pcache:1 1 9 9\nRELEASE\n".repeat(PAIRS), b"LOCKED\nRELEASED\n".repeat(PAIRS));
    let begun = Instant::now();
    let mut made = 0;
    // No earlier than a second after its beginning it is over.
    while made < ROUNDS || begun.elapsed() < Duration::from_secs(2) {
        client.send(&calls)?;
        client.expect(&answers)?;
        made += PAIRS;
    }
    let recording = Recording::read(&chunks(&mut slow)?)?;
    ensure!(!recording.is_cut && verify(&recording)?.first.is_none());
    let (calls, left_out) = (recording.calls() as u64, recording.left_out());
    ensure!(left_out > 0, "{calls} calls of {made} pairs, and none left out");
    Ok(())
}
