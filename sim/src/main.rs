//! `poolcounter-sim`: the stampede lab without a browser.

#![forbid(unsafe_code)]

mod command_line;
mod files;
mod output;
mod replayed;
mod table;
mod verify;

use command_line::Action;
use poolcounter_sim::progress::Progress;
use poolcounter_sim::{Comparison, Invalid, Outcome, Preset, Report, Scenario, Setting, Simulation};
use std::path::PathBuf;
use std::process::ExitCode;

/// How many events pass between two looks at the clock.
const SLICE: u32 = 100_000;

fn main() -> ExitCode {
    let text = match command_line::parse(lexopt::Parser::from_env()) {
        Ok(Action::Help) => command_line::help(),
        Ok(Action::Version) => format!("poolcounter-sim {}\n", env!("CARGO_PKG_VERSION")),
        Ok(Action::ListPresets) => presets(),
        Ok(Action::Verify { files }) => return verify_files(&files),
        Ok(Action::Replay { files, plan, json }) => match replayed::replay(&files, &plan) {
            Ok(report) if json => report.to_json() + "\n",
            Ok(report) => replayed::table(&report),
            Err(refusal) => return fail(&refusal),
        },
        Ok(Action::Play { lab, json }) => match play(&lab) {
            Ok(report) if json => report.to_json() + "\n",
            Ok(report) => table::of(&report),
            Err(invalid) => return fail(&invalid.to_string()),
        },
        Err(refusal) => return fail(&refusal),
    };
    output::print(&text, ExitCode::SUCCESS)
}

/// What one file cannot tell, another one can: none of them ends the others.
fn verify_files(files: &[PathBuf]) -> ExitCode {
    let (mut differs, mut failed) = (false, false);
    let mut text = String::new();
    let mut progress = Progress::begin();
    for file in files {
        match verify::verify_file(file, &mut progress) {
            Ok((line, is_true)) => {
                text += &line;
                differs |= !is_true;
            }
            Err(refusal) => {
                progress.clear();
                output::complain(&refusal);
                failed = true;
            }
        }
    }
    drop(progress);
    let status = match (differs, failed) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(2),
        (false, false) => ExitCode::SUCCESS,
    };
    output::print(&text, status)
}

fn fail(reason: &str) -> ExitCode {
    output::complain(reason);
    ExitCode::from(2)
}

fn presets() -> String {
    Preset::ALL.map(|preset| format!("{:<15}{}\n", preset.name(), preset.story())).concat()
}

fn play(lab: &Comparison) -> Result<Report, Invalid> {
    let mut progress = Progress::begin();
    let a = run(&lab.scenario, &lab.a, |share| progress.show(share / 2.0))?;
    let b = run(&lab.scenario, &lab.b, |share| progress.show(0.5 + share / 2.0))?;
    Ok(Report::new(lab, a, b))
}

fn run(scenario: &Scenario, setting: &Setting, mut show: impl FnMut(f64)) -> Result<Outcome, Invalid> {
    let mut simulation = Simulation::new(scenario, setting)?;
    loop {
        let share = simulation.advance(SLICE);
        show(share);
        if share >= 1.0 {
            return Ok(simulation.outcome());
        }
    }
}
