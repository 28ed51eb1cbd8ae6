//! Listeners stay open in an upgrade, and are opened only once.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, Installed, PATIENCE, PORT, Process, Program, kernel};
use rustix::process::Signal;

/// The open descriptors of a process, by their targets without the numbers of sockets.
fn open(pid: u32) -> Result<Vec<String>> {
    let mut open = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // The descriptor may have been closed meanwhile.
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        open.push(target.to_string_lossy().split(':').next().unwrap_or_default().to_owned());
    }
    open.sort();
    Ok(open)
}

/// Asks on a connection over the Unix socket.
fn ask(socket: &mut UnixStream, question: &str) -> Result<String> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(question.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(socket).read_line(&mut answer)?;
    Ok(answer)
}

#[test]
fn all_of_them_stay_and_nothing_is_left_open() -> Result<()> {
    let installed = Installed::new()?;
    let path = installed.path().with_file_name("socket");
    let mut daemon = installed.daemon(&["--listen", "127.0.0.1:0", &format!("--listen=unix:{}", path.display())])?;
    let mut clients = vec![Client::connect(daemon.address())?];
    // It serves once it listens everywhere.
    clients[0].settle()?;
    let mut early = UnixStream::connect(&path)?;
    assert_eq!(ask(&mut early, "ACQ4ME page 1 1 0\n")?, "LOCKED\n");
    let listeners = kernel::listeners(daemon.pid())?;
    assert_eq!(listeners.len(), 2);
    let before = open(daemon.pid())?;
    for _ in 0..3 {
        installed.upgrade(&daemon)?;
        clients[0].settle()?;
        // The descriptors of the upgrade itself are closed a moment later.
        let as_before = || open(daemon.pid()).ok().filter(|open| *open == before);
        Deadline::after(PATIENCE).poll(as_before).with_context(|| format!("open: {:?}", open(daemon.pid())))?;
        assert_eq!(kernel::listeners(daemon.pid())?, listeners);
    }
    for address in listeners {
        clients.push(Client::connect(address)?);
    }
    clients.iter_mut().try_for_each(Client::settle)?;
    assert_eq!(ask(&mut UnixStream::connect(&path)?, "RELEASE\n")?, "NOT_LOCKED\n");
    assert_eq!(ask(&mut early, "RELEASE\n")?, "RELEASED\n");
    daemon.signal(Signal::TERM)?;
    assert_eq!(daemon.wait()?.code(), Some(0));
    ensure!(!path.exists(), "the file of the Unix socket is left behind");
    ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    Ok(())
}

/// A daemon that is given a TCP listener, on an address of its own, as standard input.
fn given(prepare: impl Fn() -> Command) -> Result<Daemon> {
    let daemon = Daemon::start(|address| {
        let mut command = prepare();
        command.stdin(OwnedFd::from(TcpListener::bind((address, PORT))?));
        Ok(command)
    })?;
    // The socket accepts clients before the daemon runs and handles signals.
    daemon.settle()?;
    Ok(daemon)
}

fn expect_the_one(installed: &Installed, daemon: &Daemon) -> Result<()> {
    let mut client = Client::connect(daemon.address())?;
    assert_eq!(client.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    for _ in 0..3 {
        installed.upgrade(daemon)?;
        client.settle()?;
        assert_eq!(kernel::listening_descriptors(daemon.pid())?, 1);
    }
    Client::connect(daemon.address())?.settle()?;
    assert_eq!(kernel::listeners(daemon.pid())?, [daemon.address()].into());
    assert_eq!(client.ask("RELEASE\n")?, "RELEASED\n");
    Ok(())
}

/// The other owner of the socket may change it.
#[test]
fn one_that_somebody_else_has_made_block() -> Result<()> {
    let installed = Installed::new()?;
    let shared = RefCell::new(None);
    let daemon = Daemon::start(|address| {
        let listener = TcpListener::bind((address, PORT))?;
        let mut command = installed.program().command();
        command.stdin(OwnedFd::from(listener.try_clone()?));
        shared.replace(Some(listener));
        Ok(command)
    })?;
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    shared.take().context("a listener")?.set_nonblocking(false)?;
    installed.upgrade(&daemon)?;
    client.settle()?;
    expect_the_one(&installed, &daemon)
}

#[test]
fn the_one_on_standard_input() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = given(|| installed.program().command())?;
    expect_the_one(&installed, &daemon)?;
    let input = fs::read_link(format!("/proc/{}/fd/0", daemon.pid()))?;
    assert_eq!(input, Path::new("/dev/null"));
    Ok(())
}

#[test]
fn those_of_systemd_are_not_taken_twice() -> Result<()> {
    let installed = Installed::new()?;
    let activation = "exec 3<&0 0</dev/null && export LISTEN_FDS=1 LISTEN_FDNAMES=a LISTEN_PID=$$";
    let daemon = given(|| installed.program().after(activation))?;
    expect_the_one(&installed, &daemon)?;
    let environment = fs::read(format!("/proc/{}/environ", daemon.pid()))?;
    let environment = String::from_utf8_lossy(&environment);
    let passed: Vec<&str> = environment.split('\0').filter(|variable| variable.starts_with("LISTEN_")).collect();
    ensure!(passed.is_empty(), "it still has {passed:?}");
    Ok(())
}

/// Without `LISTEN_PID`, every process that inherits the variables would use them. The tried program must not get the service manager's variables, either.
#[test]
fn nor_are_they_by_the_program_that_is_tried() -> Result<()> {
    let installed = Installed::new()?;
    let activation = "exec 3<&0 0</dev/null && export KEPT=1 LISTEN_FDS=1 NOTIFY_SOCKET=/nowhere WATCHDOG_USEC=1000000";
    let daemon = given(|| installed.program().after(activation))?;
    installed.put_script(
        "[ \"$1\" != --check-hand-over ] || { env >\"$0.draft\"; mv \"$0.draft\" \"$0.tried\"; }; exec \"$program\" \"$@\"",
    )?;
    daemon.signal(Signal::USR1)?;
    let file = installed.path().with_file_name("poolcounterd.tried");
    let environment = Deadline::after(PATIENCE).poll(|| fs::read_to_string(&file).ok()).context("it was not tried")?;
    let names: Vec<&str> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    let prefixes = ["LISTEN_", "NOTIFY_", "WATCHDOG_", "POOLCOUNTERD_HAND_OVER"];
    let foreign: Vec<_> = names.iter().filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))).collect();
    ensure!(names.contains(&"KEPT") && foreign.is_empty(), "it has {foreign:?}");
    Ok(())
}

#[test]
fn a_listener_that_is_bound_is_kept_from_others() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = installed.daemon(&[])?;
    installed.upgrade(&daemon)?;
    let outcome =
        Process::spawn(Program::ours()?.command().arg("-l").arg(daemon.address().ip().to_string()))?.wait()?;
    assert_eq!(outcome.code(), Some(1));
    Ok(())
}
