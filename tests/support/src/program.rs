//! Finds and runs the programs under test.

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
        Self::unpacked(&path)
    }

    /// The newer reference, Debian's 1.2.0, unpacked by `scripts/setup`, or `POOLCOUNTER_REFERENCE_1_2`.
    pub fn newer_reference() -> Result<Self> {
        let path = match env::var_os("POOLCOUNTER_REFERENCE_1_2") {
            Some(path) => PathBuf::from(path),
            None => workspace().join("build/reference-1.2/run"),
        };
        Self::unpacked(&path)
    }

    /// Our daemon: `POOLCOUNTERD`, or the one that cargo builds in the profile of the running test.
    pub fn ours() -> Result<Self> {
        static BUILT: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
        let path = BUILT.get_or_init(|| {
            let path = env::var_os("POOLCOUNTERD").map(PathBuf::from);
            path.map_or_else(|| build(&profile()?, "poolcounterd", "poolcounterd"), Ok)
                .map_err(|error| format!("{error:#}"))
        });
        path.clone().map(Self::alone).map_err(|error| anyhow!(error))
    }

    /// `poolcounterctl`, which cargo builds in the profile of the running test.
    pub fn ctl() -> Result<Self> {
        static BUILT: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
        let build = || profile().and_then(|profile| build(&profile, "poolcounterctl", "poolcounterctl"));
        let build = || build().map_err(|error| format!("{error:#}"));
        BUILT.get_or_init(build).clone().map(Self::alone).map_err(|error| anyhow!(error))
    }

    /// The release build of our daemon, built by cargo.
    pub fn ours_released() -> Result<Self> {
        static BUILT: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
        let build = || built_for_release("poolcounterd", "poolcounterd").map_err(|error| format!("{error:#}"));
        BUILT.get_or_init(build).clone().map(Self::alone).map_err(|error| anyhow!(error))
    }

    /// An unpacked program, with the libraries in the folder `lib` next to it, if there is one.
    pub fn at(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path)?;
        ensure!(path.is_file(), "{} is no file", path.display());
        let libraries = path.parent().map(|folder| folder.join("lib"));
        Ok(Self { path, library_path: libraries.filter(|folder| folder.is_dir()) })
    }

    /// A program that needs no other files, by its path or by a name in `PATH`.
    #[must_use]
    pub fn alone(path: PathBuf) -> Self {
        Self { path, library_path: None }
    }

    fn unpacked(path: &Path) -> Result<Self> {
        Self::at(path).context("no reference daemon: run scripts/setup first")
    }

    /// A command that runs it with empty standard input.
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

/// The file `product` of a package of this workspace, built by cargo in release mode.
pub fn built_for_release(package: &str, product: &str) -> Result<PathBuf> {
    build(&target()?.join("release"), package, product)
}

/// Builds a package in the profile of this folder.
fn build(profile: &Path, package: &str, product: &str) -> Result<PathBuf> {
    // For tests, with the features of a build of the whole workspace, because that build exists already. For release mode, the package alone.
    let (name, what) = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => ("dev", "--bin"),
        Some(name) => (name, "--package"),
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", what, package, "--profile", name, "--target-dir"])
        .arg(target()?)
        .current_dir(workspace())
        .stdin(Stdio::null())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("{package} does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(profile.join(product))
}

/// Runs a command that should end by itself, and gives its exit status and its output.
///
/// If it still runs when the deadline has passed, it is killed, and this is an error.
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
