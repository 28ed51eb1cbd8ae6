//! Protected sections from PHP: time inside `acquire()` and `release()`, by the extension, as MediaWiki's own client has them, and by a client
//! in PHP that keeps its connection.
//!
//! One daemon serves both sides. It runs, with two PHP processes at a time, in a network namespace of this comparison's own.

mod plan;
mod player;
mod slow_link;

use std::io::{Write, stdout};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use poolcounter_test_support::Scratch;

use crate::daemon::{self, Daemon};
use crate::namespace::{self, Unshare};
use crate::options::PhpOptions;
use crate::report::{Layout, Report, Row};
use crate::rounds::{self, Side};
use crate::{binaries, cpu};
use plan::{Clients, Figures, Link, Measure, Scene};
use player::{Player, Software};

const LAYOUT: Layout = Layout {
    preface: "Protected sections from PHP.",
    labels: &["clients", "link", "sections"],
    words: 3,
    sides: ["in PHP", "ours", "ours/PHP"],
    legend: "\
Kept: a client in PHP that keeps its connection, and the extension. Alone: a client in PHP that does what MediaWiki's
does, and the extension. 1.43: MediaWiki's own class, and that of its extension here. Both use the same daemon, ours.
The slow link takes 1 ms each way. Apart: PHP works for longer than a round trip before each section. Wall and CPU time
are those inside acquire() and release().
",
};

/// Measures every row and prints the tables.
pub(crate) fn run(options: &PhpOptions) -> Result<()> {
    let software = Software::find(options)?;
    if options.inside { compare(options, &software) } else { enter_namespace(options, &software) }
}

/// Runs this program once more, in a network namespace.
fn enter_namespace(options: &PhpOptions, software: &Software) -> Result<()> {
    let daemon = binaries::ours(options.ours.as_deref())?;
    let mut command = Unshare::new()?.command(std::env::current_exe()?);
    command.args(["php", "--inside", "--ours"]).arg(daemon);
    command.arg("--php").arg(&software.php).arg("--extension").arg(&software.extension);
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
    if let Some(path) = &options.json {
        command.arg("--json").arg(path);
    }
    if !command.status()?.success() {
        bail!("the comparison failed, see above");
    }
    Ok(())
}

fn compare(options: &PhpOptions, software: &Software) -> Result<()> {
    daemon::die_with_parent()?;
    namespace::prepare()?;
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    cpu::warn_if_busy();
    let scratch = Scratch::new()?;
    let socket = scratch.file("socket");
    let stage = Stage {
        software,
        daemon: start_daemon(options.ours.as_deref(), &socket, daemon_cpu)?,
        socket,
        load_cpu,
        rounds: options.rounds.unwrap_or(if options.quick { 2 } else { 5 }),
        itself: options.itself,
    };
    let itself = "Protected sections from PHP: the client in PHP on both sides.";
    let mut report = Report::new(if options.itself { Layout { preface: itself, ..LAYOUT } } else { LAYOUT });
    for scene in scenes(options, software, daemon_cpu)? {
        eprint!("php {scene} ");
        let rows = stage.rows(scene).with_context(|| scene.to_string())?;
        eprintln!(" ratio {:.3}", rows.first().map_or(f64::NAN, Row::ratio));
        report.add(rows);
    }
    if let Some(path) = &options.json {
        report.save(path)?;
    }
    write!(stdout(), "{report}")?;
    Ok(())
}

fn start_daemon(program: Option<&Path>, socket: &Path, cpu: usize) -> Result<Daemon> {
    let program = program.context("--inside needs --ours")?;
    let listen = format!("--listen=unix:{}", socket.display());
    Daemon::start_on(IpAddr::V4(Ipv4Addr::UNSPECIFIED), &[&listen], program, cpu)
}

/// The scenes that are wanted and can be played here.
fn scenes(options: &PhpOptions, software: &Software, link_cpu: usize) -> Result<Vec<Scene>> {
    let mut scenes = Scene::all();
    if let Some(word) = &options.only {
        scenes.retain(|scene| scene.labels().contains(word));
    }
    if software.mediawiki.is_none() {
        eprintln!("MediaWiki 1.43 is missing, its rows are left out: run `tests/wiki/setup`");
        scenes.retain(|scene| scene.clients != Clients::MediaWiki);
    }
    if scenes.iter().any(|scene| scene.link == Link::Slow)
        && let Err(error) = slow_link::lay(plan::ONE_WAY, link_cpu)
    {
        eprintln!("the slow link cannot be laid, its rows are left out: {error:#}");
        scenes.retain(|scene| scene.link != Link::Slow);
    }
    if scenes.is_empty() {
        bail!("there is nothing to measure");
    }
    Ok(scenes)
}

/// What all scenes are played with.
struct Stage<'a> {
    software: &'a Software,
    daemon: Daemon,
    /// Its Unix socket.
    socket: PathBuf,
    load_cpu: usize,
    rounds: usize,
    itself: bool,
}

impl Stage<'_> {
    fn rows(&self, scene: Scene) -> Result<Vec<Row>> {
        let pairs = self.pairs(scene)?;
        let row = |measure: Measure| {
            let figures = pairs.iter().map(|(theirs, ours)| (measure.of(theirs), measure.of(ours))).collect();
            let goal = measure.goal(scene).filter(|_| !self.itself);
            Row::new(measure.title(), |_| 1, scene.labels().into(), figures, goal)
        };
        Ok(Measure::ALL.map(row).into())
    }

    /// In each round PHP is started afresh.
    fn pairs(&self, scene: Scene) -> Result<Vec<(Figures, Figures)>> {
        let start = |side| self.player(scene, side == Side::Ours && !self.itself);
        rounds::pairs(self.rounds, plan::PAIRS, start, |player| player.slice(&self.daemon))
    }

    fn player(&self, scene: Scene, native: bool) -> Result<Player> {
        let mut command: Command = daemon::pinned(&self.software.php, self.load_cpu)?;
        self.software.play(&mut command, scene, &self.socket, native)?;
        Player::start(&mut command, scene)
    }
}
