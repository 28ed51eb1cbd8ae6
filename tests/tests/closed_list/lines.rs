//! Lines and the way TCP cuts them.

use anyhow::Result;
use poolcounter_test_support::{Client, Daemon};

fn both() -> Result<(Daemon, Daemon)> {
    Ok((Daemon::reference()?, Daemon::ours::<&str>(&[])?))
}

/// Sends these pieces so that each comes in a read of its own.
fn send_apart(daemon: &Daemon, client: &mut Client, pieces: &[&[u8]]) -> Result<()> {
    pieces.iter().try_for_each(|piece| {
        client.send(piece)?;
        daemon.settle()
    })
}

#[test]
fn a_line_in_several_segments_is_joined() -> Result<()> {
    let pieces: [&[u8]; 4] = [b"ACQ4", b"ME page 1 ", b"5 0", b"\n"];
    let (reference, ours) = both()?;
    let mut client = Client::connect(reference.address())?;
    send_apart(&reference, &mut client, &pieces)?;
    client.expect(b"ERROR BAD_COMMAND\n")?;
    let mut client = Client::connect(ours.address())?;
    send_apart(&ours, &mut client, &pieces)?;
    client.expect(b"LOCKED\n")?;
    client.expect_nothing()
}

#[test]
fn several_lines_in_one_segment_are_all_answered() -> Result<()> {
    let lines = b"ACQ4ME page 1 5 0\nRELEASE\nRELEASE\nSTATS total_releases\n";
    let (reference, ours) = both()?;
    let mut client = Client::connect(reference.address())?;
    client.send(lines)?;
    client.expect(b"LOCKED\n")?;
    client.settle()?;
    client.expect_nothing()?;
    let mut client = Client::connect(ours.address())?;
    client.send(lines)?;
    client.expect(b"LOCKED\nRELEASED\nNOT_LOCKED\ntotal_releases: 1\n")?;
    client.settle()?;
    client.expect_nothing()
}

#[test]
fn a_line_over_1024_bytes_is_refused_once_and_skipped() -> Result<()> {
    // The reference reads 1,024 bytes at a time, so it reads the rest as a release.
    let too_long = [&[b'x'; 1024][..], b"RELEASE\n"].concat();
    let (reference, ours) = both()?;
    let mut client = Client::connect(reference.address())?;
    client.send(&too_long)?;
    client.expect(b"NOT_LOCKED\n")?;
    let mut client = Client::connect(ours.address())?;
    client.send(&too_long)?;
    client.expect(b"ERROR LINE_TOO_LONG\n")?;
    // In pieces: the answer comes before the end of the line, and only once.
    client.send(&[b'x'; 1023])?;
    ours.settle()?;
    client.expect_nothing()?;
    client.send(b"x")?;
    client.expect(b"ERROR LINE_TOO_LONG\n")?;
    send_apart(&ours, &mut client, &[&[b'x'; 5000], b"RELEASE", b"\n"])?;
    client.expect_nothing()?;
    client.send(b"RELEASE\n")?;
    client.expect(b"NOT_LOCKED\n")
}

#[test]
fn a_line_of_1024_bytes_is_still_a_line() -> Result<()> {
    let line = |length: usize| format!("ACQ4ME {} 2 5 0\n", "k".repeat(length - 14)).into_bytes();
    assert_eq!(line(1024).len(), 1024);
    let (reference, ours) = both()?;
    for daemon in [&reference, &ours] {
        let mut client = Client::connect(daemon.address())?;
        client.send(&line(1024))?;
        client.expect(b"LOCKED\n")?;
    }
    let mut client = Client::connect(ours.address())?;
    send_apart(&ours, &mut client, &[&line(1024)[..1000], &line(1024)[1000..]])?;
    client.expect(b"LOCKED\n")?;
    client.send(&line(1025))?;
    client.expect(b"ERROR LINE_TOO_LONG\n")?;
    send_apart(&ours, &mut client, &[&line(1025)[..1000], &line(1025)[1000..]])?;
    client.expect(b"ERROR LINE_TOO_LONG\n")?;
    client.expect_nothing()
}
