//! Core's client over real sockets, against real daemons.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{AcquireOutcome, Failure, Lock, ReleaseOutcome, Request, Server, Settings};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, PATIENCE, Process, Program, Scratch};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket, socket_with};

const REQUEST: Request<'_> = request(b"page 1");

const fn request(key: &[u8]) -> Request<'_> {
    Request::new(key).maxqueue(10).timeout_seconds(0)
}

fn client(servers: &[String]) -> Result<BlockingClient> {
    client_with(servers, |_| ())
}

fn client_with(servers: &[String], change: impl FnOnce(&mut Settings)) -> Result<BlockingClient> {
    let servers: Result<Vec<Server>, _> = servers.iter().map(|server| Server::parse(server)).collect();
    let mut settings = Settings::new(servers?);
    // A machine that builds something else at the same time may be slow to accept.
    settings.connect_timeout(Duration::from_secs(2));
    change(&mut settings);
    Ok(BlockingClient::new(settings))
}

fn locked(client: &mut BlockingClient, request: &Request<'_>) -> Result<Lock> {
    match client.acquire(request)? {
        AcquireOutcome::Locked(lock) => Ok(lock),
        other => bail!("no lock but {other:?}"),
    }
}

fn section(client: &mut BlockingClient) -> Result<()> {
    let lock = locked(client, &REQUEST)?;
    ensure!(client.release(lock)? == ReleaseOutcome::Released);
    Ok(())
}

fn ours_at(path: &Path) -> Result<Process> {
    let daemon = Process::spawn(Program::ours()?.command().arg(format!("--listen=unix:{}", path.display())))?;
    let there = || std::os::unix::net::UnixStream::connect(path).ok();
    Deadline::after(PATIENCE).poll(there).context("the daemon does not listen")?;
    Ok(daemon)
}

#[test]
fn sections_follow_each_other_on_one_connection() -> Result<()> {
    // The reference loses a command that shares a segment with another, so the client must read each answer before its next command.
    for daemon in [Daemon::reference()?, Daemon::ours::<&str>(&[])?] {
        let mut client = client(&[daemon.address().to_string()])?;
        for _ in 0..500 {
            section(&mut client)?;
        }
        let mut witness = Client::connect(daemon.address())?;
        let rest = || Counters::ask(&mut witness).ok().filter(Counters::at_rest);
        let counters = Deadline::after(PATIENCE).poll(rest).context("a lock is left over")?;
        assert_eq!((counters["total_acquired"], counters["total_releases"]), (500, 500));
        assert_eq!((counters["release_mismatch"], counters["lock_mismatch"]), (0, 0));
    }
    Ok(())
}

#[test]
fn a_restart_of_the_daemon_shows_no_error() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let mut client = client(&[format!("unix:{}", path.display())])?;
    for _ in 0..3 {
        let daemon = ours_at(&path)?;
        section(&mut client)?;
        section(&mut client)?;
        drop(daemon);
    }
    assert!(matches!(client.acquire(&REQUEST), Err(Failure::Connect { .. })));
    Ok(())
}

#[test]
fn a_frozen_daemon_costs_the_time_out_and_leaves_nothing_behind() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let server = daemon.address().to_string();
    let mut client = client_with(std::slice::from_ref(&server), |settings| {
        _ = settings.min_answer_timeout(Duration::from_millis(300));
    })?;
    section(&mut client)?;
    daemon.freeze()?;
    let start = Instant::now();
    let failure = client.acquire(&REQUEST).err();
    ensure!(start.elapsed() >= Duration::from_millis(300), "it gave up after {:?}", start.elapsed());
    assert_eq!(failure, Some(Failure::Read { server, cause: "Connection timed out".to_owned() }));
    daemon.thaw()?;
    // A late answer belongs to a connection that is closed.
    section(&mut client)?;
    let mut witness = Client::connect(daemon.address())?;
    let rest = || Counters::ask(&mut witness).ok().filter(Counters::at_rest);
    Deadline::after(PATIENCE).poll(rest).context("a lock is left over")?;
    Ok(())
}

