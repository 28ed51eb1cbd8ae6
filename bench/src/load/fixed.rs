//! An exact number of commands on a daemon that already runs, for tools that count system calls or instructions.

use std::time::Duration;

use anyhow::{Result, ensure};
use poolcounter_test_support::allow_descriptors;
use serde_json::json;

use super::Load;
use super::slice::Slice;
use crate::options::LoadOptions;
use crate::plan::Mode;

/// New connections that a small backlog refuses depend on TCP's retries.
const PATIENCE: Duration = Duration::from_mins(2);

/// Puts the load on the daemon and prints one JSON line about it. Set-up commands are not part of `--commands` and are
/// reported separately: one greeting for each lasting connection, two `STATS FULL`, and in a stampede the questions for the number of waiters.
pub(crate) fn run(options: &LoadOptions) -> Result<()> {
    let connections = options.connections.get();
    allow_descriptors(connections as u64 + 64)?;
    let cycles = cycles(options)?;
    let mut load = Load::new(options.mode, options.address, connections, None)?;
    let mut slice = Slice::counted(cycles)?.at_most(PATIENCE);
    load.scenario.run(&mut slice)?;
    ensure!(load.scenario.tally().abandoned == 0, "not all connections were taken up within {PATIENCE:?}");
    load.check()?;
    let answered = match options.mode {
        Mode::Connect => slice.commands * 2,
        _ => slice.commands,
    };
    let report = json!({
        "commands": options.commands,
        "greetings": load.scenario.tally().not_locked,
        "questions": 2 + answered - options.commands,
    });
    println!("{report}");
    Ok(())
}

/// How many cycles make the wanted number of commands.
fn cycles(options: &LoadOptions) -> Result<u64> {
    let each = match options.mode {
        Mode::Stampede => options.connections.get() as u64 + 2,
        _ => 2,
    };
    let commands = options.commands;
    ensure!(commands > 0 && commands.is_multiple_of(each), "--commands must be a multiple of {each} here");
    Ok(commands / each)
}
