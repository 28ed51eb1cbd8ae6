//! Compares the simulation with reality: processes that burn CPU time, the real daemon, real seconds.
//!
//! Each case is simulated, and then run with the same arrivals, edits and parses. A count may differ from the simulated one by a tenth of the
//! requests, or by one, because readers who arrive at nearly the same moment may change places. No other outcome depends on less than half a second, and a
//! parse may take four to fifteen times its CPU time. If it takes longer, the machine was busy with other work, and the case is repeated.
//!
//! Replays of recordings are compared in `replayed`.

mod cases;
mod count;
mod loads;
mod player;
mod reader;
mod replayed;

use anyhow::{Context, Result, ensure};
use cases::Case;
use count::Counts;
use libtest_mimic::{Arguments, Failed, Trial, run};
use poolcounter_sim::Simulation;

/// How often a case is repeated on a machine that is busy with other work.
const TRIES: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, rest @ ..] = &arguments[..]
        && word == reader::WORD
    {
        return reader::run(rest);
    }
    let mut arguments = Arguments::from_args();
    // Two cases at once would take each other's cores.
    arguments.test_threads = Some(1);
    let trial =
        |case: Case| Trial::test(case.name, move || holds(&case).map_err(|error| Failed::from(format!("{error:#}"))));
    let mut trials: Vec<Trial> = cases::all()?.into_iter().map(trial).collect();
    trials.extend(loads::all().into_iter().map(|load| {
        let name = format!("a replay: {}", load.name);
        Trial::test(name, move || replayed::holds(&load).map_err(|error| Failed::from(format!("{error:#}"))))
    }));
    run(&arguments, trials).exit();
}

fn holds(case: &Case) -> Result<()> {
    let totals = Simulation::new(&case.scenario, &case.setting)?.finish().totals;
    ensure!(totals.unfinished == 0 && totals.requests > 5, "the scenario is no good: {totals:?}");
    let simulated = Counts::of(&totals);
    ensure!((case.shows)(&simulated), "the scenario does not show what it should: {simulated:?}");
    let tolerance = (totals.requests / 10).max(1);
    let played = (0..TRIES).map(|_| player::play(case)).find(|played| !matches!(played, Ok(None)));
    let real = played.transpose()?.flatten().context("the machine is too busy to say anything")?;
    ensure!(
        real.is_near(&simulated, tolerance),
        "of {}:\nsimulated {simulated:?}\nreal      {real:?}",
        totals.requests
    );
    Ok(())
}
