//! Protected sections from C, Python and Node: by our library, and as one would write them by hand.
//!
//! One daemon, ours, serves both sides. It runs, with two clients at a time, in a network namespace of this comparison's own.

mod player;
mod scene;

use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result, bail};

use crate::daemon::{self, Daemon};
use crate::namespace::{self, Unshare};
use crate::options::ClientsOptions;
use crate::report::{Layout, Report, Row};
use crate::rounds::{self, Side};
use crate::{binaries, cpu};
use player::{Player, Software};
use scene::{Rivals, Scene};

/// Pairs of slices in a round.
const PAIRS: usize = 4;

const LAYOUT: Layout = Layout {
    preface: "Protected sections from other languages.",
    labels: &["language", "against", "sections"],
    words: 3,
    sides: ["by hand", "ours", "ours/by hand"],
    legend: "\
Against a loop of send() and recv() on one connection (C), and clients in Python alone that keep their connection or make
one for each section; all of them wait for every answer, and so does the plain socket of Node. Apart: there is a pause before each section.
",
};

/// Measures every row and prints the tables.
pub(crate) fn run(options: &ClientsOptions) -> Result<()> {
    if options.inside { compare(options) } else { enter_namespace(options) }
}

/// Runs this program once more, in a network namespace.
fn enter_namespace(options: &ClientsOptions) -> Result<()> {
    let daemon = binaries::ours(options.ours.as_deref())?;
    let library = binaries::library(options.library.as_deref())?;
    let mut command = Unshare::new()?.command(std::env::current_exe()?);
    command.args(["clients", "--inside", "--ours"]).arg(daemon).arg("--library").arg(library);
    for (given, switch) in [(options.quick, "--quick"), (options.itself, "--self")] {
        if given {
            command.arg(switch);
        }
    }
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    if let Some(rounds) = options.rounds {
        command.args(["--rounds", &rounds.to_string()]);
    }
    for (path, name) in [(&options.python, "--python"), (&options.node, "--node"), (&options.json, "--json")] {
        if let Some(path) = path {
            command.arg(name).arg(path);
        }
    }
    if !command.status()?.success() {
        bail!("the comparison failed, see above");
    }
    Ok(())
}

fn compare(options: &ClientsOptions) -> Result<()> {
    daemon::die_with_parent()?;
    namespace::prepare()?;
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    cpu::warn_if_busy();
    let program = options.ours.as_deref().context("--inside needs --ours")?;
    let _daemon = Daemon::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), &[], program, daemon_cpu)?;
    let software = Software::prepare(options)?;
    let rounds = options.rounds.unwrap_or(if options.quick { 2 } else { 5 });
    let mut report = Report::new(LAYOUT);
    for scene in scenes(options)? {
        eprint!("{scene} ");
        let start = |side: Side| {
            let ours = side == Side::Ours && !options.itself;
            Player::start(&mut software.command(scene, ours, load_cpu)?, scene)
        };
        let pairs = rounds::pairs(rounds, PAIRS, start, Player::slice).with_context(|| scene.to_string())?;
        let rows = scene.rows(&pairs, !options.itself);
        eprintln!(" ratio {:.3}", rows.first().map_or(f64::NAN, Row::ratio));
        report.add(rows);
    }
    if let Some(path) = &options.json {
        report.save(path)?;
    }
    write!(stdout(), "{report}")?;
    Ok(())
}

fn scenes(options: &ClientsOptions) -> Result<Vec<Scene>> {
    let mut scenes = Scene::ALL.to_vec();
    if let Some(word) = &options.only {
        scenes.retain(|scene| scene.labels().contains(word));
    }
    if !binaries::workspace().join("wasm/npm/dist/wasm").is_dir() {
        eprintln!("the npm package is not built, its rows are left out: run `scripts/build-wasm client`");
        scenes.retain(|scene| scene.rivals != Rivals::Node);
    }
    if scenes.is_empty() {
        bail!("there is nothing to measure");
    }
    Ok(scenes)
}
