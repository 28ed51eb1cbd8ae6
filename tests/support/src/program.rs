//! Where the programs under test are found, and how they are run.

use std::ffi::OsStr;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::deadline::Deadline;
use crate::scratch::{Scratch, profile, target, workspace};

/// An executable daemon and what it needs in its environment.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    library_path: Option<PathBuf>,
}

impl Program {
    /// The reference, Debian's 1.1.3: `POOLCOUNTER_REFERENCE`, or what `scripts/setup` has unpacked.
    pub fn reference() -> Result<Self> {
        let path = match env::var_os("POOLCOUNTER_REFERENCE") {
            Some(path) => PathBuf::from(path),
            None => workspace().join("build/reference/poolcounterd"),
        };
        Self::unpacked(path)
    }

    /// The newer reference, Debian's 1.2.0, unpacked by `scripts/setup`, or `POOLCOUNTER_REFERENCE_1_2`.
    pub fn newer_reference() -> Result<Self> {
        let path = match env::var_os("POOLCOUNTER_REFERENCE_1_2") {
            Some(path) => PathBuf::from(path),
            None => workspace().join("build/reference-1.2/run"),
        };
        Self::unpacked(path)
    }

    /// Our daemon: `POOLCOUNTERD`, or the one that cargo builds in the profile of the running test.
    pub fn ours() -> Result<Self> {
        static BUILT: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
        let path = BUILT.get_or_init(|| {
            let path = env::var_os("POOLCOUNTERD").map(PathBuf::from);
            path.map_or_else(|| build(&profile()?), Ok).map_err(|error| format!("{error:#}"))
        });
        let path = path.clone().map_err(|error| anyhow!(error))?;
        Ok(Self { path, library_path: None })
    }

    /// Our daemon as it is released, built by cargo.
    pub fn ours_released() -> Result<Self> {
        static BUILT: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
        let release = || target().map(|folder| folder.join("release"));
        let path =
            BUILT.get_or_init(|| release().and_then(|profile| build(&profile)).map_err(|error| format!("{error:#}")));
        Ok(Self { path: path.clone().map_err(|error| anyhow!(error))?, library_path: None })
    }

    /// A program at a place of its own.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, library_path: None }
    }

    fn unpacked(path: PathBuf) -> Result<Self> {
        ensure!(path.is_file(), "no reference daemon at {}: run scripts/setup first", path.display());
        let libraries = path.parent().map(|folder| folder.join("lib"));
        Ok(Self { path, library_path: libraries.filter(|folder| folder.is_dir()) })
    }

    /// A command that runs it with nothing on its standard input.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.stdin(Stdio::null());
        if let Some(folder) = &self.library_path {
            command.env("LD_LIBRARY_PATH", folder);
        }
        command
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Builds our daemon in the profile whose folder this is.
fn build(profile: &Path) -> Result<PathBuf> {
    // For tests, with the features that a build of the workspace gives to its members: then it is there already. To be released, alone.
    let (name, what) = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => ("dev", "--bin"),
        Some(name) => (name, "--package"),
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", what, "poolcounterd", "--profile", name, "--target-dir"])
        .arg(target()?)
        .current_dir(workspace())
        .stdin(Stdio::null())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("poolcounterd does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(profile.join("poolcounterd"))
}

/// Runs a command that should end by itself, and gives its exit status and what it printed.
///
/// A command that is still there when the deadline has passed is killed, and that is an error.
pub fn run_to_end(command: &mut Command, deadline: Deadline) -> Result<Output> {
    let scratch = Scratch::new()?;
    let [mut stdout, mut stderr] = [open(&scratch, "stdout")?, open(&scratch, "stderr")?];
    let mut child = command.stdout(stdout.try_clone()?).stderr(stderr.try_clone()?).spawn()?;
    let Some(status) = deadline.poll(|| child.try_wait().transpose()) else {
        child.kill()?;
        child.wait()?;
        bail!("{command:?} did not end in time; it printed {:?}", contents(&mut stderr)?);
    };
    Ok(Output { status: status?, stdout: contents(&mut stdout)?, stderr: contents(&mut stderr)? })
}

fn open(scratch: &Scratch, name: &str) -> Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    Ok(options.read(true).write(true).create_new(true).open(scratch.file(name))?)
}

fn contents(file: &mut fs::File) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
