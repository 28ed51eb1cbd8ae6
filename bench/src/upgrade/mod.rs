//! What clients see of an upgrade: how long commands take while another program takes over in the daemon's process.
//!
//! Each scene has a process and a network namespace of its own, lest the closed connections of one are in another's way.

mod figures;
mod scene;
mod stage;
mod window;
mod witness;

use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::namespace::Unshare;
use crate::options::UpgradeOptions;
use crate::{binaries, cpu, daemon, report};
use figures::{Figures, HEADINGS};
pub(crate) use scene::Scene;

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
    let upgrades = options.upgrades.unwrap_or(if options.quick { 5 } else { 20 });
    if options.inside { play(options, upgrades) } else { measure(options, upgrades) }
}

/// Plays one scene and prints its figures as JSON.
fn play(options: &UpgradeOptions, upgrades: usize) -> Result<()> {
    let scene = options.only.first().context("--inside needs --only")?;
    let program = options.ours.as_deref().context("--inside needs --ours")?;
    let figures = stage::play(*scene, upgrades, program)?;
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

fn measure(options: &UpgradeOptions, upgrades: usize) -> Result<()> {
    let program = binaries::ours(options.ours.as_deref())?;
    cpu::warn_if_busy();
    let scenes = scenes(options)?;
    let mut rows = Vec::new();
    for (index, scene) in scenes.iter().enumerate() {
        eprint!("[{}/{}] {scene} ", index + 1, scenes.len());
        let figures = in_namespace(*scene, upgrades, &program).with_context(|| scene.to_string())?;
        eprintln!(" p99 {:.2} ms", figures.p99);
        rows.push(Row { scene: *scene, figures });
    }
    if let Some(path) = &options.json {
        report::save(&rows, path)?;
    }
    print(&rows)
}

/// The scenes that are wanted and can be played here.
fn scenes(options: &UpgradeOptions) -> Result<Vec<Scene>> {
    let wanted = if options.only.is_empty() { &Scene::ALL[..] } else { &options.only };
    let mut scenes = wanted.to_vec();
    scenes.retain(|scene| match daemon::raise_descriptor_limit(stage::descriptors(*scene)) {
        Ok(()) => true,
        Err(error) => {
            eprintln!("{scene}: left out: {error:#}");
            false
        }
    });
    if scenes.is_empty() {
        bail!("there is nothing to measure");
    }
    Ok(scenes)
}

/// Has this program, run once more in a network namespace, play a scene.
fn in_namespace(scene: Scene, upgrades: usize, program: &Path) -> Result<Figures> {
    let mut command = Unshare::new()?.command(std::env::current_exe()?);
    command.args(["upgrade", "--inside", "--only", &scene.argument(), "--upgrades", &upgrades.to_string(), "--ours"]);
    let output = command.arg(program).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("it failed, see above");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn print(rows: &[Row]) -> Result<()> {
    let headings = HEADINGS.map(str::to_owned).to_vec();
    let lines = rows.iter().map(|row| row.figures.columns(row.scene));
    let lines: Vec<_> = std::iter::once(headings).chain(lines).collect();
    let mut text = String::from("\nA command while the daemon is upgraded, ms\n");
    report::table(&mut text, 0, &lines)?;
    write!(text, "\n{LEGEND}")?;
    Ok(stdout().write_all(text.as_bytes())?)
}
