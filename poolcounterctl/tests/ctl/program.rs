//! How the program is run.

use anyhow::{Context, Result};
use poolcounter_test_support::{Deadline, PATIENCE, run_to_end};
use serde_json::Value;
use std::process::{Command, Stdio};

/// What a run of the program came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// What it has printed as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program with these arguments, and with nothing of this process's settings.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolcounterctl"));
    command.args(arguments).stdin(Stdio::null()).env_remove("POOLCOUNTERCTL_SERVER");
    command
}

/// Runs it to its end.
pub(crate) fn ran(arguments: &[&str]) -> Result<Ran> {
    let output = run_to_end(&mut command(arguments), Deadline::after(PATIENCE))?;
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    Ok(Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) })
}

/// Runs it again and again until it prints what it should: a daemon counts clients that have just left for a moment.
pub(crate) fn ran_until(arguments: &[&str], is_it: impl Fn(&Ran) -> bool) -> Result<Ran> {
    let found = Deadline::after(PATIENCE).poll(|| ran(arguments).ok().filter(&is_it));
    found.with_context(|| format!("{arguments:?}: {:?}", ran(arguments)))
}
