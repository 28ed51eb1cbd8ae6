//! The clock is set back.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Program, Scratch};

#[test]
fn the_reference_runs_for_ages_then() -> Result<()> {
    let mut daemon = Daemon::observed_reference()?;
    let mut client = Client::connect(daemon.address())?;
    assert_eq!(client.ask("STATS UPTIME\n")?, "uptime: 0 days, 0h 0m 0s\n");
    daemon.set_clock_back(Duration::from_secs(10))?;
    assert_eq!(client.ask("STATS UPTIME\n")?, "uptime: 0 days, 0h 0m -10s\n");
    daemon.set_clock_back(Duration::from_hours(24))?;
    assert_eq!(client.ask("STATS UPTIME\n")?, "uptime: 4294967295 days, 0h 0m -10s\n");
    Ok(())
}

/// A test cannot set the clock of its machine back, but it can check which clocks our daemon reads. Valgrind hides the kernel's page of
/// time functions, so that every reading of a clock is a system call.
#[test]
fn ours_asks_the_monotonic_clock_alone() -> Result<()> {
    let scratch = Scratch::new()?;
    let trace = scratch.file("trace");
    let log = format!("--log-file={}", trace.display());
    let daemon = Daemon::start(|address| {
        let mut command = Program::ours()?.within(&["valgrind", "--tool=none", "--trace-syscalls=yes", &log]);
        command.arg("-l").arg(address.to_string());
        Ok(command)
    })
    .context("valgrind comes with scripts/setup")?;
    let mut client = Client::connect(daemon.address())?;
    assert_eq!(client.ask("ACQ4ANY page 1 5 60\n")?, "LOCKED\n");
    assert_eq!(client.ask("ACQ4ME page 1 5 0\n")?, "TIMEOUT\n");
    assert_eq!(client.ask("RELEASE\n")?, "RELEASED\n");
    assert_eq!(client.ask("STATS UPTIME\n")?.get(..8), Some("uptime: "));
    drop(daemon);
    let trace = fs::read_to_string(trace)?;
    let looks: Vec<&str> = trace.lines().filter(|line| asks_a_clock(line)).collect();
    ensure!(!looks.is_empty(), "it never looked at a clock");
    for look in looks {
        ensure!(look.contains("sys_clock_gettime( 1, "), "another clock: {look}");
    }
    Ok(())
}

fn asks_a_clock(line: &str) -> bool {
    ["clock_gettime", "gettimeofday", "sys_time "].iter().any(|call| line.contains(call))
}
