//! The C programs, each with two daemons.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{fs, io};

use anyhow::{Result, anyhow};
use libtest_mimic::Trial;
use poolcounter_test_support::{Daemon, Scratch};

use crate::compiled::{SANITIZERS, compile, compile_with_pkg_config};
use crate::installed::{Prefix, fresh_folder, output};
use crate::trial;

/// A program waits up to 20 seconds for something that should happen at once, and valgrind is slow.
const RUNNING: Duration = Duration::from_mins(4);

/// Leaks, too, are errors.
const VALGRIND: [&str; 5] =
    ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,possible", "--error-exitcode=9"];

/// The program that is a player of stories.
const PLAYER: &str = "player";

/// A program, which is compiled when it is wanted first.
pub(crate) struct Program {
    source: String,
    name: String,
    plain: OnceLock<Result<PathBuf, String>>,
    sanitized: OnceLock<Result<PathBuf, String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    Nothing,
    Valgrind,
    Sanitizers,
}

#[derive(Clone, Copy)]
enum Daemons {
    Ours,
    Reference,
}

/// Every program with every checker, and with the reference.
pub(crate) fn trials() -> Result<Vec<Trial>> {
    let runs = [
        ("our daemon", Under::Nothing, Daemons::Ours),
        ("our daemon, under valgrind", Under::Valgrind, Daemons::Ours),
        ("our daemon, with sanitizers", Under::Sanitizers, Daemons::Ours),
        ("the reference", Under::Nothing, Daemons::Reference),
    ];
    let mut trials = Vec::new();
    for source in sources()? {
        let program = Arc::new(Program::new(&source));
        for (title, under, daemons) in runs {
            let program = Arc::clone(&program);
            trials.push(trial(format!("{}: {title}", program.name), move || program.run(under, daemons)));
        }
    }
    Ok(trials)
}

fn sources() -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let mut files = fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<io::Result<Vec<_>>>()?;
    let wanted = |file: &PathBuf| {
        let language = file.extension().and_then(OsStr::to_str);
        matches!(language, Some("c" | "cpp")) && file.file_stem() != Some(OsStr::new(PLAYER))
    };
    files.retain(wanted);
    files.sort();
    Ok(files)
}

impl Program {
    /// The program with this name, built for this caller: a running program cannot be overwritten.
    pub(crate) fn named(name: &str) -> Self {
        static COPIES: AtomicU32 = AtomicU32::new(0);
        let program = Self::new(Path::new(&format!("{name}.c")));
        Self { name: format!("{name}-copy-{}", COPIES.fetch_add(1, Ordering::Relaxed)), ..program }
    }

    fn new(source: &Path) -> Self {
        let part = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let source_name = format!("tests/programs/{}", part(source.file_name()));
        let name = part(source.file_stem());
        Self { source: source_name, name, plain: OnceLock::new(), sanitized: OnceLock::new() }
    }

    fn run(&self, under: Under, daemons: Daemons) -> Result<()> {
        let program = self.built(under == Under::Sanitizers)?;
        let command = match under {
            Under::Valgrind => checked_by_valgrind(&program),
            _ => Command::new(&program),
        };
        Self::run_before(daemons, command)
    }

    /// Runs the program under strace with these options and with our daemons, and gives the output of strace.
    pub(crate) fn traced(&self, options: &[&str]) -> Result<String> {
        let scratch = Scratch::new()?;
        let log = scratch.file("log");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(&log).args(options).arg(self.built(false)?);
        Self::run_before(Daemons::Ours, command)?;
        Ok(fs::read_to_string(log)?)
    }

    fn run_before(daemons: Daemons, mut command: Command) -> Result<()> {
        let scratch = Scratch::new()?;
        let servers = daemons.start(&scratch)?;
        for server in &servers {
            command.arg(server.address().ip().to_string()).arg(server.pid().to_string());
        }
        // LeakSanitizer fails on thread-local storage of an unloaded library.
        command.env("ASAN_OPTIONS", "intercept_tls_get_addr=0");
        command.current_dir(scratch.file("")).env("LD_LIBRARY_PATH", Prefix::shared()?.file("lib"));
        output(&mut command, RUNNING).map(drop)
    }

    fn built(&self, sanitized: bool) -> Result<PathBuf> {
        let place = if sanitized { &self.sanitized } else { &self.plain };
        let built = place.get_or_init(|| self.build(sanitized).map_err(|error| format!("{error:#}")));
        built.clone().map_err(|error| anyhow!(error))
    }

    fn build(&self, sanitized: bool) -> Result<PathBuf> {
        let options: &[&str] = if sanitized { &SANITIZERS } else { &[] };
        let program = fresh_folder(&format!("{}-{sanitized}", self.name))?.join(&self.name);
        // The program that loads the library itself.
        if self.name == "reload" {
            let flags = Prefix::shared()?.pkg_config(&["--cflags"])?;
            compile(&self.source, options, &flags, &program)?;
            return Ok(program);
        }
        compile_with_pkg_config(&self.source, options, program)
    }
}

/// A command that runs a program under valgrind.
pub(crate) fn checked_by_valgrind(program: &Path) -> Command {
    let mut command = Command::new(VALGRIND[0]);
    command.args(&VALGRIND[1..]).arg(program);
    command
}

impl Daemons {
    fn start(self, scratch: &Scratch) -> Result<[Daemon; 2]> {
        Ok(match self {
            Self::Reference => [Daemon::reference()?, Daemon::reference()?],
            Self::Ours => {
                let socket = format!("unix:{}", scratch.file("socket").display());
                [Daemon::ours::<&str>(&[])?, Daemon::ours(&["--listen", &socket])?]
            }
        })
    }
}
