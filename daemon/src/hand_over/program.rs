//! This program, and how to start it again from its file.

use nix::unistd::execve;
use rustix::fs::stat;
use rustix::param::linux_execfn;
use rustix::stdio::{dup2_stdin, stdin};
use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Set to its process id for a program that takes over. A child that inherits the variable has another id, and ignores it.
pub(crate) const HAND_OVER: &str = "POOLCOUNTERD_HAND_OVER";

/// How many lines of its log the old program could not write. The new program logs this number.
pub(crate) const UNWRITTEN: &str = "POOLCOUNTERD_LOG_UNWRITTEN";

/// These variables describe the sockets that systemd passed. The sockets are handed over with all others, and must not be used twice.
const PASSED: [&str; 4] = ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_FDS_FIRST_FD", "LISTEN_PID"];

/// These variables are for this process and not for its children.
const SERVICE_MANAGER: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];

/// The path by which a program was started, and its command line.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
}

/// Changes when the program's file is replaced, or its permissions change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    file: (u64, u64),
    changed: (i64, u64),
}

impl Program {
    /// This program. Call it at the start: the path may be relative to the current folder of that time.
    pub(crate) fn this() -> Self {
        let arguments: Vec<OsString> = env::args_os().collect();
        let path = path_of(linux_execfn().to_bytes(), arguments.first());
        // Without a current folder, a relative path cannot be resolved; its first use fails.
        let path = std::path::absolute(&path).unwrap_or(path);
        Self { path, arguments }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Identifies the file that is at the path now.
    pub(crate) fn identity(&self) -> io::Result<Identity> {
        let status = stat(&self.path)?;
        // The types of these fields differ from one architecture to another.
        #[allow(clippy::unnecessary_cast, clippy::cast_lossless)]
        let changed = (status.st_ctime as i64, status.st_ctime_nsec as u64);
        Ok(Identity { file: (status.st_dev, status.st_ino), changed })
    }

    /// A command that runs the program as a child, with one option before all others.
    pub(crate) fn as_child(&self, option: &str) -> Command {
        let mut command = Command::new(&self.path);
        let (name, arguments) = self.arguments.split_first().map_or((None, &[][..]), |(name, rest)| (Some(name), rest));
        if let Some(name) = name {
            command.arg0(name);
        }
        command.arg(option).args(arguments);
        for name in PASSED.iter().chain(&SERVICE_MANAGER).chain(&[HAND_OVER, UNWRITTEN]) {
            command.env_remove(name);
        }
        command
    }

    /// Replaces this program by the one at the path, with `input` as its standard input, and tells it how many lines of the log were not written. Returns only if
    /// that fails; then nothing has changed.
    pub(crate) fn execute(&self, input: impl AsFd, unwritten: usize) -> io::Result<Infallible> {
        let path = c_string(self.path.as_os_str())?;
        let arguments = self.arguments.iter().map(|argument| c_string(argument)).collect::<io::Result<Vec<_>>>()?;
        let environment = environment(unwritten)?;
        let before = stdin().try_clone_to_owned()?;
        dup2_stdin(input)?;
        // Not std's `exec`, which changes the handling of signals and leaves it changed when it fails.
        let failure = execve(&path, &arguments, &environment);
        dup2_stdin(before)?;
        Ok(failure?)
    }
}

/// The path by which a program was started, from the kernel. In a static program rustix does not find the C library's function for this and returns nothing. Then argument
/// 0 is used, if it is a path.
///
/// /proc/self/exe comes last: it names the file that was executed, and a symbolic link may point to another file by now.
fn path_of(executed: &[u8], name: Option<&OsString>) -> PathBuf {
    if !executed.is_empty() {
        return PathBuf::from(OsStr::from_bytes(executed));
    }
    match name.filter(|name| name.as_bytes().contains(&b'/')) {
        Some(name) => PathBuf::from(name),
        None => env::current_exe().unwrap_or_default(),
    }
}

/// This process's environment, for the new program in it.
fn environment(unwritten: usize) -> io::Result<Vec<CString>> {
    let own =
        env::vars_os().filter(|(name, _)| PASSED.iter().chain(&[HAND_OVER, UNWRITTEN]).all(|other| name != other));
    let hand_over = (HAND_OVER.into(), std::process::id().to_string().into());
    let unwritten = (unwritten > 0).then(|| (UNWRITTEN.into(), unwritten.to_string().into()));
    own.chain([hand_over])
        .chain(unwritten)
        .map(|(name, value): (OsString, OsString)| c_string(&[name, value].join(OsStr::new("="))))
        .collect()
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.to_owned().into_vec())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_program_is_found_by_its_name() {
        let name = OsString::from("/usr/bin/poolcounterd");
        assert_eq!(path_of(b"/opt/link", Some(&name)), Path::new("/opt/link"));
        assert_eq!(path_of(b"", Some(&name)), Path::new("/usr/bin/poolcounterd"));
        let this = env::current_exe().expect("this test has a file");
        assert_eq!(path_of(b"", Some(&OsString::from("poolcounterd"))), this);
        assert_eq!(path_of(b"", None), this);
    }
}
