//! The examples, compiled and linked in each of the ways that a user has.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use libtest_mimic::Trial;
use poolcounter_test_support::{Client, Daemon, Deadline};

use crate::compiled::{SANITIZERS, compile, compile_with_pkg_config};
use crate::installed::{Prefix, fresh_folder, output};
use crate::trial;

const RUNNING: Duration = Duration::from_mins(1);

/// A deadline for programs that take milliseconds.
const AT_ONCE: Duration = Duration::from_secs(15);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the example of the blocking client", blocking),
        trial("the example of the event loop", event_loop),
        trial("the example of libuv", || adapter("libuv", &["libuv"])),
        trial("the example of GLib", || adapter("glib", &["gio-2.0"])),
        trial("an example with the static library", with_static_library),
    ]
}

fn example(name: &str) -> Result<PathBuf> {
    let program = fresh_folder(&format!("example-{name}"))?.join(name);
    compile_with_pkg_config(&format!("examples/{name}.c"), &[], program)
}

/// The output of a program with the address of the daemon and these arguments.
fn printed(program: &Path, daemon: &Daemon, arguments: &[&str]) -> Result<String> {
    printed_with(program, &daemon.address().ip().to_string(), arguments)
}

/// The same with any server.
fn printed_with(program: &Path, server: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command.arg(server).args(arguments);
    output(command.env("LD_LIBRARY_PATH", Prefix::shared()?.file("lib")), RUNNING)
}

fn blocking() -> Result<()> {
    let program = example("blocking")?;
    let daemon = Daemon::ours::<&str>(&[])?;
    let said = printed(&program, &daemon, &["page 1"])?;
    ensure!(said == "work and store the result\n", "{said}");
    let said = printed(&program, &daemon, &[""])?;
    ensure!(said == "work without a lock: the key is empty\n", "{said}");
    Ok(())
}

fn event_loop() -> Result<()> {
    runs_on_a_loop(&example("event_loop")?)
}

/// Tests an adapter for the event loop of these packages: it drives calls, and looks up names.
fn adapter(name: &str, packages: &[&str]) -> Result<()> {
    let mut flags = Prefix::shared()?.pkg_config(&["--cflags", "--libs"])?;
    let said = output(Command::new("pkg-config").args(["--cflags", "--libs"]).args(packages), RUNNING)?;
    flags.extend(said.split_whitespace().map(str::to_owned));
    let program = fresh_folder(&format!("example-{name}"))?.join(name);
    compile(&format!("examples/{name}.c"), &SANITIZERS, &flags, &program)?;
    runs_on_a_loop(&program)?;
    // This error comes only after an answer of the resolver, because no server listens on port 1.
    let said = printed_with(&program, "localhost:1", &["page 1", "page 2"])?;
    let refused = |key: &str| said.contains(&format!("{key}: cannot connect to localhost:1: Connection refused\n"));
    ensure!(refused("page 1") && refused("page 2"), "{said}");
    // No resolver asks the network for such a name.
    let said = printed_with(&program, "-no-host", &["page 1"])?;
    ensure!(said.starts_with("page 1: cannot connect to -no-host: "), "{said}");
    ensure!(!said.contains("still being looked up"), "the failure was not passed on: {said}");
    Ok(())
}

/// Another client holds one key until the program waits for it.
fn runs_on_a_loop(program: &Path) -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut holder = Client::connect(daemon.address())?;
    ensure!(holder.ask("ACQ4ANY held 1 100 60\n")? == "LOCKED\n", "the key is held");
    let said = thread::scope(|scope| {
        let running = scope.spawn(|| printed(program, &daemon, &["page 1", "held", "page 2", ""]));
        let mut waits = || holder.ask("STATS waiting_workers\n").is_ok_and(|said| said == "waiting_workers: 1\n");
        let waited = Deadline::after(RUNNING).poll(|| (running.is_finished() || waits()).then_some(()));
        let released = holder.ask("RELEASE\n");
        // Its own timer would end the wait only after 22.5 seconds, so the descriptor has ended it.
        let woken = Deadline::after(AT_ONCE).poll(|| running.is_finished().then_some(()));
        let said = running.join().map_err(|_| anyhow!("the program's thread panicked"))??;
        ensure!(woken.is_some(), "the answer was not noticed: {said}");
        ensure!(waited.is_some() && released? == "RELEASED\n", "nobody waits for the key: {said}");
        Ok(said)
    })?;
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    let expected = [
        ": the key is empty",
        "held: DONE",
        "page 1: LOCKED",
        "page 1: RELEASED",
        "page 2: LOCKED",
        "page 2: RELEASED",
    ];
    ensure!(lines == expected, "{said}");
    Ok(())
}

fn with_static_library() -> Result<()> {
    let said = Prefix::shared()?.pkg_config(&["--static", "--cflags", "--libs"])?;
    let flags: Vec<String> = said.iter().map(|flag| flag.replace("-lpoolcounter", "-l:libpoolcounter.a")).collect();
    let program = fresh_folder("example-static")?.join("blocking");
    compile("examples/blocking.c", &[], &flags, &program)?;
    let needed = output(Command::new("readelf").arg("--dynamic").arg(&program), RUNNING)?;
    ensure!(needed.contains("NEEDED") && !needed.contains("libpoolcounter"), "{needed}");
    let said = printed(&program, &Daemon::ours::<&str>(&[])?, &["page 1"])?;
    ensure!(said == "work and store the result\n", "{said}");
    Ok(())
}
