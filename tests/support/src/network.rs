//! A network namespace for the daemons of a test, in which every address and port is free.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::deadline::{Deadline, PATIENCE};
use crate::program::Program;

/// A network namespace with a loopback device, made without the privileges of root where the system allows it.
#[derive(Debug)]
pub struct Network {
    /// The process that keeps the namespace. It ends at the latest with this process, because its standard input ends then.
    keeper: Child,
}

impl Network {
    /// Makes it.
    pub fn new() -> Result<Self> {
        let mut command = unshare();
        command.args(["sh", "-c", "ip link set lo up && exec cat"]);
        let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        let network = Self { keeper: keeper.context("cannot run unshare")? };
        let name = format!("/proc/{}/comm", network.keeper.id());
        let ready = || fs::read_to_string(&name).ok().filter(|name| name == "cat\n");
        Deadline::after(PATIENCE).poll(ready).context("no network namespace can be made")?;
        Ok(network)
    }

    /// A command that runs a program in the namespace, with the name `poolcounterd`.
    #[must_use]
    pub fn command(&self, program: &Program) -> Command {
        self.after("true", program)
    }

    /// The same, after the shell has executed `preparation`.
    #[must_use]
    pub fn after(&self, preparation: &str, program: &Program) -> Command {
        let script = format!("{preparation} && exec -a poolcounterd \"$@\"");
        let keeper = self.keeper.id().to_string();
        program.within(&[enter(), &["--target", &keeper, "bash", "-c", &script, "bash"]].concat())
    }

    /// A command that runs a script of bash in it.
    #[must_use]
    pub fn script(&self, script: &str) -> Command {
        let enter = enter();
        let mut command = Command::new(enter[0]);
        command.args(&enter[1..]).arg("--target").arg(self.keeper.id().to_string()).args(["bash", "-c", script]);
        command
    }
}

/// A command that runs a program in a new network namespace with a loopback device, until the thread that starts it ends.
#[must_use]
pub fn in_own_network(program: &Path) -> Command {
    let mut command = unshare();
    // `unshare` in a user namespace resets the parent-death signal, so it is set again afterwards.
    command.args(["setpriv", "--pdeathsig", "KILL", "sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""]);
    command.arg(program);
    command
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(if is_root() { &["--net"][..] } else { &["--map-root-user", "--net"] });
    command
}

fn enter() -> &'static [&'static str] {
    if is_root() { &["nsenter", "--net"] } else { &["nsenter", "--user", "--net", "--preserve-credentials"] }
}

/// Root needs no user namespace, which a container may refuse.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_a_network_of_its_own_with_a_loopback_device() {
        let said = |program: &str, arguments: &[&str]| {
            let output = in_own_network(Path::new(program)).args(arguments).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let namespace = said("readlink", &["/proc/self/ns/net"]);
        let outside = fs::read_link("/proc/self/ns/net").unwrap();
        assert!(namespace.starts_with("net:") && namespace.trim_end() != outside.to_str().unwrap(), "{namespace}");
        assert!(said("ip", &["-o", "link", "show", "lo", "up"]).contains("LOOPBACK"));
    }
}
