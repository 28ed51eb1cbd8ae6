//! Listening sockets that are passed to the daemon.

use std::cell::RefCell;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Network, Outcome, PORT, Process, Program, Scratch, kernel};
use rustix::net::sockopt;

use crate::unix_socket::ask;

/// Passes standard input on as systemd does.
const ACTIVATION: &str = "exec 3<&0 0</dev/null && export LISTEN_FDS=1 LISTEN_PID=$$";

/// A daemon that inherits a TCP listener, on an address of its own, as standard input.
fn inheriting(prepare: impl Fn() -> Result<Command>) -> Result<Daemon> {
    Daemon::start(|address| {
        let mut command = prepare()?;
        command.stdin(OwnedFd::from(TcpListener::bind((address, PORT))?));
        Ok(command)
    })
}

fn expect_one_listener(daemon: &Daemon) -> Result<()> {
    let listeners = kernel::listeners(daemon.pid())?;
    ensure!(listeners == [daemon.address()].into(), "it listens at {listeners:?}");
    ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    Ok(())
}

#[test]
fn a_listener_on_standard_input_takes_the_place_of_l() -> Result<()> {
    for program in [Program::reference()?, Program::ours()?] {
        for arguments in [&[][..], &["-l", "127.0.0.1"]] {
            let daemon = inheriting(|| {
                let mut command = program.command();
                command.args(arguments);
                Ok(command)
            })?;
            daemon.settle()?;
            expect_one_listener(&daemon)?;
        }
    }
    Ok(())
}

#[test]
fn an_address_that_is_not_valid_counts_all_the_same() -> Result<()> {
    for program in [Program::reference()?, Program::ours()?] {
        let listener = OwnedFd::from(TcpListener::bind("127.0.0.1:0")?);
        let outcome = Outcome::at_end(program.command().args(["-l", "bad"]).stdin(listener))?;
        assert_eq!(outcome, Outcome::refuses("Address `bad` is not valid to listen on.\n"));
    }
    Ok(())
}

#[test]
fn a_unix_listener_on_standard_input_serves() -> Result<()> {
    for program in [Program::reference()?, Program::ours()?] {
        let scratch = Scratch::new()?;
        let listener = OwnedFd::from(UnixListener::bind(scratch.file("socket"))?);
        let process = Process::spawn(program.command().stdin(listener))?;
        assert_eq!(ask(&scratch.file("socket"), "RELEASE\n")?, "NOT_LOCKED\n");
        assert!(process.listeners().is_empty());
        assert_eq!(process.printed()?, (String::new(), String::new()));
    }
    Ok(())
}

fn expect_kept_alive(daemon: &Daemon, client: &mut Client) -> Result<()> {
    client.settle()?;
    let socket = kernel::accepted(daemon.pid(), client.port())?;
    assert!(sockopt::socket_keepalive(&socket)? && sockopt::tcp_nodelay(&socket)?);
    assert_eq!(sockopt::tcp_user_timeout(&socket)?, 120_000);
    Ok(())
}

#[test]
fn connections_of_an_inherited_listener_are_kept_alive_too() -> Result<()> {
    let daemon = inheriting(|| Ok(Program::ours()?.command()))?;
    daemon.settle()?;
    expect_kept_alive(&daemon, &mut Client::connect(daemon.address())?)
}

/// Like the socket for which systemd starts the daemon.
#[test]
fn a_client_that_came_before_the_daemon_is_kept_alive_too() -> Result<()> {
    let early = RefCell::new(None);
    let daemon = Daemon::start(|address| {
        let listener = TcpListener::bind((address, PORT))?;
        early.replace(Some(Client::connect((address, PORT).into())?));
        let mut command = Program::ours()?.command();
        command.stdin(OwnedFd::from(listener));
        Ok(command)
    })?;
    let mut early = early.take().context("a client")?;
    expect_kept_alive(&daemon, &mut early)
}

#[test]
fn a_listener_on_standard_input_and_listen_add_up() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let daemon = inheriting(|| {
        let mut command = Program::ours()?.command();
        command.arg(format!("--listen=unix:{}", path.display()));
        Ok(command)
    })?;
    assert_eq!(ask(&path, "RELEASE\n")?, "NOT_LOCKED\n");
    daemon.settle()
}

#[test]
fn systemd_may_pass_a_tcp_listener() -> Result<()> {
    let daemon = inheriting(|| Ok(Program::ours()?.after(ACTIVATION)))?;
    daemon.settle()?;
    expect_one_listener(&daemon)
}

/// As in the service, whose command line has `-l` whether its socket is activated or not.
#[test]
fn a_tcp_listener_of_systemd_takes_the_place_of_l() -> Result<()> {
    let daemon = inheriting(|| {
        let mut command = Program::ours()?.after(ACTIVATION);
        // An address that cannot be bound.
        command.args(["-l", "10.99.99.99"]);
        Ok(command)
    })?;
    daemon.settle()?;
    expect_one_listener(&daemon)
}

#[test]
fn a_unix_listener_of_systemd_does_not() -> Result<()> {
    let scratch = Scratch::new()?;
    let socket = UnixListener::bind(scratch.file("socket"))?;
    let daemon = Daemon::start(|address| {
        let mut command = Program::ours()?.after(ACTIVATION);
        command.arg("-l").arg(address.to_string()).stdin(OwnedFd::from(socket.try_clone()?));
        Ok(command)
    })?;
    daemon.settle()?;
    expect_one_listener(&daemon)?;
    assert_eq!(ask(&scratch.file("socket"), "RELEASE\n")?, "NOT_LOCKED\n");
    Ok(())
}

#[test]
fn every_socket_of_systemd_is_looked_at_whatever_its_name() -> Result<()> {
    let two = |second: &str| {
        format!("exec 3<&0 4{second} 0</dev/null && export LISTEN_FDS=2 LISTEN_FDNAMES=a:b LISTEN_PID=$$")
    };
    let daemon = inheriting(|| Ok(Program::ours()?.after(&two("<&0"))))?;
    daemon.settle()?;
    expect_one_listener(&daemon)?;
    let listener = OwnedFd::from(TcpListener::bind("127.0.0.1:0")?);
    expect_not_passed(Program::ours()?.after(&two("</dev/null")).stdin(listener), 1)
}

#[test]
fn sockets_passed_to_another_process_are_left_alone() -> Result<()> {
    let network = Network::new()?;
    let another = "exec 3<&0 0</dev/null && export LISTEN_FDS=1 LISTEN_PID=1";
    let mut command = network.after(another, &Program::ours()?);
    command.stdin(OwnedFd::from(TcpListener::bind("127.0.0.1:0")?));
    Process::spawn(&mut command)?.expect_listeners(&["127.0.0.1:7531".parse()?])
}

#[test]
fn what_is_no_listener_cannot_be_passed() -> Result<()> {
    let (_here, there) = UnixStream::pair()?;
    let sockets = [Stdio::null(), OwnedFd::from(there).into(), unconnected()?.into()];
    for socket in sockets {
        expect_not_passed(Program::ours()?.after(ACTIVATION).stdin(socket), 0)?;
    }
    Ok(())
}

fn expect_not_passed(command: &mut Command, socket: usize) -> Result<()> {
    let outcome = Outcome::at_end(command)?;
    let Outcome::Ends { code, stdout, stderr } = outcome else { panic!("it listens: {outcome:?}") };
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let words = format!("LISTEN_FDS: socket {socket} cannot be listened on: ");
    ensure!(stderr.starts_with(&words), "it printed {stderr:?}");
    Ok(())
}

fn unconnected() -> Result<OwnedFd> {
    Ok(rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None)?)
}
