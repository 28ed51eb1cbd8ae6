//! Measures how long clients' commands take while a new program takes over in the daemon's process.
//!
//! Each scene has its own process and network namespace, because closed connections of one would occupy ports of another.

mod figures;
mod scene;
mod stage;
mod window;
mod witness;

use std::io::{Write as _, stdout};
use std::num::NonZeroUsize;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::allow_descriptors;
use poolcounter_test_support::replay::Player;
use serde::Serialize;

use crate::job::{Job, hear};
use crate::options::UpgradeOptions;
use crate::{cpu, daemon, report};
use figures::{Figures, HEADINGS};
pub(crate) use scene::Scene;
pub(crate) use stage::play;

const LEGEND: &str = "\
Commands: all that were under way at some moment between the signal and the time when the new program had answered each
of 50 clients that acquire and release keys of their own. Pause: the longest command of an upgrade.
";

/// A line of the report.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    scene: Scene,
    #[serde(flatten)]
    figures: Figures,
}

/// Measures every scene and prints the table.
pub(crate) fn run(options: &UpgradeOptions) -> Result<()> {
    let upgrades = options.upgrades.map_or(if options.common.quick { 5 } else { 20 }, NonZeroUsize::get);
    let program = daemon::ours(options.common.ours.as_deref())?;
    cpu::warn_if_busy();
    let scenes = scenes(&options.only)?;
    let mut rows = Vec::new();
    for (index, &scene) in scenes.iter().enumerate() {
        eprint!("[{}/{}] {scene} ", index + 1, scenes.len());
        let job = Job::Upgrade { scene, upgrades, program: program.clone() };
        let figures = Player::spawn(&mut job.command()?).and_then(|mut process| {
            let figures: Figures = hear(&mut process)?;
            process.end()?;
            Ok(figures)
        });
        let figures = figures.with_context(|| scene.to_string())?;
        eprintln!(" p99 {:.2} ms", figures.p99);
        rows.push(Row { scene, figures });
    }
    options.common.json.as_deref().map_or(Ok(()), |path| report::save(&rows, path))?;
    let headings = HEADINGS.map(str::to_owned).to_vec();
    let lines = rows.iter().map(|row| row.figures.columns(row.scene));
    let mut text = String::from("\nA command while the daemon is upgraded, ms\n");
    report::table(&mut text, 0, &std::iter::once(headings).chain(lines).collect::<Vec<_>>())?;
    Ok(write!(stdout(), "{text}\n{LEGEND}")?)
}

/// The chosen scenes that can run here.
fn scenes(wanted: &[Scene]) -> Result<Vec<Scene>> {
    let mut scenes = if wanted.is_empty() { Scene::ALL.to_vec() } else { wanted.to_vec() };
    scenes.retain(|scene| {
        let allowed = allow_descriptors(stage::descriptors(*scene));
        if let Err(error) = &allowed {
            eprintln!("{scene}: left out: {error:#}");
        }
        allowed.is_ok()
    });
    ensure!(!scenes.is_empty(), "there is nothing to measure");
    Ok(scenes)
}
