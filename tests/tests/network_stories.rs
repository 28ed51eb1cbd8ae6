//! Every network story with core's blocking client; and faulty players, which must fail.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use libtest_mimic::{Arguments, Failed, Trial, run};
use poolcounter_test_support::outage::{AT_A_TIME, missing, must_run, run_cell_if_asked, stories, tell};
use poolcounter_test_support::{Deadline, PATIENCE, run_to_end};

const PLAYER: &str = env!("CARGO_BIN_EXE_player");

/// A call blocks the client's thread, and each lock has its own connection.
const LACKS: [&str; 3] = ["concurrent_calls", "shared_connections", "lookups_bounded"];

fn main() -> Result<()> {
    run_cell_if_asked();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let missing = missing();
    if let Some(missing) = missing {
        println!("SKIPPED every network story, because this system cannot run them: {missing}");
    }
    let played = stories()?.into_iter().filter(|story| !story.needs.iter().any(|need| LACKS.contains(&need.as_str())));
    let mut trials: Vec<Trial> = played
        .map(|story| {
            let name = format!("{}: core's blocking client", story.name);
            trial(name, move || tell(&story, &[PLAYER.into()]).map(drop)).with_ignored_flag(missing.is_some())
        })
        .collect();
    let bench = [
        trial("a client that reports what is not so fails".to_owned(), wrong_report),
        trial("a client that has a lock where there is none fails".to_owned(), no_lock),
        trial("a player that ends fails".to_owned(), no_player),
        trial("the program tells stories".to_owned(), program),
    ];
    trials.extend(bench.map(|trial| trial.with_ignored_flag(missing.is_some())));
    if must_run() {
        trials.push(trial("the network stories are not skipped".to_owned(), move || {
            missing.map_or(Ok(()), |missing| Err(anyhow!(missing)))
        }));
    }
    run(&arguments, trials).exit();
}

/// Checks that a player written as this shell script fails a story with these words.
fn fails(name: &str, script: &str, words: &str) -> Result<()> {
    let stories = stories()?;
    let story = stories.iter().find(|story| story.name == name).with_context(|| format!("no story {name}"))?;
    let command = ["sh", "-c", script, "sh", PLAYER].map(OsString::from);
    let Err(error) = tell(story, &command) else { bail!("{script} passes") };
    ensure!(error.to_string().contains(words), "`{words}` is not in {error}");
    Ok(())
}

fn wrong_report() -> Result<()> {
    let words = "expected `LOCKED` by s2, the player says `DONE`";
    fails("name-whose-first-address-refuses", "\"$1\" | sed -u s/LOCKED/DONE/", words)
}

/// The witness finds another state than the player reports.
fn no_lock() -> Result<()> {
    let script = "read new; echo OK; while read line; do echo LOCKED; done";
    fails("name-whose-first-address-refuses", script, "expected `LOCKED` by s2, the player says `LOCKED`")
}

fn no_player() -> Result<()> {
    fails("restarted", "read new; echo OK; exit 3", "it ended with exit status: 3")
}

fn program() -> Result<()> {
    let outages = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outages"));
        run_to_end(command.args(arguments).stdin(Stdio::null()), Deadline::after(6 * PATIENCE))
    };
    let name = "name-whose-first-address-refuses";
    let output = outages(&["--only", name, PLAYER])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let right = output.status.success() && said == format!("passed  {name}\n1 passed, 0 failed\n");
    ensure!(right, "{output:?}");
    let output = outages(&["--only", name, "--lacks", "connect_timeout_ms", "false"])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.code() == Some(1) && said.ends_with("\n0 passed, 1 failed\n"), "{output:?}");
    for wrong in [&["--only", "no-such-story", PLAYER][..], &["--lacks", "patience", PLAYER], &[]] {
        let output = outages(wrong)?;
        ensure!(output.status.code() == Some(2), "{output:?}");
    }
    Ok(())
}

fn trial(name: String, test: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(|error| Failed::from(format!("{error:#}"))))
}
