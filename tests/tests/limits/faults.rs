//! Faults in the daemon's environment.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{
    Client, Daemon, Deadline, Installed, PATIENCE, PORT, Process, Program, Scratch, kernel,
};
use rustix::process::Signal;

/// Answers of half a megabyte, more than a Unix socket has room for. They must all arrive, because the client reads.
#[test]
fn a_client_that_asks_faster_than_it_reads_is_answered() -> Result<()> {
    const QUESTIONS: usize = 5_000;
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let mut command = Program::ours()?.command();
    let _daemon = Process::spawn(command.arg(format!("--listen=unix:{}", path.display())))?;
    let connected = Deadline::after(PATIENCE).poll(|| UnixStream::connect(&path).ok());
    let mut socket = connected.context("no daemon listens")?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let mut questions = socket.try_clone()?;
    let asking = thread::spawn(move || {
        questions.write_all(&b"STATS FULL\n".repeat(QUESTIONS))?;
        questions.write_all(b"RELEASE\n")
    });
    let mut answers = Vec::new();
    let mut buffer = vec![0; 65_536];
    while !answers.ends_with(b"NOT_LOCKED\n") {
        let length = socket.read(&mut buffer)?;
        ensure!(length > 0, "the connection ended after {} bytes", answers.len());
        answers.extend_from_slice(&buffer[..length]);
    }
    asking.join().map_err(|_| anyhow::anyhow!("the asking thread panicked"))??;
    let ends = answers.windows(2).filter(|window| window == b"\n\n").count();
    assert_eq!(ends, QUESTIONS);
    Ok(())
}

/// A full disk, or a log reader that is gone: the daemon goes on.
#[test]
fn a_log_that_cannot_be_written_harms_nobody() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = Daemon::start(|address| {
        let mut command = installed.program().after("exec 2>/dev/full");
        command.args(["--max-clients", "3", "-l"]).arg(address.to_string());
        Ok(command)
    })?;
    let mut first = Client::connect(daemon.address())?;
    let second = Client::connect(daemon.address())?;
    first.settle()?;
    let mut third = Client::connect(daemon.address())?;
    third.settle()?;
    // One client too many, and a refused upgrade: the daemon logs a line for each.
    Client::connect(daemon.address())?.expect_end()?;
    installed.put_script("echo >\"$(dirname \"$0\")/mark\"; exit 1")?;
    daemon.signal(Signal::USR1)?;
    let tried = || installed.path().with_file_name("mark").exists().then_some(());
    Deadline::after(PATIENCE).poll(tried).context("it is not tried")?;
    let refused = || kernel::children(daemon.pid()).ok().filter(Vec::is_empty);
    Deadline::after(PATIENCE).poll(refused).context("the trial does not end")?;
    assert_eq!(first.ask("RELEASE\n")?, "NOT_LOCKED\n");
    second.close()?;
    first.settle()?;
    let mut fourth = Client::connect(daemon.address())?;
    assert_eq!(fourth.ask("RELEASE\n")?, "NOT_LOCKED\n");
    Ok(())
}

/// A listener that its other owner has shut down: accepting fails again and again.
#[test]
fn a_broken_listener_costs_nothing() -> Result<()> {
    let listener = std::sync::Mutex::new(None);
    let daemon = Daemon::start(|address| {
        let socket = TcpListener::bind((address, PORT))?;
        let mut command = Program::ours()?.command();
        command.stdin(OwnedFd::from(socket.try_clone()?));
        *listener.lock().map_err(|_| anyhow::anyhow!("poisoned"))? = Some(socket);
        Ok(command)
    })?;
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    let socket = listener.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.take().context("a listener")?;
    rustix::net::shutdown(&socket, rustix::net::Shutdown::Read)?;
    let before = kernel::cpu_time(daemon.pid())?;
    let failures = |client: &mut Client| client.ask("STATS connect_errors\n");
    let first =
        Deadline::after(PATIENCE).poll(|| failures(&mut client).ok().filter(|text| text != "connect_errors: 0\n"));
    first.context("accepting does not fail")?;
    thread::sleep(Duration::from_millis(500));
    let text = failures(&mut client)?;
    let number: u64 = text.trim_end().strip_prefix("connect_errors: ").context("an answer")?.parse()?;
    ensure!(number < 10, "accepting failed {number} times in half a second");
    let used = kernel::cpu_time(daemon.pid())?.saturating_sub(before);
    ensure!(used < Duration::from_millis(200), "the daemon spins");
    daemon.expect_said("no connection can be accepted")?;
    client.socket().shutdown(Shutdown::Both)?;
    Ok(())
}
