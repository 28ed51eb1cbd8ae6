//! kill -9 at any moment.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{AcquireOutcome, Failure, Lock, ReleaseOutcome, Request, Server, Settings};
use poolcounter::protocol::Mode;
use poolcounter_test_support::{Client, Daemon, Deadline, PATIENCE, Program};
use rustix::process::Signal;

/// The next daemon at this address, once it serves.
fn at(address: SocketAddr) -> Result<Daemon> {
    let daemon = Daemon::start_at(address, |address| {
        let mut command = Program::ours()?.command();
        command.arg("-l").arg(address.to_string());
        Ok(command)
    })?;
    // For a moment a child of the killed daemon may still have its listener; clients that connect to it are lost.
    let served = || daemon.settle().ok();
    Deadline::after(PATIENCE).poll(served).with_context(|| format!("it does not serve: {:?}", daemon.stderr()))?;
    Ok(daemon)
}

fn kill(daemon: &mut Daemon) -> Result<()> {
    daemon.signal(Signal::KILL)?;
    daemon.wait()?;
    Ok(())
}

#[test]
fn plain_sockets_see_the_end_at_once_and_the_next_daemon_is_there() -> Result<()> {
    let mut daemon = Daemon::ours::<&str>(&[])?;
    let address = daemon.address();
    for _ in 0..3 {
        let mut clients = (0..300).map(|_| Client::connect(address)).collect::<Result<Vec<_>>>()?;
        for client in &mut clients[..200] {
            client.send(b"ACQ4ANY page 1 999 60\n")?;
        }
        daemon.settle()?;
        let holders = clients.iter_mut().filter_map(|client| client.read().is_ok().then(|| client.take()));
        assert_eq!(holders.filter(|told| told == b"LOCKED\n").count(), 1);
        kill(&mut daemon)?;
        clients.iter_mut().try_for_each(Client::expect_end)?;
        // The system still has the old connections (TIME_WAIT).
        daemon = at(address)?;
        let mut client = Client::connect(address)?;
        assert_eq!(client.ask("ACQ4ANY page 1 999 60\n")?, "LOCKED\n");
    }
    Ok(())
}

/// At any moment of an upgrade.
#[test]
fn a_kill_during_an_upgrade() -> Result<()> {
    let mut daemon = Daemon::ours::<&str>(&[])?;
    let address = daemon.address();
    for delay in (0..60).map(|step| Duration::from_micros(300) * step) {
        let mut client = Client::connect(address)?;
        assert_eq!(client.ask("ACQ4ANY page 1 999 60\n")?, "LOCKED\n");
        daemon.signal(Signal::USR1)?;
        thread::sleep(delay);
        kill(&mut daemon)?;
        client.expect_end()?;
        daemon = at(address)?;
    }
    Ok(())
}

fn client(address: SocketAddr) -> Result<BlockingClient> {
    let mut settings = Settings::new(vec![Server::parse(&address.to_string())?]);
    // A machine that builds something else at the same time may be slow to accept.
    settings.connect_timeout(Duration::from_secs(2));
    Ok(BlockingClient::new(settings))
}

fn request(key: &[u8]) -> Request<'_> {
    Request::new(key).mode(Mode::ForMe).maxqueue(10).timeout_seconds(60)
}

fn lock(client: &mut BlockingClient, key: &[u8]) -> Result<Lock> {
    match client.acquire(&request(key))? {
        AcquireOutcome::Locked(lock) => Ok(lock),
        other => bail!("no lock but {other:?}"),
    }
}

/// The end of the daemon is an error of the connection at once, and the work is then done unprotected.
#[test]
fn cores_client_fails_at_once_where_it_waits() -> Result<()> {
    let mut daemon = Daemon::ours::<&str>(&[])?;
    let address = daemon.address();
    let mut holder = client(address)?;
    let held = lock(&mut holder, b"page")?;
    let waiting = thread::spawn(move || client(address)?.acquire(&request(b"page")).map_err(anyhow::Error::from));
    let mut witness = Client::connect(address)?;
    let waits = || witness.ask("STATS waiting_workers\n").ok().filter(|answer| answer == "waiting_workers: 1\n");
    Deadline::after(PATIENCE).poll(waits).context("it does not wait")?;
    kill(&mut daemon)?;
    let waited = waiting.join().map_err(|_| anyhow::anyhow!("the waiting thread panicked"))?;
    let failure = waited.err().and_then(|error| error.downcast::<Failure>().ok());
    ensure!(matches!(failure, Some(Failure::Read { .. })), "the wait ended with {failure:?}");
    // The lock was lost with the daemon, so the release succeeds. No server is left for another lock.
    ensure!(holder.release(held)? == ReleaseOutcome::Released);
    let refused = holder.acquire(&request(b"page"));
    ensure!(matches!(refused, Err(Failure::Connect { .. })), "without a daemon: {refused:?}");
    Ok(())
}

#[test]
fn cores_client_goes_on_with_the_next_daemon() -> Result<()> {
    let mut daemon = Daemon::ours::<&str>(&[])?;
    let address = daemon.address();
    let [mut idle, mut holder] = [client(address)?, client(address)?];
    let over = lock(&mut idle, b"other")?;
    ensure!(idle.release(over)? == ReleaseOutcome::Released);
    let held = lock(&mut holder, b"page")?;
    kill(&mut daemon)?;
    let _next = at(address)?;
    // One kept connection was idle, the other had the lock: both are replaced without an error.
    let locked = lock(&mut idle, b"page")?;
    ensure!(holder.release(held)? == ReleaseOutcome::Released);
    ensure!(idle.release(locked)? == ReleaseOutcome::Released);
    let again = lock(&mut holder, b"page")?;
    ensure!(holder.release(again)? == ReleaseOutcome::Released);
    Ok(())
}
