//! Start, stop and restart.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{
    Client, Daemon, Deadline, Installed, Network, Outcome, PATIENCE, PORT, Process, Program, kernel,
};
use rustix::process::{Pid, Signal, kill_process};

const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);

#[test]
fn a_standard_input_that_does_not_listen_is_ignored() -> Result<()> {
    // The reference does not spin before there is something to read.
    let (here, there) = UnixStream::pair()?;
    drop(here);
    let network = Network::new()?;
    let start = |program: &Program| {
        let socket = OwnedFd::from(there.try_clone()?);
        Process::spawn(network.command(program).stdin(socket))
    };
    let reference = start(&Program::reference()?)?;
    let spun = |time| time >= Duration::from_millis(200);
    let spins = || kernel::cpu_time(reference.pid()).is_ok_and(spun).then_some(());
    Deadline::after(PATIENCE).poll(spins).context("the reference does not spin")?;
    assert!(reference.listeners().is_empty(), "the reference listens");
    start(&Program::ours()?)?.expect_listeners(&[DEFAULT])
}

/// Stops a daemon that has a client, and gives the outcome of the next start at the same address.
fn stopped_and_started(mut daemon: Daemon, program: &Program) -> Result<(Outcome, SocketAddr)> {
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    daemon.signal(Signal::TERM)?;
    daemon.wait()?;
    client.expect_end()?;
    client.close()?;
    let address = daemon.address();
    let outcome = Outcome::of(program.command().arg("-l").arg(address.ip().to_string()))?;
    Ok((outcome, address))
}

#[test]
fn after_a_stop_with_clients_it_starts_at_once() -> Result<()> {
    // The connections of a stopped reference keep their port in use.
    for successor in [Program::reference()?, Program::ours()?] {
        let (outcome, _) = stopped_and_started(Daemon::reference()?, &successor)?;
        assert_eq!(outcome, Outcome::refuses("Couldn't bind: Address already in use\n"));
    }
    let (outcome, address) = stopped_and_started(Daemon::ours::<&str>(&[])?, &Program::ours()?)?;
    assert_eq!(outcome, Outcome::listens(address));
    Ok(())
}

/// The process that the reference starts at SIGUSR1, which would outlive it.
struct Successor(Pid);

impl Successor {
    fn of(daemon: &Daemon) -> Option<Self> {
        let child = *kernel::children(daemon.pid()).ok()?.first()?;
        Pid::from_raw(child.cast_signed()).map(Self)
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        // It can be missing only if it has ended by itself.
        let _ = kill_process(self.0, Signal::KILL);
    }
}

#[test]
fn after_sigusr1_the_reference_grants_a_lock_twice_and_ours_does_not() -> Result<()> {
    let ask = |daemon: &Daemon, question| Client::connect(daemon.address())?.ask(question);
    let reference = Daemon::reference()?;
    let mut holder = Client::connect(reference.address())?;
    assert_eq!(holder.ask("ACQ4ME page 1 5 0\n")?, "LOCKED\n");
    reference.signal(Signal::USR1)?;
    let second = Deadline::after(PATIENCE).poll(|| Successor::of(&reference)).context("there is no second process")?;
    let anew = || ask(&reference, "STATS total_acquired\n").ok().filter(|answer| answer == "total_acquired: 0\n");
    Deadline::after(PATIENCE).poll(anew).context("the reference does not start anew")?;
    assert_eq!(ask(&reference, "ACQ4ME page 1 5 0\n")?, "LOCKED\n");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    drop(second);

    let installed = Installed::new()?;
    let ours = installed.daemon(&[])?;
    let mut holder = Client::connect(ours.address())?;
    assert_eq!(holder.ask("ACQ4ME page 1 5 0\n")?, "LOCKED\n");
    installed.upgrade(&ours)?;
    assert_eq!(ask(&ours, "STATS total_acquired\n")?, "total_acquired: 1\n");
    assert_eq!(ask(&ours, "ACQ4ME page 1 5 0\n")?, "TIMEOUT\n");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    ensure!(ours.stderr().is_empty(), "ours printed {:?}", ours.stderr());
    Ok(())
}

#[test]
fn short_forms_of_addresses_are_refused_as_by_the_newer_reference() -> Result<()> {
    let network = Network::new()?;
    let told = |program: &Program, form| Outcome::of(network.command(program).args(["-l", form]));
    let (reference, newer, ours) = (Program::reference()?, Program::newer_reference()?, Program::ours()?);
    for form in ["127.1", "0x7f000001", "2130706433", "127.0.0.01", "127.0.0.1 "] {
        assert_eq!(told(&reference, form)?, Outcome::listens(DEFAULT), "{form}");
        let refused = Outcome::refuses(&format!("Address `{form}` is not valid to listen on.\n"));
        assert_eq!(told(&newer, form)?, refused);
        assert_eq!(told(&ours, form)?, refused);
    }
    Ok(())
}

#[test]
fn help_and_version_are_answered() -> Result<()> {
    let network = Network::new()?;
    let told = |program: &Program, option| Outcome::of(network.command(program).arg(option));
    let (reference, ours) = (Program::reference()?, Program::ours()?);
    let refused = Outcome::refuses("poolcounterd: invalid option -- '-'\nUsage: poolcounterd [-l address]\n");
    for (option, words) in [("--help", "Usage: poolcounterd [OPTIONS]"), ("--version", "poolcounterd 0.")] {
        assert_eq!(told(&reference, option)?, refused);
        let Outcome::Ends { code, stdout, stderr } = told(&ours, option)? else { panic!("{option} starts it") };
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        ensure!(stdout.starts_with(words), "{option} was answered {stdout:?}");
    }
    Ok(())
}
