//! Protected sections: the cost of an acquire and a release in our client and in another one.
//!
//! One daemon, ours, serves both sides. It runs with two clients at a time in its own network namespace.

pub(crate) mod clients;
pub(crate) mod php;

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::replay::Player;
use poolcounter_test_support::{Daemon, built_for_release, kernel};
use serde::Deserialize;

use crate::job::{ask, start};
use crate::options::Sections;
use crate::plan::Goal;
use crate::report::{Layout, Report, Row};
use crate::rounds::{self, Contender};

/// Pairs of slices in a round.
const PAIRS: usize = 4;

/// The last packets of a slice may still be on their way to the daemon.
const SETTLE: Duration = Duration::from_millis(5);

/// One load.
#[derive(Clone, Copy)]
pub(crate) struct Scene<R> {
    /// The compared clients, and their connection to the daemon.
    rivals: R,
    /// Its cells in the tables.
    labels: [&'static str; 3],
    /// The sections of a slice.
    sections: u32,
    /// The microseconds before each section.
    pause: u32,
    /// The goals: the greatest ratios of wall time, of the client's CPU time and of the daemon's.
    goals: [Option<f64>; 3],
}

/// The word in the tables for whether there is a pause between sections.
fn rhythm(apart: bool) -> &'static str {
    if apart { "apart" } else { "back-to-back" }
}

/// The absolute path of a library, built if no path was given.
fn found(given: Option<PathBuf>, package: &str, product: &str) -> Result<PathBuf> {
    let path = given.map_or_else(|| built_for_release(package, product), Ok)?;
    path.canonicalize().with_context(|| path.display().to_string())
}

/// The chosen scenes.
fn wanted<R>(mut scenes: Vec<Scene<R>>, options: &Sections) -> Result<Vec<Scene<R>>> {
    scenes.retain(|scene| options.only.as_deref().is_none_or(|word| scene.labels.contains(&word)));
    ensure!(!scenes.is_empty(), "there is nothing to measure");
    Ok(scenes)
}

/// Measures every scene and prints the tables. `measures` are their titles, and `command` starts a client, ours or the other.
fn compare<R>(
    options: &Sections,
    layout: Layout,
    measures: &[&'static str],
    scenes: &[Scene<R>],
    daemon: &Daemon,
    command: impl Fn(&Scene<R>, bool) -> Result<Command>,
) -> Result<()> {
    let itself = options.sides.itself;
    let mut report = Report::new(layout);
    for scene in scenes {
        let &Scene { labels, sections, pause, .. } = scene;
        eprint!("{:6} {:10} {:12} ", labels[0], labels[1], labels[2]);
        let start = |ours| {
            let process = start(&mut command(scene, ours && !itself)?)?;
            Ok(Client { process, request: format!("{sections} {pause}"), sections, daemon })
        };
        let pairs = rounds::pairs(options.sides.rounds(2), PAIRS, start).with_context(|| labels.join(" "))?;
        let row = |number: usize, &title: &&'static str| {
            let figures = pairs.iter().map(|(theirs, ours)| (theirs[number], ours[number])).collect();
            let goal = scene.goals[number].filter(|_| !itself).map(Goal::RatioAtMost);
            Row::new((title, |_| 1), labels.map(str::to_owned).into(), figures, goal)
        };
        report.add(measures.iter().enumerate().map(|(number, title)| row(number, title)).collect());
    }
    report.publish(options.sides.common.json.as_deref())
}

/// A client's figures of a slice, in microseconds for each section.
#[derive(Deserialize)]
struct Said {
    wall: f64,
    cpu: f64,
}

/// A running client. It is killed when this is dropped.
struct Client<'a> {
    process: Player,
    request: String,
    sections: u32,
    daemon: &'a Daemon,
}

impl Contender for Client<'_> {
    /// Wall time, the client's CPU and the daemon's, in microseconds a section.
    type Figures = [f64; 3];

    fn slice(&mut self) -> Result<[f64; 3]> {
        let before = kernel::cpu_time(self.daemon.pid())?;
        let said: Said = ask(&mut self.process, &self.request)?;
        thread::sleep(SETTLE);
        let spent = kernel::cpu_time(self.daemon.pid())?.saturating_sub(before);
        Ok([said.wall, said.cpu, spent.as_secs_f64() * 1e6 / f64::from(self.sections)])
    }
}
