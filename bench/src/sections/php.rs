//! Protected sections from PHP: time inside `acquire()` and `release()`, with the extension, with a client like MediaWiki's own, and with a client
//! in PHP that keeps its connection.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Program, Scratch, carry, pin, tunnel, workspace};

use super::{Scene, found, rhythm, wanted};
use crate::job::Job;
use crate::options::PhpOptions;
use crate::report::Layout;
use crate::{cpu, daemon};

/// How long the slow link takes.
const ONE_WAY: Duration = Duration::from_millis(1);

/// The address at which a server that listens on all addresses of this machine is reached over the slow link.
const FAR: &str = "192.0.2.2";
const NEAR: &str = "192.0.2.1/30";

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

const MEASURES: [&str; 3] = [
    "Wall time, µs a section (the median section of each slice)",
    "CPU of PHP, µs a section",
    "CPU of the daemon, µs a section",
];

/// The compared clients.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clients {
    /// A client in PHP that keeps its connection, and the extension.
    Kept,
    /// A client in PHP that does what MediaWiki's does, and the extension.
    Alone,
    /// Two pool counters in one MediaWiki.
    MediaWiki,
}

/// The connection between PHP and the daemon.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Loopback,
    Unix,
    Slow,
}

fn scene(clients: Clients, link: Link, apart: bool) -> Scene<(Clients, Link)> {
    let (client_word, kept) = match clients {
        Clients::Kept => ("kept", true),
        Clients::Alone => ("alone", false),
        Clients::MediaWiki => ("1.43", false),
    };
    let (link_word, sections, pause) = match link {
        Link::Loopback => ("loopback", 500, 300),
        Link::Unix => ("unix", 500, 300),
        Link::Slow => ("slow", 80, 4_000),
    };
    let goals = match (kept, apart, link) {
        (true, true, _) => [Some(0.6), None, None],
        (true, false, _) => [None, Some(1.0), None],
        (false, true, Link::Slow) => [Some(0.4), Some(0.5), Some(0.5)],
        (false, false, Link::Slow) => [Some(0.7), None, None],
        (false, true, _) => [Some(0.5); 3],
        (false, false, _) => [None; 3],
    };
    let labels = [client_word, link_word, rhythm(apart)];
    Scene { rivals: (clients, link), labels, sections, pause: if apart { pause } else { 0 }, goals }
}

/// Finds the programs, and compares in a namespace.
pub(crate) fn run(mut options: PhpOptions) -> Result<()> {
    let php = options.php.display();
    let version = Command::new(&options.php).arg("-v").stdout(Stdio::null()).status();
    version.with_context(|| format!("cannot run `{php}` (package php-cli); name PHP with --php"))?;
    let named = options.extension.take().or_else(|| env::var_os("POOLCOUNTER_SO").map(PathBuf::from));
    let extension = found(named, "poolcounter_php", "libpoolcounter_php.so")
        .context("the PHP extension is missing (to build it takes php-dev and libclang); name one with --extension")?;
    let mut attempt = Command::new(&options.php);
    attempt.args(settings(&extension)).args(["-r", r"exit( class_exists( 'PoolCounter\Client' ) ? 0 : 1 );"]);
    let loaded = attempt.stdin(Stdio::null()).stdout(Stdio::null()).status()?.success();
    ensure!(loaded, "`{php}` does not load {}", extension.display());
    options.extension = Some(extension);
    let ours = &mut options.sections.sides.common.ours;
    *ours = Some(daemon::ours(ours.as_deref())?);
    Job::Php(options).delegate()
}

/// Measures every row and prints the tables, in the namespace of this process.
pub(crate) fn compare(options: &PhpOptions) -> Result<()> {
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    cpu::warn_if_busy();
    let scratch = Scratch::new()?;
    let socket = scratch.file("socket").display().to_string();
    let program = daemon::ours(options.sections.sides.common.ours.as_deref())?;
    let daemon = daemon::start(&program, daemon_cpu, &["-l", "0.0.0.0", &format!("--listen=unix:{socket}")])?;
    let scenes = scenes(options, daemon_cpu)?;
    let itself = "Protected sections from PHP: the client in PHP on both sides.";
    let layout = if options.sections.sides.itself { Layout { preface: itself, ..LAYOUT } } else { LAYOUT };
    super::compare(&options.sections, layout, &MEASURES, &scenes, &daemon, |scene, ours| {
        let (clients, link) = scene.rivals;
        let server = match link {
            Link::Loopback => "127.0.0.1".to_owned(),
            Link::Unix => format!("unix:{socket}"),
            Link::Slow => FAR.to_owned(),
        };
        client(options, clients, ours, server, load_cpu)
    })
}

/// The chosen scenes that can run here.
fn scenes(options: &PhpOptions, link_cpu: usize) -> Result<Vec<Scene<(Clients, Link)>>> {
    let mut scenes = Vec::new();
    for clients in [Clients::Kept, Clients::Alone, Clients::MediaWiki] {
        for link in [Link::Loopback, if clients == Clients::Kept { Link::Unix } else { Link::Slow }] {
            scenes.extend([true, false].map(|apart| scene(clients, link, apart)));
        }
    }
    let mut scenes = wanted(scenes, &options.sections)?;
    if !mediawiki().join("maintenance/run.php").is_file() {
        eprintln!("MediaWiki 1.43 is missing, its rows are left out: run `tests/wiki/setup`");
        scenes.retain(|scene| scene.rivals.0 != Clients::MediaWiki);
    }
    if scenes.iter().any(|scene| scene.rivals.1 == Link::Slow)
        && let Err(error) = lay_slow_link(link_cpu)
    {
        eprintln!("the slow link cannot be made, its rows are left out: {error:#}");
        scenes.retain(|scene| scene.rivals.1 != Link::Slow);
    }
    wanted(scenes, &options.sections)
}

/// Makes a link in this network namespace with late packets, also those that make a connection. It exists as long as this process.
fn lay_slow_link(core: usize) -> Result<()> {
    let tunnel = tunnel("slow", NEAR)?;
    thread::spawn(move || {
        // Without this the delay is less exact.
        let _ = pin(core);
        if let Err(error) = carry(&tunnel, |_| Some(ONE_WAY)) {
            eprintln!("the slow link broke: {error}");
        }
    });
    Ok(())
}

fn mediawiki() -> PathBuf {
    workspace().join("build/wiki/mediawiki-1.43")
}

fn script(name: &str) -> PathBuf {
    workspace().join("bench/php").join(name)
}

/// PHP as a wiki has it: with its opcode cache, and with the extension.
fn settings(extension: &Path) -> [String; 6] {
    let extension = format!("extension={}", extension.display());
    ["-d", "opcache.enable_cli=1", "-d", "display_errors=stderr", "-d", &extension].map(str::to_owned)
}

/// The command line of a client.
fn client(options: &PhpOptions, clients: Clients, ours: bool, server: String, core: usize) -> Result<Command> {
    let mut command = Program::alone(options.php.clone()).pinned(core);
    command.args(settings(options.extension.as_deref().context("the extension is found before")?));
    if clients == Clients::MediaWiki {
        command.arg(mediawiki().join("maintenance/run.php")).arg(script("mediawiki.php"));
        command.arg(if ours { "native" } else { "own" }).env("MW_INSTALL_PATH", mediawiki());
        command.env("MW_CONFIG_FILE", script("LocalSettings.php")).env("BENCH_HOST", server);
    } else {
        let in_php = if clients == Clients::Kept { "keeping" } else { "connecting" };
        command.arg(script("clients.php")).arg(if ours { "extension" } else { in_php }).arg(server);
    }
    Ok(command)
}
