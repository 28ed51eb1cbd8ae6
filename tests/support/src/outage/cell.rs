//! A cell: a process with its own network, mount and process namespaces. All processes in it end with it.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use anyhow::{Context, Result, bail, ensure};

use super::host::own_address;
use super::perform::perform;
use super::{Story, daemon_stories, stories};
use crate::program::Program;
use crate::scratch::{move_to, target};
use crate::tunnel::{ip, tunnel};

/// The first argument of the program in a cell.
const ASKED: &str = "--in-a-cell-of-the-network-stories";

/// An argument instead of a story: only tests whether a cell can be made.
const TRIAL: &str = "";

/// The least time between the starts of two cells: many players that start at once would delay the stories.
const APART: Duration = Duration::from_millis(150);

/// How long a story may take.
const LONGEST: Duration = Duration::from_mins(6);

/// The files of the system's resolver, and their contents in a cell. The resolver sends each question only once, so that questions can be counted.
const FILES: [(&str, &str); 3] = [
    ("/etc/hosts", "127.0.0.1 localhost\n"),
    ("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch .\noptions attempts:1 timeout:5\n"),
    ("/etc/nsswitch.conf", "hosts: files dns\n"),
];

/// The socket of a daemon that caches names for the whole machine.
const CACHE: &str = "/var/run/nscd";

/// Runs a story with a client in a cell: `command` runs the player. Gives the output.
pub fn tell(story: &Story, command: &[OsString]) -> Result<String> {
    let output = run(&story.name, command)?;
    let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    ensure!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(said)
}

/// Why this system cannot run stories, or `None` if it can.
pub fn missing() -> Option<&'static str> {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    let trial = || match run(TRIAL, &[]) {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().replace('\n', "; "))
        }
        Err(error) => Some(format!("{error:#}")),
    };
    MISSING.get_or_init(trial).as_deref()
}

/// Whether it is a failure if the system cannot run stories: if the environment variable `CI` is set.
#[must_use]
pub fn must_run() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Does not return in a cell.
pub fn run_cell_if_asked() {
    let mut words = env::args_os().skip(1);
    if words.next().is_none_or(|word| word != ASKED) {
        return;
    }
    let name = words.next().unwrap_or_default();
    let told = inside(&name.to_string_lossy(), &words.collect::<Vec<_>>());
    if let Err(error) = &told {
        println!("{error:#}");
    }
    process::exit(i32::from(told.is_err()));
}

fn run(name: &str, command: &[OsString]) -> Result<Output> {
    // Built outside, and once.
    let daemon = Program::ours()?;
    // The cell ends with this process. All processes in the cell end with the cell's first process.
    let mut words = vec!["--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc"];
    words.push("--kill-child=KILL");
    if !rustix::process::geteuid().is_root() {
        words.push("--map-root-user");
    }
    let program = env::current_exe().context("where does this program stand?")?;
    wait_for_turn();
    let mut cell = Command::new("setpriv");
    cell.args(words).arg(program).arg(ASKED).arg(name).args(command);
    cell.env("POOLCOUNTERD", daemon.path()).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    cell.output().context("cannot run setpriv (package util-linux)")
}

fn wait_for_turn() {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    // No thread panics while it holds the lock.
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = *last {
        thread::sleep((last + APART).saturating_duration_since(Instant::now()));
    }
    *last = Some(Instant::now());
}

fn inside(name: &str, command: &[OsString]) -> Result<()> {
    thread::spawn(|| {
        thread::sleep(LONGEST);
        println!("the story does not end");
        process::exit(1);
    });
    prepare().context("no cell")?;
    if name == TRIAL {
        let address = format!("{}/30", own_address(1).ip());
        return tunnel("trial", &address).map(drop).context("no cell");
    }
    let mut stories = stories()?;
    stories.extend(daemon_stories()?);
    let story = stories.iter().find(|story| story.name == name);
    perform(story.with_context(|| format!("there is no story {name}"))?, command)
}

fn prepare() -> Result<()> {
    ip(&["link", "set", "lo", "up"])?;
    // All files are written here, and are removed with the cell.
    let scratch = target()?.join("tmp/cell");
    fs::create_dir_all(&scratch)?;
    mount(&["-t", "tmpfs", "scratch"], &scratch)?;
    move_to(scratch.clone());
    for (number, (file, contents)) in FILES.iter().enumerate() {
        let replacement = scratch.join(number.to_string());
        fs::write(&replacement, contents)?;
        let replacement = replacement.to_string_lossy().into_owned();
        mount(&["--bind", &replacement], Path::new(file))?;
    }
    if Path::new(CACHE).exists() {
        mount(&["-t", "tmpfs", "cache"], Path::new(CACHE))?;
    }
    Ok(())
}

fn mount(arguments: &[&str], place: &Path) -> Result<()> {
    let status = Command::new("mount").args(arguments).arg(place).status().context("cannot run mount")?;
    if !status.success() {
        bail!("cannot mount something over {}", place.display());
    }
    Ok(())
}
