//! Protected sections from C, Python and Node: with our library, and written by hand.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Program, workspace};

use super::{Scene, found, rhythm, wanted};
use crate::job::Job;
use crate::options::ClientsOptions;
use crate::report::Layout;
use crate::{cpu, daemon};

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

const MEASURES: [&str; 2] = ["Wall time, µs a section", "CPU of the client, µs a section"];

/// The compared clients.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rivals {
    /// The C library and a loop of send and recv.
    C,
    /// The Python package and a client that keeps its connection.
    PythonKeeping,
    /// The Python package and a client that connects each time.
    PythonConnecting,
    /// The npm package and a plain socket.
    Node,
}

/// In the order of the tables, and whether there is a pause between sections.
const SCENES: [(Rivals, bool); 8] = [
    (Rivals::C, false),
    (Rivals::C, true),
    (Rivals::PythonKeeping, true),
    (Rivals::PythonConnecting, true),
    (Rivals::PythonKeeping, false),
    (Rivals::PythonConnecting, false),
    (Rivals::Node, false),
    (Rivals::Node, true),
];

fn scene(rivals: Rivals, apart: bool) -> Scene<Rivals> {
    let (language, against, wall, cpu) = match rivals {
        Rivals::C => ("C", "send/recv", None, Some(1.1)),
        Rivals::PythonKeeping => ("Python", "keeping", apart.then_some(0.6), None),
        Rivals::PythonConnecting => ("Python", "connecting", apart.then_some(0.4), None),
        // As many sections a second, or a tenth fewer.
        Rivals::Node => ("Node", "socket", (!apart).then_some(1.0 / 0.9), None),
    };
    let (sections, pause) = if apart { (500, 300) } else { (2000, 0) };
    Scene { rivals, labels: [language, against, rhythm(apart)], sections, pause, goals: [wall, cpu, None] }
}

/// Finds the programs, and compares in a namespace.
pub(crate) fn run(mut options: ClientsOptions) -> Result<()> {
    let library = found(options.library.take(), "poolcounter_c", "libpoolcounter_c.so");
    options.library = Some(library.context("libpoolcounter is missing; name it with --library")?);
    let ours = &mut options.sections.sides.common.ours;
    *ours = Some(daemon::ours(ours.as_deref())?);
    Job::Clients(options).delegate()
}

/// Measures every row and prints the tables, in the namespace of this process.
pub(crate) fn compare(options: &ClientsOptions) -> Result<()> {
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    cpu::warn_if_busy();
    let program = daemon::ours(options.sections.sides.common.ours.as_deref())?;
    let daemon = daemon::start(&program, daemon_cpu, &["-l", "127.0.0.1"])?;
    let library = options.library.as_deref().context("the library is found before")?;
    let in_c = compile(library)?;
    let folder = linked(library)?;
    let mut scenes: Vec<_> = SCENES.map(|(rivals, apart)| scene(rivals, apart)).into();
    if !workspace().join("wasm/npm/dist/index.js").is_file() {
        eprintln!("the npm package is not built, its rows are left out: run `scripts/build-wasm client`");
        scenes.retain(|scene| scene.rivals != Rivals::Node);
    }
    let scenes = wanted(scenes, &options.sections)?;
    super::compare(&options.sections, LAYOUT, &MEASURES, &scenes, &daemon, |scene, ours| {
        let (program, script, by_hand, by_ours) = match scene.rivals {
            Rivals::C => (&in_c, None, "plain", "library"),
            Rivals::PythonKeeping => (&options.python, Some("bench/python/sections.py"), "keeping", "package"),
            Rivals::PythonConnecting => (&options.python, Some("bench/python/sections.py"), "connecting", "package"),
            Rivals::Node => (&options.node, Some("bench/node/sections.mjs"), "plain", "package"),
        };
        let mut command = Program::alone(program.clone()).pinned(load_cpu);
        command.args(script.map(|script| workspace().join(script)));
        command.args([if ours { by_ours } else { by_hand }, "127.0.0.1"]);
        // The program has the name of an installed library.
        command.env("LD_LIBRARY_PATH", &folder).env("POOLCOUNTER_LIBRARY", library);
        command.env("PYTHONPATH", workspace().join("c-api/python/src"));
        Ok(command)
    })
}

/// The client in C, linked with the library.
fn compile(library: &Path) -> Result<PathBuf> {
    let program = library.with_file_name("poolcounter-bench-sections");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-I"]).arg(workspace().join("c-api/include"));
    compiler.arg(workspace().join("bench/c/sections.c")).arg("-o").args([&program, library]);
    let status = compiler.status().context("cannot run `cc` (package gcc)")?;
    ensure!(status.success(), "bench/c/sections.c does not compile");
    Ok(program)
}

/// A folder in which the library is found by its SONAME.
fn linked(library: &Path) -> Result<PathBuf> {
    let folder = library.with_file_name("poolcounter-bench-lib");
    fs::create_dir_all(&folder)?;
    let link = folder.join("libpoolcounter.so.0");
    // From an earlier run.
    let _ = fs::remove_file(&link);
    symlink(library, link)?;
    Ok(folder)
}
