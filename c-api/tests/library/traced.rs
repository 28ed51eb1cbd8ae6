//! C programs under strace: their system calls, and system calls that an old kernel refuses.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::program::Program;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a section makes the system calls of its bytes and no others", sections),
        trial("a fork is noticed on a kernel that wipes no page", || without_wiping("error=EINVAL")),
        trial("a fork is noticed below an emulator that says it would wipe it", || without_wiping("retval=0")),
    ]
}

/// The answer of the previous release is read first.
const SECTION: [(&str, &str); 4] = [
    ("recvfrom(", r#""RELEASED\n""#),
    ("sendto(", r#""ACQ4ANY key 1 1000 15\n""#),
    ("recvfrom(", r#""LOCKED\n""#),
    ("sendto(", r#""RELEASE\n""#),
];

/// The system call of one line of strace, after the process id. Reading the clock is a system call if the kernel has no faster way.
fn call(line: &str) -> Option<&str> {
    let call = line.trim_start_matches(|character: char| character.is_ascii_digit()).trim_start();
    (!call.starts_with("clock_gettime(")).then_some(call)
}

fn sections() -> Result<()> {
    let log = Program::named("sections").traced(&[])?;
    // The calls between the first getppid() and the second, and so on.
    let measured: Vec<&str> = log.split("getppid(").skip(1).step_by(2).collect();
    ensure!(measured.len() == 2, "TCP and a Unix socket: {log}");
    for part in measured {
        // The first line is the rest of the mark, the last one the beginning of the other.
        let lines: Vec<&str> = part.lines().collect();
        let calls: Vec<&str> = lines[1..lines.len() - 1].iter().filter_map(|line| call(line)).collect();
        ensure!(!calls.is_empty() && calls.len().is_multiple_of(SECTION.len()), "{part}");
        for (number, call) in calls.iter().enumerate() {
            let (name, bytes) = SECTION[number % SECTION.len()];
            ensure!(call.starts_with(name) && call.contains(bytes), "{call} instead of {name} {bytes} in {part}");
        }
    }
    Ok(())
}

/// The kernel refuses advice about memory with this error.
fn without_wiping(said: &str) -> Result<()> {
    let log = Program::named("fork").traced(&["-e", "trace=madvise", "-e", &format!("inject=madvise:{said}")])?;
    let asked = |line: &str| line.contains("MADV_WIPEONFORK") && line.contains("(INJECTED)");
    ensure!(log.lines().any(asked), "{log}");
    Ok(())
}
