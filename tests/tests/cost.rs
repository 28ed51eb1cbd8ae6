//! The cost of a command in the release build of the daemon: the number of system calls and of instructions.
//!
//! Each figure is the difference between two loads, so that start and stop do not count.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, PATIENCE, Program, Scratch};

/// Every connection acquires and releases its own key in a loop. It sends the next command when it has the answer.
fn load(daemon: &Daemon, connections: usize, rounds: usize) -> Result<()> {
    let connect = |_| Client::connect(daemon.address());
    let mut clients: Vec<Client> = (0..connections).map(connect).collect::<Result<_>>()?;
    for _ in 0..rounds {
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(format!("ACQ4ME key-{number} 2 5 10\n").as_bytes())?;
        }
        clients.iter_mut().try_for_each(|client| client.expect(b"LOCKED\n"))?;
        for client in &mut clients {
            client.send(b"RELEASE\n")?;
        }
        clients.iter_mut().try_for_each(|client| client.expect(b"RELEASED\n"))?;
    }
    Ok(())
}

/// Whether the daemon has an admin interface, and so figures of keys. Nobody asks it during the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admin {
    With,
    Without,
}

/// Runs a daemon by way of `wrapper`, which counts into a file, under a load; gives the count.
fn counted(
    wrapper: impl Fn(&Path) -> Vec<String>,
    count: fn(&str) -> Option<u64>,
    admin: Admin,
    connections: usize,
    rounds: usize,
) -> Result<u64> {
    let scratch = Scratch::new()?;
    let file = scratch.file("count");
    let wrapper = wrapper(&file);
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let program = Program::ours_released()?;
    let daemon = Daemon::start(|address| {
        let mut command = program.within(&wrapper);
        command.arg("-l").arg(address.to_string());
        if admin == Admin::With {
            command.arg("--admin").arg(format!("unix:{}", scratch.file("admin").display()));
        }
        Ok(command)
    })
    .context("strace and valgrind come with scripts/setup")?;
    load(&daemon, connections, rounds)?;
    drop(daemon);
    let counted = || fs::read_to_string(&file).ok().as_deref().and_then(count);
    Deadline::after(PATIENCE).poll(counted).context("nothing was counted")
}

/// What a command costs in a load of this many connections.
#[allow(clippy::cast_precision_loss, reason = "the counts are far below 2^53")]
fn per_command(count: impl Fn(usize, usize) -> Result<u64>, connections: usize, rounds: usize) -> Result<f64> {
    let (less, more) = (count(connections, rounds)?, count(connections, 2 * rounds)?);
    let commands = 2 * connections * rounds;
    Ok((more.saturating_sub(less)) as f64 / commands as f64)
}

fn system_calls(connections: usize, rounds: usize) -> Result<u64> {
    // strace is a grandchild, so that the daemon keeps its process id.
    let wrapper = |file: &Path| {
        let output = format!("--output={}", file.display());
        ["strace", "-D", "-f", "-c", "--summary-columns=calls,name", &output].map(str::to_owned).to_vec()
    };
    counted(wrapper, strace_total, Admin::Without, connections, rounds)
}

fn strace_total(summary: &str) -> Option<u64> {
    summary.lines().find_map(|line| line.trim().strip_suffix(" total")).and_then(|calls| calls.trim().parse().ok())
}

fn instructions(admin: Admin, connections: usize, rounds: usize) -> Result<u64> {
    let wrapper = |file: &Path| {
        let output = format!("--callgrind-out-file={}", file.display());
        ["valgrind", "--quiet", "--tool=callgrind", &output].map(str::to_owned).to_vec()
    };
    counted(wrapper, callgrind_total, admin, connections, rounds)
}

fn callgrind_total(profile: &str) -> Option<u64> {
    profile.lines().find_map(|line| line.strip_prefix("totals: ")).and_then(|count| count.trim().parse().ok())
}

#[test]
fn system_calls_per_command() -> Result<()> {
    // With one client: one call each to wait, to receive and to send. With more clients, one wait returns the commands of many; 1.99 to 2.11 were
    // measured.
    for (connections, rounds, bound) in [(1, 500, 3.1), (50, 20, 2.3)] {
        let cost = per_command(system_calls, connections, rounds)?;
        println!("connections: {connections}, system calls per command: {cost:.3}");
        ensure!(cost <= bound, "{cost:.3} system calls per command, connections: {connections}");
        ensure!(cost > 1.5, "{cost:.3} system calls per command cannot be: something was not counted");
    }
    Ok(())
}

#[test]
fn instructions_per_command() -> Result<()> {
    // With Rust 1.95 on x86-64, 2,722 were measured with one connection. An admin interface adds 5 to 12 %.
    for (connections, rounds, bound) in [(1, 1000, 2730.0), (50, 40, 2020.0)] {
        let cost =
            |admin| per_command(|connections, rounds| instructions(admin, connections, rounds), connections, rounds);
        let (without, with) = (cost(Admin::Without)?, cost(Admin::With)?);
        println!(
            "connections: {connections}, instructions per command: {without:.0}, with an admin interface {with:.0}"
        );
        ensure!(without <= bound, "{without:.0} instructions per command, connections: {connections}");
        ensure!(without > 500.0, "{without:.0} instructions per command cannot be: something was not counted");
        let ratio = with / without;
        ensure!(ratio <= 1.18, "figures take {ratio:.3} times the instructions, connections: {connections}");
        ensure!(ratio > 1.01, "{ratio:.3} times the instructions cannot be: there were no figures");
    }
    Ok(())
}
