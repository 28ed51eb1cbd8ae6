//! A client process that plays sections.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::scene::{Figures, Rivals, Scene};
use crate::options::ClientsOptions;
use crate::partner::Partner;
use crate::{binaries, daemon};

const ADDRESS: &str = "127.0.0.1";

/// What sections are played with.
pub(crate) struct Software {
    /// The player in C, linked with the library.
    program: PathBuf,
    python: PathBuf,
    node: PathBuf,
    library: PathBuf,
}

impl Software {
    /// Compiles what is to be compiled.
    pub(crate) fn prepare(options: &ClientsOptions) -> Result<Software> {
        let library = options.library.clone().context("--inside needs --library")?;
        let program = library.with_file_name("poolcounter-bench-sections");
        let workspace = binaries::workspace();
        let compiled = Command::new("cc")
            .args(["-std=c99", "-O2", "-Wall", "-Wextra", "-I"])
            .arg(workspace.join("c-api/include"))
            .arg(workspace.join("bench/c/sections.c"))
            .arg("-o")
            .args([&program, &library])
            .status()
            .context("cannot run `cc` (package gcc)")?;
        if !compiled.success() {
            bail!("bench/c/sections.c does not compile");
        }
        let python = options.python.clone().unwrap_or_else(|| "python3".into());
        let node = options.node.clone().unwrap_or_else(|| "node".into());
        Ok(Software { program, python, node, library })
    }

    /// The command line of a player.
    pub(crate) fn command(&self, scene: Scene, ours: bool, cpu: usize) -> Result<Command> {
        let (program, player) = match (scene.rivals, ours) {
            (Rivals::C, true) => (&self.program, "library"),
            (Rivals::C, false) => (&self.program, "plain"),
            (Rivals::Node, true) => (&self.node, "package"),
            (Rivals::Node, false) => (&self.node, "plain"),
            (_, true) => (&self.python, "package"),
            (Rivals::PythonKeeping, false) => (&self.python, "keeping"),
            (Rivals::PythonConnecting, false) => (&self.python, "connecting"),
        };
        let workspace = binaries::workspace();
        let mut command = daemon::pinned(program, cpu)?;
        match scene.rivals {
            Rivals::C => {}
            Rivals::PythonKeeping | Rivals::PythonConnecting => {
                command.arg(workspace.join("bench/python/sections.py"));
            }
            Rivals::Node => {
                command.arg(workspace.join("bench/node/sections.mjs"));
            }
        }
        command.args([player, ADDRESS]);
        // The name that is in the program is the one of an installed library.
        command.env("LD_LIBRARY_PATH", linked(&self.library)?);
        command.env("POOLCOUNTER_LIBRARY", &self.library);
        command.env("PYTHONPATH", workspace.join("c-api/python/src"));
        Ok(command)
    }
}

/// A folder in which the library is found by its SONAME.
fn linked(library: &Path) -> Result<PathBuf> {
    let folder = library.with_file_name("poolcounter-bench-lib");
    std::fs::create_dir_all(&folder)?;
    let link = folder.join("libpoolcounter.so.0");
    // From an earlier run.
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(library, link)?;
    Ok(folder)
}

/// A running client. It is killed when this is dropped.
pub(crate) struct Player {
    process: Partner,
    scene: Scene,
}

impl Player {
    pub(crate) fn start(command: &mut Command, scene: Scene) -> Result<Player> {
        let process = Partner::start(command).with_context(|| format!("cannot start {command:?}"))?;
        Ok(Player { process, scene })
    }

    /// Has one slice played.
    pub(crate) fn slice(&mut self) -> Result<Figures> {
        let answer = self.process.ask(&format!("{} {}", self.scene.sections(), self.scene.pause()))?;
        serde_json::from_str(&answer).with_context(|| format!("a player said {answer:?}"))
    }
}
