//! The unit allows every system call that the daemon makes.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::{UnixDatagram, UnixStream};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Admin, Client, Daemon, Deadline, Installed, PATIENCE};
use rustix::process::Signal;

use crate::systemd::Installation;

/// What the lines `SystemCallFilter=` allow.
fn allowed(installation: &Installation) -> Result<BTreeSet<String>> {
    let unit = installation.unit("poolcounter.service")?;
    let mut allowed = BTreeSet::new();
    for list in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (deny, names) = list.strip_prefix('~').map_or((false, list), |names| (true, names));
        for name in names.split(' ') {
            for call in expanded(installation, name)? {
                if deny {
                    allowed.remove(&call)
                } else {
                    allowed.insert(call)
                };
            }
        }
    }
    Ok(allowed)
}

/// A system call, or those of a set, whose members may be sets.
fn expanded(installation: &Installation, name: &str) -> Result<Vec<String>> {
    if !name.starts_with('@') {
        return Ok(vec![name.to_owned()]);
    }
    let (content, said) = installation.analyze(&["syscall-filter", name])?;
    ensure!(content, "systemd-analyze syscall-filter {name} said {said}");
    let members = said.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut calls = Vec::new();
    for member in members {
        calls.extend(expanded(installation, member)?);
    }
    Ok(calls)
}

/// The names in strace's lines, which may begin with a process id.
fn calls(log: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let call = line.trim_start_matches(|character: char| character.is_ascii_digit()).trim_start();
        let call = call.strip_prefix("<... ").map_or(call.split('(').next(), |rest| rest.split(' ').next())?;
        let is_name = !call.is_empty()
            && call.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
        is_name.then(|| call.to_owned())
    };
    log.lines().filter_map(name).collect()
}

/// All actions of a service, under strace.
fn life(installed: &Installed) -> Result<BTreeSet<String>> {
    let [log, socket, notify, admin] =
        ["log", "socket", "notify", "admin"].map(|name| installed.path().with_file_name(name));
    let _manager = UnixDatagram::bind(&notify)?;
    let mut daemon = Daemon::start(|address| {
        // -D: the daemon is our child, and strace is not its parent.
        let mut command = installed.program().within(&["strace", "-D", "-f", "-qq", "-o", &log.display().to_string()]);
        command.env("NOTIFY_SOCKET", &notify).env("WATCHDOG_USEC", "200000");
        command.arg("-l").arg(address.to_string()).arg(format!("--listen=unix:{}", socket.display()));
        command.arg(format!("--admin=unix:{}", admin.display()));
        Ok(command)
    })?;
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    let _unix = UnixStream::connect(&socket)?;
    assert_eq!(client.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    let mut waiter = Client::connect(daemon.address())?;
    assert_eq!(waiter.ask("ACQ4ME page 1 9 1\n")?, "TIMEOUT\n");
    let admin = Admin::Unix(admin);
    for path in ["/", "/readyz", "/metrics", "/v1/status", "/v1/keys", "/v1/clients", "/v1/groups", "/v1/history"] {
        admin.get(path)?;
    }
    installed.upgrade(&daemon)?;
    assert_eq!(client.ask("RELEASE\n")?, "RELEASED\n");
    installed.put_script("exit 1")?;
    daemon.signal(Signal::USR1)?;
    let refused = || daemon.stderr().contains("not upgraded").then_some(());
    Deadline::after(PATIENCE).poll(refused).context("it takes over")?;
    Client::connect(daemon.address())?.reset()?;
    client.settle()?;
    let own = format!("{} ", daemon.pid());
    daemon.signal(Signal::TERM)?;
    daemon.wait()?;
    // The exit line of the daemon and not of a child, which has another process id. If other threads run, the line may end after the status.
    let last = |log: &str| log.lines().any(|line| line.starts_with(&own) && line.contains("exit_group(0"));
    let ended = || fs::read_to_string(&log).ok().filter(|log| last(log));
    Ok(calls(&Deadline::after(PATIENCE).poll(ended).context("strace writes nothing")?))
}

#[test]
fn the_filter_of_the_service_fits() -> Result<()> {
    let (installation, installed) = (Installation::new()?, Installed::new()?);
    let allowed = allowed(&installation)?;
    ensure!(allowed.len() > 100 && !allowed.contains("mount"), "the filter is {allowed:?}");
    let made = life(&installed)?;
    for call in ["execve", "memfd_create", "sendmsg", "recvmsg", "signalfd4", "prlimit64", "accept4", "eventfd2"] {
        ensure!(made.contains(call), "{call} is not among {made:?}");
    }
    let missing: Vec<_> = made.difference(&allowed).collect();
    ensure!(missing.is_empty(), "the unit does not allow {missing:?}");
    Ok(())
}
