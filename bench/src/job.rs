//! Runs this program again in a network namespace: each daemon can use the port there, and closed connections of an earlier daemon do not disturb it.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::in_own_network;
use poolcounter_test_support::replay::Player;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::options::{ClientsOptions, PhpOptions};
use crate::upgrade::{self, Scene};
use crate::{sections, worker};

/// The longest that a child may take for one answer.
const PATIENCE: Duration = Duration::from_mins(3);

/// The work in the namespace.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Loads one daemon, slice by slice.
    Work(worker::Options),
    Php(PhpOptions),
    Clients(ClientsOptions),
    /// Upgrades one daemon.
    Upgrade {
        scene: Scene,
        upgrades: usize,
        program: PathBuf,
    },
}

impl Job {
    /// The command that does it.
    pub(crate) fn command(&self) -> Result<Command> {
        let mut command = in_own_network(&std::env::current_exe()?);
        command.arg("job").arg(serde_json::to_string(self)?);
        Ok(command)
    }

    /// Does it in another process, which prints the result.
    pub(crate) fn delegate(&self) -> Result<()> {
        let status = self.command()?.status().context("cannot run `unshare` (package util-linux)")?;
        ensure!(status.success(), "the comparison failed, see above (it takes root, or user namespaces for others)");
        Ok(())
    }

    /// Does it in the namespace of this process.
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Job::Work(options) => worker::run(&options).with_context(|| options.program.display().to_string()),
            Job::Php(options) => sections::php::compare(&options),
            Job::Clients(options) => sections::clients::compare(&options),
            Job::Upgrade { scene, upgrades, program } => upgrade::play(scene, upgrades, &program),
        }
    }
}

/// Starts a child and waits until it says that it is ready.
pub(crate) fn start(command: &mut Command) -> Result<Player> {
    let mut child = Player::spawn(command)?;
    hear::<serde_json::Value>(&mut child).with_context(|| format!("cannot start {command:?}"))?;
    Ok(child)
}

/// The next line of a child, as JSON.
pub(crate) fn hear<T: DeserializeOwned>(child: &mut Player) -> Result<T> {
    let (_, line) =
        child.hear_within(PATIENCE)?.with_context(|| format!("a child does not answer for {PATIENCE:?}"))?;
    serde_json::from_str(&line).with_context(|| format!("a child said {line:?}"))
}

/// The answer of a child to a line.
pub(crate) fn ask<T: DeserializeOwned>(child: &mut Player, request: &str) -> Result<T> {
    child.tell(request)?;
    hear(child)
}
