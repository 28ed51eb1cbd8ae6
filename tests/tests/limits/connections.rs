//! Clients with unusual connections.

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, Deaf, PATIENCE, Program, ReservedDescriptors};

use crate::bystander::Bystander;

/// Our daemon with these limits of descriptors, in the form of the shell's `ulimit`.
fn limited(limits: &str) -> Result<Daemon> {
    Daemon::start(|address| {
        let mut command = Program::ours()?.after(limits);
        command.arg("-l").arg(address.to_string());
        Ok(command)
    })
}

#[test]
fn clients_that_never_read() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut bystander = Bystander::new(&daemon)?;
    for _ in 0..10 {
        let mut deaf = Deaf::connect(daemon.address())?;
        deaf.send("ACQ4ME page 1 5 0\n")?;
        bystander.check()?;
        deaf.ask_until_cut_off("STATS FULL\n")?;
        bystander.check()?;
    }
    bystander.settle_accounts(&[("total_acquired", 10), ("processed_count", 10), ("failed_sends", 10)])?;
    let said = daemon.expect_said("does not read")?;
    ensure!(said.lines().count() == 1, "it said {said:?}");
    Ok(())
}

#[test]
fn half_closed_sockets() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut bystander = Bystander::new(&daemon)?;
    // A client that has ended its stream counts as gone, and the next one gets the lock.
    for _ in 0..200 {
        let mut client = Client::connect(daemon.address())?;
        client.send(b"ACQ4ME page 1 5 60\nACQ4ME other 1 5 60\nhalf a li")?;
        client.shut_down_sending()?;
        client.expect(b"LOCKED\nLOCKED\n")?;
        client.expect_end()?;
        bystander.check()?;
    }
    bystander.settle_accounts(&[("total_acquired", 400), ("processed_count", 400)])
}

#[test]
fn resets() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut bystander = Bystander::new(&daemon)?;
    let connect = |_| Client::connect(daemon.address());
    let mut clients: Vec<Client> = (0..200).map(connect).collect::<Result<_>>()?;
    for (already, client) in (0..).zip(&mut clients) {
        client.send(b"ACQ4ME page 1 500 60\n")?;
        // Only on one processor does loopback keep the order of the bytes of different clients.
        let queued = |counters: &Counters| counters["processing_workers"] + counters["waiting_workers"] > already;
        Deadline::after(PATIENCE).poll(|| bystander.counters().ok().filter(queued)).context("it does not wait")?;
    }
    // The holder leaves each time: the lock passes on to the next client, up to the last.
    while let Some(mut client) = (!clients.is_empty()).then(|| clients.remove(0)) {
        client.expect(b"LOCKED\n")?;
        client.reset()?;
        bystander.check()?;
    }
    // A reset with bytes on their way: the daemon may find that answers cannot be sent.
    for _ in 0..200 {
        let mut client = Client::connect(daemon.address())?;
        client.send(&b"STATS FULL\n".repeat(100))?;
        client.reset()?;
        bystander.check()?;
    }
    let failed = bystander.counters()?["failed_sends"];
    ensure!(failed <= 200, "{failed} sends failed");
    let others = [("total_acquired", 200), ("processed_count", 200), ("failed_sends", failed)];
    bystander.settle_accounts(&others)?;
    ensure!(daemon.stderr().is_empty(), "it said {:?}", daemon.stderr());
    Ok(())
}

#[test]
fn nineteen_thousand_connections() -> Result<()> {
    const NUMBER: u64 = 19_000;
    // Leaves descriptors for this process and its other tests.
    let _reserved = ReservedDescriptors::new(NUMBER + 900)?;
    let daemon = limited("ulimit -Sn 256")?;
    let mut bystander = Bystander::new(&daemon)?;
    let mut clients = Vec::new();
    for number in 1..=NUMBER {
        clients.push(Client::connect(daemon.address())?);
        if number % 1000 == 0 {
            bystander.check()?;
            // It is accepted last. If more clients connected than fit into the backlog, the system would lose some.
            clients.last_mut().context("a client")?.settle()?;
        }
    }
    for thousand in clients.chunks_mut(1000) {
        for client in &mut *thousand {
            client.send(b"ACQ4ANY page 19000 19000 0\n")?;
        }
        bystander.check()?;
        thousand.iter_mut().try_for_each(|client| client.expect(b"LOCKED\n"))?;
    }
    assert_eq!(bystander.counters()?["processing_workers"], NUMBER);
    // Closed in order, each would occupy the kernel for another minute.
    clients.into_iter().try_for_each(Client::reset)?;
    bystander.settle_accounts(&[("total_acquired", NUMBER), ("processed_count", NUMBER)])
}

#[test]
fn no_descriptor_is_left() -> Result<()> {
    let daemon = limited("ulimit -n 64")?;
    let mut bystander = Bystander::new(&daemon)?;
    let connect = |_| Client::connect(daemon.address());
    let mut clients: Vec<Client> = (0..200).map(connect).collect::<Result<_>>()?;
    for client in &mut clients {
        client.send(b"ACQ4ME page 200 200 0\n")?;
    }
    let exhausted = || bystander.counters().ok().filter(|counters| counters["connect_errors"] > 0);
    Deadline::after(PATIENCE).poll(exhausted).context("there are descriptors left")?;
    // Each served client leaves, so that another one is accepted, until all were served.
    for mut client in clients {
        client.expect(b"LOCKED\n")?;
        client.close()?;
        bystander.check()?;
    }
    let failed = bystander.counters()?["connect_errors"];
    bystander.settle_accounts(&[("total_acquired", 200), ("processed_count", 200), ("connect_errors", failed)])?;
    let said = daemon.expect_said("no connection can be accepted")?;
    ensure!(said.lines().count() == 1, "it said {said:?}");
    Ok(())
}
