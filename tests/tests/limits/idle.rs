//! `--idle-timeout`: which connections are closed, and which are not.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use poolcounter_test_support::{Client, Daemon, Installed, Program, Scratch};

use crate::bystander::Bystander;

const TIMEOUT: Duration = Duration::from_secs(10);

/// How often the daemon searches for idle clients.
const ROUND: Duration = Duration::from_millis(1_250);

fn connect(daemon: &Daemon) -> Result<Client> {
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    Ok(client)
}

/// Waits for the end of a client's connection. Gives its time.
fn end(client: &mut Client) -> Result<Instant> {
    let ended = client.wait(2 * (TIMEOUT + ROUND), |received, ended| ended || !received.is_empty())?;
    ensure!(ended, "it is not closed");
    let now = Instant::now();
    client.expect_end()?;
    Ok(now)
}

/// Runs both at the same time, because they mostly wait.
#[test]
fn idle_clients() -> Result<()> {
    thread::scope(|scope| {
        let upgraded = scope.spawn(an_upgrade_begins_anew);
        the_idle_are_closed_and_nobody_else()?;
        upgraded.join().map_err(|_| anyhow::anyhow!("the other one panicked"))?
    })
}

fn the_idle_are_closed_and_nobody_else() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let daemon = Daemon::start(|address| {
        let mut command = Program::ours()?.command();
        command.arg("-l").arg(address.to_string()).args(["--idle-timeout", "10"]);
        command.arg(format!("--listen=unix:{}", path.display()));
        Ok(command)
    })?;
    let unlimited = Daemon::ours::<&str>(&[])?;
    let mut spared = connect(&unlimited)?;
    let mut bystander = Bystander::new(&daemon)?;
    let [mut holder, mut waiter, mut half, mut long] =
        [connect(&daemon)?, connect(&daemon)?, connect(&daemon)?, connect(&daemon)?];
    assert_eq!(holder.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    waiter.send(b"ACQ4ANY page 1 9 600\n")?;
    half.send(b"RELE")?;
    long.send(&[b'x'; 1_030])?;
    long.expect(b"ERROR LINE_TOO_LONG\n")?;

    let start = Instant::now();
    let mut silent = Client::connect(daemon.address())?;
    let mut unix = UnixStream::connect(&path)?;
    unix.set_read_timeout(Some(2 * (TIMEOUT + ROUND)))?;
    unix.write_all(b"ACQ4ME other 1 9 0\nRELEASE\n")?;
    unix.read_exact(&mut [0; b"LOCKED\nRELEASED\n".len()])?;
    let mut asking = connect(&daemon)?;
    let busy = thread::scope(|scope| -> Result<()> {
        let busy = scope.spawn(|| {
            while start.elapsed() < TIMEOUT + 2 * ROUND {
                bystander.check()?;
                thread::sleep(ROUND);
            }
            bystander.check()
        });
        for client in [&mut silent, &mut asking] {
            let ended = end(client)?;
            ensure!(ended - start >= TIMEOUT, "it is closed after {:?} already", ended - start);
        }
        assert_eq!(unix.read(&mut [0])?, 0);
        ensure!(start.elapsed() >= TIMEOUT, "it is closed after {:?} already", start.elapsed());
        busy.join().map_err(|_| anyhow::anyhow!("the busy client panicked"))?
    });
    busy?;
    // They have been silent for longer than the others.
    half.send(b"ASE\n")?;
    half.expect(b"NOT_LOCKED\n")?;
    long.send(b"\nRELEASE\n")?;
    long.expect(b"NOT_LOCKED\n")?;
    waiter.expect_nothing()?;
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    // A client that receives something is not idle, either.
    waiter.expect(b"DONE\n")?;
    thread::sleep(2 * ROUND);
    waiter.settle()?;
    spared.settle()?;
    ensure!(daemon.stderr().is_empty(), "it said {:?}", daemon.stderr());
    Ok(())
}

/// The new program does not know how long its clients have been idle.
fn an_upgrade_begins_anew() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = installed.daemon(&["--idle-timeout=10"])?;
    let mut client = connect(&daemon)?;
    thread::sleep(2 * ROUND);
    let before = Instant::now();
    installed.upgrade(&daemon)?;
    let ended = end(&mut client)?;
    ensure!(ended - before >= TIMEOUT, "it is closed {:?} after the upgrade already", ended - before);
    Ok(())
}
