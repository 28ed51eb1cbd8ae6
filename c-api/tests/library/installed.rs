//! The library, built and installed like by a user.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, anyhow, ensure};
use poolcounter_test_support::{Deadline, run_to_end};

/// Link-time optimisation of the library takes a while.
const BUILDING: Duration = Duration::from_mins(20);

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.parent().unwrap_or(folder)
}

/// A folder with this name for files of these tests, in the build folder. Files of an earlier run are removed.
pub(crate) fn fresh_folder(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c-api").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Runs a command to its end and gives its output, if it succeeds.
pub(crate) fn output(command: &mut Command, time: Duration) -> Result<String> {
    let output = run_to_end(command.stdin(Stdio::null()), Deadline::after(time))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}:\n{said}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs make's targets and variables.
pub(crate) fn make(arguments: &[&str]) -> Result<()> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("the build folder")?;
    let mut command = Command::new("make");
    command.arg("--silent").current_dir(workspace()).env("CARGO_TARGET_DIR", target).args(arguments);
    if let Some(cargo) = env::var_os("CARGO") {
        command.env("CARGO", cargo);
    }
    output(&mut command, BUILDING).map(drop)
}

/// Builds everything that make installs, once.
pub(crate) fn build() -> Result<()> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| make(&["build"]).map_err(|error| format!("{error:#}")));
    built.clone().map_err(|error| anyhow!(error))
}

/// A folder in which the library is installed.
#[derive(Clone, Debug)]
pub(crate) struct Prefix(PathBuf);

impl Prefix {
    /// The one that all tests share.
    pub(crate) fn shared() -> Result<Self> {
        static SHARED: OnceLock<Result<Prefix, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::new().map_err(|error| format!("{error:#}")));
        shared.clone().map_err(|error| anyhow!(error))
    }

    fn new() -> Result<Self> {
        build()?;
        let folder = fresh_folder("installed")?;
        make(&["install", &format!("PREFIX={}", folder.display())])?;
        Ok(Self(folder))
    }

    /// A file of it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The output of pkg-config for the installed library.
    pub(crate) fn pkg_config(&self, options: &[&str]) -> Result<Vec<String>> {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", self.file("lib/pkgconfig")).args(options).arg("poolcounter");
        let words = output(&mut command, Duration::from_mins(1))?;
        Ok(words.split_whitespace().map(str::to_owned).collect())
    }
}
