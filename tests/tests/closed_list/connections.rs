//! Connections: clients that do not read, bursts, hosts that vanish.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, Deaf, PATIENCE, allow_descriptors, kernel};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

#[test]
fn a_client_that_does_not_read_is_cut_off() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut waiter = Client::connect(daemon.address())?;
    let mut deaf = Deaf::connect(daemon.address())?;
    let port = deaf.port()?;
    deaf.send("ACQ4ME page 1 5 0\n")?;
    daemon.settle()?;
    waiter.send(b"ACQ4ME page 1 5 60\n")?;
    deaf.ask_until_cut_off("STATS FULL\n")?;
    waiter.expect(b"LOCKED\n")?;
    let counters = Counters::ask(&mut waiter)?;
    assert_eq!((counters["failed_sends"], counters["processing_workers"]), (1, 1));
    let said = daemon.expect_said(&format!("was cut off: 127.0.0.1:{port}\n"))?;
    ensure!(said.lines().count() == 1, "it said {said:?}");
    Ok(())
}

#[test]
fn the_reference_drops_the_answers_of_a_client_that_does_not_read() -> Result<()> {
    let daemon = Daemon::reference()?;
    let mut probe = Client::connect(daemon.address())?;
    let mut deaf = Deaf::connect(daemon.address())?;
    let mut questions = 0;
    while Counters::ask(&mut probe)?["failed_sends"] == 0 {
        ensure!(questions < 50_000, "the reference drops no answer");
        for _ in 0..50 {
            // One command at a time: the reference reads only the first of several commands in a segment.
            deaf.send("STATS FULL\n")?;
            probe.settle()?;
        }
        questions += 50;
    }
    // It reads from now on, and sends another kind of command until its answer shows that no answer of the first kind is left.
    let mut client = deaf.cured()?;
    let last = Deadline::after(PATIENCE).poll(|| {
        client.send(b"RELEASE\n").and_then(|()| client.read()).ok()?;
        client.received().ends_with(b"NOT_LOCKED\n").then_some(())
    });
    last.context("it is not served any longer")?;
    let answers = client.received().windows(8).filter(|word| word == b"uptime: ").count();
    ensure!(answers < questions, "all {questions} questions were answered");
    Ok(())
}

/// How many of a thousand clients can connect at once while the daemon does not accept.
fn burst(daemon: &Daemon) -> Result<(Vec<Client>, usize)> {
    allow_descriptors(2500)?;
    daemon.settle()?;
    daemon.freeze()?;
    let clients: Vec<Client> = (0..1000).map(|_| begin_to_connect(daemon.address())).collect::<Result<_>>()?;
    let connected = clients.iter().filter(|client| client.socket().peer_addr().is_ok()).count();
    Ok((clients, connected))
}

fn begin_to_connect(address: SocketAddr) -> Result<Client> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Client::from_socket(socket.into()),
        Err(error) => Err(error.into()),
    }
}

#[test]
fn a_burst_of_connections_is_taken_at_once() -> Result<()> {
    // The kernel accepts one connection more than the backlog of 20.
    let (_clients, connected) = burst(&Daemon::reference()?)?;
    ensure!(connected < 30, "{connected} are connected with the reference");
    let ours = Daemon::ours::<&str>(&[])?;
    let (mut clients, connected) = burst(&ours)?;
    assert_eq!(connected, 1000);
    ours.thaw()?;
    for client in &mut clients {
        client.send(b"RELEASE\n")?;
    }
    clients.iter_mut().try_for_each(|client| client.expect(b"NOT_LOCKED\n"))
}

/// The daemon's socket for a client.
fn other_end(daemon: &Daemon) -> Result<(Client, OwnedFd)> {
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    let socket = kernel::accepted(daemon.pid(), client.port())?;
    Ok((client, socket))
}

#[test]
fn a_host_that_vanishes_is_noticed() -> Result<()> {
    let reference = Daemon::reference()?;
    let (_client, socket) = other_end(&reference)?;
    assert!(!sockopt::socket_keepalive(&socket)?, "the reference uses no keepalive");
    let ours = Daemon::ours::<&str>(&[])?;
    let (_client, socket) = other_end(&ours)?;
    assert!(sockopt::socket_keepalive(&socket)?);
    assert_eq!(sockopt::tcp_keepidle(&socket)?, Duration::from_mins(1));
    assert_eq!(sockopt::tcp_keepintvl(&socket)?, Duration::from_secs(15));
    assert_eq!(sockopt::tcp_keepcnt(&socket)?, 4);
    assert_eq!(sockopt::tcp_user_timeout(&socket)?, 120_000);
    assert!(sockopt::tcp_nodelay(&socket)?);
    Ok(())
}