#[test]
fn a_place_in_a_full_backlog_is_waited_for() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let address = SocketAddrUnix::new(&path)?;
    let listener = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    bind(&listener, &address)?;
    listen(&listener, 0)?;
    let mut crowd = Vec::new();
    loop {
        let one = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::NONBLOCK, None)?;
        match connect(&one, &address) {
            Ok(()) => crowd.push(one),
            Err(error) => break ensure!(error == Errno::AGAIN, "the backlog ends with {error}"),
        }
    }
    let server = format!("unix:{}", path.display());
    let mut client = client_with(std::slice::from_ref(&server), |settings| {
        _ = settings.connect_timeout(Duration::from_millis(200));
    })?;
    let start = Instant::now();
    let timed_out = Failure::Connect { server, cause: "Connection timed out".to_owned() };
    assert_eq!(client.acquire(&REQUEST).err(), Some(timed_out));
    ensure!(start.elapsed() >= Duration::from_millis(200), "it gave up after {:?}", start.elapsed());
    Ok(())
}

#[test]
fn another_server_answers_when_one_is_away() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let away = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let mut client = client(&[away.clone(), daemon.address().to_string()])?;
    for number in 0..20 {
        let key = format!("key-{number}");
        let lock = locked(&mut client, &request(key.as_bytes()))?;
        ensure!(client.release(lock)? == ReleaseOutcome::Released);
    }
    // Without another server it is an error that names the server.
    let mut alone = self::client(std::slice::from_ref(&away))?;
    let refused = Failure::Connect { server: away, cause: "Connection refused".to_owned() };
    assert_eq!(alone.acquire(&REQUEST).err(), Some(refused));
    Ok(())
}

#[test]
fn work_that_failed_is_done_by_the_next_and_nobody_is_told_done() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut failing = client(&[daemon.address().to_string()])?;
    let lock = locked(&mut failing, &REQUEST)?;
    let mut waiting = Client::connect(daemon.address())?;
    waiting.send(b"ACQ4ANY page%201 1 10 9\n")?;
    waiting.expect_nothing()?;
    daemon.settle()?;
    failing.abandon(lock)?;
    waiting.expect(b"LOCKED\n")
}

#[test]
fn statistics_are_asked_for_by_server() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut client = client(&[daemon.address().to_string()])?;
    let full = client.statistics(0, "FULL")?;
    ensure!(full.starts_with("uptime: 0 days") && full.ends_with("processed_count: 0\n\n"), "{full:?}");
    assert!(matches!(client.statistics(0, "nonsense"), Err(Failure::Remote { .. })));
    assert!(matches!(client.statistics(1, "FULL"), Err(Failure::NoServer)));
    section(&mut client)
}

/// A server that the test plays itself, for answers that no daemon gives.
fn scripted(script: impl Fn(&mut TcpStream, &str) -> std::io::Result<()> + Send + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let Ok(reader) = socket.try_clone() else { return };
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if script(&mut socket, &line).is_err() {
                    break;
                }
            }
        }
    });
    Ok(address)
}

#[test]
fn answers_may_come_in_pieces() -> Result<()> {
    let address = scripted(|socket, line| {
        let answer: &[u8] = if line == "RELEASE" { b"RELEASED\n" } else { b"LOCKED\n" };
        for byte in answer.chunks(1) {
            socket.write_all(byte)?;
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })?;
    let mut client = client(&[address.to_string()])?;
    (0..5).try_for_each(|_| section(&mut client))
}

#[test]
fn an_answer_that_never_ends_does_not_outlast_the_deadline() -> Result<()> {
    // Each byte comes well before the time-out of a single read.
    let address = scripted(|socket, _| {
        loop {
            socket.write_all(b"x")?;
            thread::sleep(Duration::from_millis(20));
        }
    })?;
    let server = address.to_string();
    let mut client = client_with(std::slice::from_ref(&server), |settings| {
        _ = settings.min_answer_timeout(Duration::from_millis(200));
    })?;
    let timed_out = Failure::Read { server, cause: "Connection timed out".to_owned() };
    assert_eq!(client.acquire(&REQUEST).err(), Some(timed_out));
    Ok(())
}
