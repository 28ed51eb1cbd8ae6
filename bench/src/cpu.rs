//! Cores and CPU time.

use std::fs;
use std::io;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores for the load and for the daemon: the first two that this process may use.
pub(crate) fn two_cores() -> Result<(usize, usize)> {
    let allowed = sched_getaffinity(None).context("cannot ask for the allowed cores")?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
    match (cores.next(), cores.next()) {
        (Some(load), Some(daemon)) => Ok((load, daemon)),
        _ => bail!("two cores are needed: one for the daemon, one for the load"),
    }
}

/// Binds this thread, and what it starts, to one core.
pub(crate) fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("cannot pin to core {cpu}"))
}

/// Others on these cores spoil latencies first, then all the rest.
pub(crate) fn warn_if_busy() {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Option<f64> = text.split(' ').next().and_then(|load| load.parse().ok());
    if let Some(load) = load.filter(|load| *load > 0.5) {
        eprintln!("the machine is busy (load average {load}): expect noise");
    }
}

/// The user and system time of all threads of a process, to the nanosecond.
/// (The figures in `/proc/PID/stat` come in ticks of 10 ms.)
pub(crate) fn time_of(process: Pid) -> Result<Duration> {
    let mut clock: libc::clockid_t = 0;
    // SAFETY: the out-pointer is a live, writable clockid_t.
    let error = unsafe { libc::clock_getcpuclockid(process.as_raw_nonzero().get(), &raw mut clock) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error)).context("the daemon's CPU clock");
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the out-pointer is a live, writable timespec.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err(io::Error::last_os_error()).context("the daemon's CPU time");
    }
    Ok(Duration::new(u64::try_from(time.tv_sec)?, u32::try_from(time.tv_nsec)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn the_clock_of_a_process_moves_while_it_works() {
        let me = rustix::process::getpid();
        let before = time_of(me).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while time_of(me).unwrap() < before + Duration::from_millis(5) {
            assert!(Instant::now() < deadline, "5 ms of CPU time within 10 s");
        }
    }
}
