//! systemd's check of the units, and the units that `make install` installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Deadline, PATIENCE, Program, Scratch, run_to_end};

/// The folder of the libraries that only systemd has, below one that is named after the machine.
fn own_libraries(unpacked: &Path) -> Result<PathBuf> {
    let folders = fs::read_dir(unpacked.join("usr/lib"))?.flatten().map(|entry| entry.path().join("systemd"));
    let is_library = |file: fs::DirEntry| file.path().extension().is_some_and(|extension| extension == "so");
    let has_library = |folder: &PathBuf| fs::read_dir(folder).is_ok_and(|files| files.flatten().any(is_library));
    folders.into_iter().find(has_library).context("no libraries of systemd")
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// What `make install` installs, in a folder of its own.
pub(crate) struct Installation {
    root: Scratch,
}

impl Installation {
    /// Installs what belongs to the service.
    pub(crate) fn new() -> Result<Self> {
        let root = Scratch::new()?;
        let mut make = Command::new("make");
        make.args(["--silent", "install-service"]).current_dir(workspace());
        make.arg(format!("PREFIX={}", root.file("usr").display()));
        make.arg(format!("DAEMON={}", Program::ours()?.path().display()));
        make.arg(format!("CTL={}", Program::ctl()?.path().display()));
        // Without the variables of the make that runs this test.
        make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        let output = run_to_end(&mut make, Deadline::after(PATIENCE))?;
        ensure!(output.status.success(), "make install: {}", String::from_utf8_lossy(&output.stderr));
        Ok(Self { root })
    }

    /// Where a file of the installation stands.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.root.file("usr").join(path)
    }

    /// The text of a unit.
    pub(crate) fn unit(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.file("lib/systemd/system").join(name)).with_context(|| format!("no unit {name}"))
    }

    /// The groups that `systemd-sysusers` makes of these files, as `/etc/group` has them, on a system that is empty.
    pub(crate) fn sysusers(&self, files: &[&str]) -> Result<String> {
        let root = Scratch::new()?;
        fs::create_dir(root.file("etc"))?;
        let mut command = Self::unpacked("bin/systemd-sysusers")?;
        command.arg(format!("--root={}", root.file("").display()));
        command.args(files.iter().map(|file| self.file("lib/sysusers.d").join(file)));
        let output = run_to_end(&mut command, Deadline::after(PATIENCE))?;
        ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(fs::read_to_string(root.file("etc/group"))?)
    }

    /// A program of systemd, which is not installed.
    fn unpacked(program: &str) -> Result<Command> {
        let unpacked = workspace().join("build/systemd");
        let program = unpacked.join(program);
        ensure!(program.is_file(), "no {}: run scripts/setup first", program.display());
        let mut command = Command::new(&program);
        command.env("LD_LIBRARY_PATH", std::env::join_paths([unpacked.join("lib"), own_libraries(&unpacked)?])?);
        Ok(command)
    }

    /// Runs `systemd-analyze` on our units, together with Debian's: whether it succeeds, and its output.
    pub(crate) fn analyze(&self, arguments: &[&str]) -> Result<(bool, String)> {
        let unpacked = workspace().join("build/systemd");
        let mut command = Self::unpacked("usr/bin/systemd-analyze")?;
        command.args(arguments).current_dir(self.file("lib/systemd/system"));
        let [own, theirs] = [self.file("lib/systemd/system"), unpacked.join("lib/systemd/system")];
        command.env("SYSTEMD_UNIT_PATH", format!("{}:{}", own.display(), theirs.display()));
        command.env("MANPATH", self.file("share/man"));
        let output = run_to_end(&mut command, Deadline::after(PATIENCE))?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }
}
