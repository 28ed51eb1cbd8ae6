//! Clients that send unusual input.

use std::fs;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, PATIENCE};

use crate::bystander::Bystander;

fn start() -> Result<(Daemon, Bystander)> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let bystander = Bystander::new(&daemon)?;
    Ok((daemon, bystander))
}

fn clients(daemon: &Daemon, number: usize) -> Result<Vec<Client>> {
    (0..number).map(|_| Client::connect(daemon.address())).collect()
}

/// The daemon's resident memory, in kilobytes.
fn resident(daemon: &Daemon) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[test]
fn half_lines() -> Result<()> {
    let (daemon, mut bystander) = start()?;
    let mut clients = clients(&daemon, 200)?;
    let line = format!("ACQ4ME {} 300 300 0\n", "k".repeat(900)).into_bytes();
    for piece in line.chunks(100) {
        for client in &mut clients {
            client.expect_nothing()?;
            client.send(piece)?;
        }
        bystander.check()?;
    }
    clients.iter_mut().try_for_each(|client| client.expect(b"LOCKED\n"))?;
    assert_eq!(bystander.counters()?["processing_workers"], 200);
    // An unfinished line at the end is not a command.
    for client in &mut clients {
        client.send(b"RELEASE")?;
    }
    clients.into_iter().try_for_each(Client::close)?;
    bystander.settle_accounts(&[("total_acquired", 200), ("processed_count", 200)])
}

#[test]
fn ten_megabytes_without_a_line_end() -> Result<()> {
    let (daemon, mut bystander) = start()?;
    let mut client = Client::connect(daemon.address())?;
    assert_eq!(client.ask("ACQ4ME page 1 5 0\n")?, "LOCKED\n");
    let before = resident(&daemon)?;
    let chunk = [b'x'; 10_000];
    for _ in 0..1000 {
        client.send(&chunk)?;
        // The bystander is answered after the chunk was read, so that the socket takes the next one.
        bystander.check()?;
    }
    client.expect(b"ERROR LINE_TOO_LONG\n")?;
    let grown = resident(&daemon)?.saturating_sub(before);
    ensure!(grown < 1024, "the daemon grew by {grown} kB");
    client.send(b"\nRELEASE\n")?;
    client.expect(b"RELEASED\n")?;
    client.expect_nothing()?;
    bystander.settle_accounts(&[("total_acquired", 1), ("total_releases", 1), ("processed_count", 1)])
}

#[test]
fn nul_bytes() -> Result<()> {
    let (daemon, mut bystander) = start()?;
    let mut client = Client::connect(daemon.address())?;
    client.send(b"\0\n\0\0\0\nREL\0EASE\n\0RELEASE\nRELEASE\0x\nACQ4ME \0k 1 1 0\nACQ4ME k\0 1 1 0\n")?;
    client.expect(b"ERROR BAD_COMMAND\nERROR BAD_COMMAND\nERROR BAD_COMMAND\nERROR BAD_COMMAND\n")?;
    client.expect(b"NOT_LOCKED\nERROR BAD_SYNTAX\nERROR BAD_SYNTAX\n")?;
    client.send(&[0; 4000])?;
    client.expect(b"ERROR LINE_TOO_LONG\n")?;
    client.send(b"\nRELEASE\n")?;
    client.expect(b"NOT_LOCKED\n")?;
    client.expect_nothing()?;
    bystander.settle_accounts(&[("release_mismatch", 2)])
}

#[test]
fn random_bytes() -> Result<()> {
    let (daemon, mut bystander) = start()?;
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut client = Client::connect(daemon.address())?;
        let mut bytes: Vec<u8> = (0..20_000).map(|_| random.u8(..)).collect();
        bytes.push(b'\n');
        for piece in bytes.chunks(random.usize(100..5000)) {
            client.send(piece)?;
            bystander.check()?;
        }
        let expected = answers(&bytes);
        client.wait(PATIENCE, |received, _| received.len() >= expected.len())?;
        ensure!(client.received() == expected, "seed {seed}: {:?}", String::from_utf8_lossy(client.received()));
    }
    bystander.settle_accounts(&[])
}

/// The answers to lines that are not commands.
fn answers(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let answer = |line: &[u8]| if line.len() > 1024 { "ERROR LINE_TOO_LONG\n" } else { "ERROR BAD_COMMAND\n" };
    lines.flat_map(|line| answer(line).bytes()).collect()
}
