//! The examples, compiled and linked in each of the ways that a user has.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use poolcounter_tests::Daemon;

use crate::compiled::{compile, compile_with_pkg_config};
use crate::installed::{Prefix, fresh_folder, output};
use crate::trial;

const RUNNING: Duration = Duration::from_mins(1);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the example of the blocking client", blocking),
        trial("the example of the event loop", event_loop),
        trial("an example with the static library", with_static_library),
    ]
}

fn example(name: &str) -> Result<PathBuf> {
    let program = fresh_folder(&format!("example-{name}"))?.join(name);
    compile_with_pkg_config(&format!("examples/{name}.c"), &[], program)
}

/// What a program prints when it is given these arguments behind the address of the daemon.
fn printed(program: &Path, daemon: &Daemon, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command.arg(daemon.address().ip().to_string()).args(arguments);
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
    let program = example("event_loop")?;
    let daemon = Daemon::ours::<&str>(&[])?;
    let said = printed(&program, &daemon, &["page 1", "page 2", "page 1", ""])?;
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    let expected = [
        ": the key is empty",
        "page 1: DONE",
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
