//! Runs a program by way of a wrapper, which prepares something and then executes the program: the process id stays the same.

use std::process::Command;

use crate::program::Program;

impl Program {
    /// A command that runs `wrapper`, a command line after which the program's own command line is added.
    #[must_use]
    pub fn within(&self, wrapper: &[&str]) -> Command {
        let plain = self.command();
        let mut command = Command::new(wrapper.first().copied().unwrap_or("env"));
        command.args(wrapper.iter().skip(1)).arg(plain.get_program());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(std::process::Stdio::null());
        command
    }

    /// A command that runs it on one processor, until the thread that starts it ends.
    #[must_use]
    pub fn pinned(&self, processor: usize) -> Command {
        self.within(&["setpriv", "--pdeathsig", "KILL", "taskset", "--cpu-list", &processor.to_string()])
    }

    /// A command that runs it after the shell has executed `preparation`.
    #[must_use]
    pub fn after(&self, preparation: &str) -> Command {
        self.within(&["sh", "-c", &format!("{preparation} && exec \"$@\""), "sh"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affinity::processors;

    #[test]
    fn a_pinned_program_has_one_processor() {
        let allowed = processors().unwrap();
        let last = allowed.last().unwrap();
        let output = Program::alone("cat".into()).pinned(*last).arg("/proc/self/status").output().unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        assert!(status.contains(&format!("Cpus_allowed_list:\t{last}\n")), "{status}");
    }
}
