//! Signals have the same effect as in the reference. SIGUSR1 is in the closed list.

use std::os::unix::process::ExitStatusExt;

use anyhow::{Result, ensure};
use poolcounter_test_support::{Client, Daemon, Program, kernel};
use rustix::process::Signal;

/// The reference and our daemon, without core files.
fn both() -> Result<[Daemon; 2]> {
    both_after("ulimit -c 0")
}

/// The same, started by a shell that has done something before.
fn both_after(before: &str) -> Result<[Daemon; 2]> {
    let start = |program: Program| {
        Daemon::start(|address| {
            let mut command = program.after(before);
            command.arg("-l").arg(address.to_string());
            Ok(command)
        })
    };
    Ok([start(Program::reference()?)?, start(Program::ours()?)?])
}

#[test]
fn sigterm_and_sigint_stop_it() -> Result<()> {
    for signal in [Signal::TERM, Signal::INT] {
        for mut daemon in both()? {
            let mut holder = Client::connect(daemon.address())?;
            let mut waiter = Client::connect(daemon.address())?;
            assert_eq!(holder.ask("ACQ4ME page 1 5 0\n")?, "LOCKED\n");
            waiter.send(b"ACQ4ME page 1 5 60\n")?;
            daemon.settle()?;
            daemon.signal(signal)?;
            assert_eq!(daemon.wait()?.code(), Some(0), "{signal:?}");
            holder.expect_end()?;
            waiter.expect_end()?;
            ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
        }
    }
    Ok(())
}

#[test]
fn sighup_sigquit_and_sigusr2_kill_it() -> Result<()> {
    for signal in [Signal::HUP, Signal::QUIT, Signal::USR2] {
        for mut daemon in both()? {
            daemon.settle()?;
            daemon.signal(signal)?;
            // With nohup; the next test checks its effect.
            if kernel::ignores(std::process::id(), signal)? {
                continue;
            }
            assert_eq!(daemon.wait()?.signal(), Some(signal.as_raw()));
            ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
        }
    }
    Ok(())
}

#[test]
fn what_its_parent_ignored_is_nothing_to_it() -> Result<()> {
    for daemon in both_after("trap '' HUP QUIT USR2")? {
        daemon.settle()?;
        for signal in [Signal::HUP, Signal::QUIT, Signal::USR2] {
            daemon.signal(signal)?;
        }
        daemon.settle()?;
        ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    }
    Ok(())
}

#[test]
fn sigpipe_and_sigchld_are_nothing_to_it() -> Result<()> {
    for daemon in both()? {
        let mut holder = Client::connect(daemon.address())?;
        assert_eq!(holder.ask("ACQ4ME page 1 5 0\n")?, "LOCKED\n");
        for signal in [Signal::PIPE, Signal::CHILD] {
            daemon.signal(signal)?;
            holder.settle()?;
        }
        assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
        ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    }
    Ok(())
}
