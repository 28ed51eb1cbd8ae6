//! The daemon under test: started, pinned, measured, stopped.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use crate::cpu;

/// The port of the reference, which knows no other.
pub(crate) const PORT: u16 = 7531;

const START_WITHIN: Duration = Duration::from_secs(5);

/// A running daemon. It is killed when this is dropped, and also when this process dies.
pub(crate) struct Daemon {
    child: Child,
    pid: Pid,
}

impl Daemon {
    /// Starts `program` on 127.0.0.1 and waits until it takes connections.
    pub(crate) fn start(program: &Path, cpu: usize) -> Result<Daemon> {
        Daemon::start_on(Self::address().ip(), &[], program, cpu)
    }

    /// Starts `program` on another address that takes in 127.0.0.1, with more options.
    pub(crate) fn start_on(address: IpAddr, options: &[&str], program: &Path, cpu: usize) -> Result<Daemon> {
        let mut command = pinned(program, cpu)?;
        command.arg("-l").arg(address.to_string()).args(options);
        if let Some(libraries) = sibling_libraries(program) {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let pid = Pid::from_child(&child);
        let mut daemon = Daemon { child, pid };
        daemon.wait_until_up()?;
        Ok(daemon)
    }

    /// Where it listens.
    pub(crate) fn address() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))
    }

    /// The CPU time that it has used up to now.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        cpu::time_of(self.pid)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has the program that stands at its path take over.
    pub(crate) fn upgrade(&self) -> Result<()> {
        kill_process(self.pid, Signal::USR1).context("the daemon cannot be signalled")
    }

    /// The bytes of memory that are its alone.
    pub(crate) fn memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.pid);
        let text = fs::read_to_string(&path).with_context(|| path.clone())?;
        private_bytes(&text).context(path)
    }

    fn wait_until_up(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_WITHIN;
        while TcpStream::connect(Self::address()).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the daemon ended at its start: {status}");
            }
            if Instant::now() > deadline {
                bail!("the daemon does not listen after {START_WITHIN:?}");
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself; wait() then still reaps it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `program`, pinned to a core, which dies with the thread that starts it.
pub(crate) fn pinned(program: &Path, cpu: usize) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("exec").arg(cpu.to_string()).arg(program);
    Ok(command)
}

/// Turns this process into what [`pinned`] names. Returns only if that fails.
pub(crate) fn become_pinned(cpu: usize, program: &Path, arguments: &[OsString]) -> Error {
    let ready = die_with_parent().and_then(|()| cpu::pin(cpu));
    if let Err(error) = ready {
        return error;
    }
    Error::new(Command::new(program).args(arguments).exec()).context(format!("cannot run {}", program.display()))
}

/// Has this process killed when its parent dies, so that none is left behind.
pub(crate) fn die_with_parent() -> Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).context("cannot tie the process to its parent")
}

/// Raises the soft descriptor limit to the hard one, and says so if that is too low.
pub(crate) fn raise_descriptor_limit(needed: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).context("cannot raise the descriptor limit")?;
    match limit.maximum {
        Some(hard) if hard < needed as u64 => {
            bail!("{needed} descriptors are needed, the hard limit (ulimit -Hn) is {hard}")
        }
        _ => Ok(()),
    }
}

fn sibling_libraries(program: &Path) -> Option<std::path::PathBuf> {
    let folder = program.parent()?.join("lib");
    folder.is_dir().then_some(folder)
}

/// The sum of the private pages in a `smaps_rollup`.
fn private_bytes(text: &str) -> Option<u64> {
    let kilobytes = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some((kilobytes("Private_Clean:")? + kilobytes("Private_Dirty:")?) * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_pages_are_summed() {
        let text = "1-2 ---p 00 [rollup]\nRss:  9 kB\nPrivate_Clean:   4 kB\nPrivate_Dirty:  16 kB\n";
        assert_eq!(private_bytes(text), Some(20 * 1024));
        assert_eq!(private_bytes("Rss: 9 kB\n"), None);
    }
}
