//! Every client story with core's blocking client; and faulty players, which must fail.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial, run};
use poolcounter_test_support::replay::{Player, Story, perform, stories};
use poolcounter_test_support::{Deadline, PATIENCE, run_to_end};

const PLAYER: &str = env!("CARGO_BIN_EXE_player");

/// Core can share a connection, but the blocking player does not.
const LACKS: &str = "shared_connections";

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        trial("a player passes or fails as a whole", one_player_for_all),
        trial("a player that is no player fails", no_player),
        trial("a player that has a fault at its end fails", bad_end),
        trial("a client that sends what it should not fails", wrong_bytes),
        trial("a client that reports what is not so fails", wrong_report),
    ];
    let stories = stories()?;
    let played = stories.into_iter().filter(|story| !story.needs.iter().any(|need| need == LACKS));
    trials.extend(played.map(|story| {
        let name = format!("{}: core's blocking client", story.name);
        trial(&name, move || told(&story))
    }));
    run(&arguments, trials).exit();
}

fn trial(name: &str, test: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(|error| Failed::from(format!("{error:#}"))))
}

fn told(story: &Story) -> Result<()> {
    let mut player = Player::start(&[PLAYER.into()])?;
    perform(story, &mut player)?;
    player.end()
}

fn replay(arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    run_to_end(command.args(arguments).stdin(std::process::Stdio::null()), Deadline::after(6 * PATIENCE))
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

fn one_player_for_all() -> Result<()> {
    let output = replay(&["--only", "section", "--only", "two-locks-shared", "--lacks", LACKS, PLAYER])?;
    let said = "passed  section\nskipped two-locks-shared: the player lacks shared_connections\n1 passed, 0 failed\n";
    ensure!(output.status.success() && text(&output.stdout) == said, "{output:?}");
    let wrong = [
        &["--only", "no-such-story", PLAYER][..],
        &["--lacks", "patience", PLAYER],
        &["--only", "section", "/no/such/player"],
        &[],
    ];
    for arguments in wrong {
        let output = replay(arguments)?;
        ensure!(output.status.code() == Some(2), "{output:?}");
    }
    Ok(())
}

/// Checks that a player written as this shell script fails the story `section` with these words.
fn fails(script: &str, words: &[&str]) -> Result<()> {
    let output = replay(&["--only", "section", "sh", "-c", script, "sh", PLAYER])?;
    let said = text(&output.stdout);
    ensure!(output.status.code() == Some(1) && said.ends_with(", 1 failed\n"), "{script}: {output:?}");
    let missing = words.iter().find(|words| !said.contains(*words));
    missing.map_or(Ok(()), |words| Err(anyhow::anyhow!("{script}: `{words}` is not in {said}")))
}

fn no_player() -> Result<()> {
    fails("exit 3", &["FAILED  section: ", "it ended with exit status: 3"])?;
    fails("cat", &["expected `OK`, the player says `new servers=s1 "])?;
    fails("read line; echo OK; read line; kill -9 $$", &["    client anyone ", "signal: 9"])?;
    fails("read line; echo OK; echo OK; exec cat", &["the player says `OK`"])
}

fn bad_end() -> Result<()> {
    let words = ["passed  section", "the end of the player", "exit status: 5", "1 passed, 1 failed"];
    fails("\"$1\"; exit 5", &words)
}

/// Core's client, asked for another key than the story has.
fn wrong_bytes() -> Result<()> {
    let script = "sed -u 's/7061/7171/' | \"$1\"";
    fails(script, &["    a< ACQ4ANY page%201 1 10 5\\n\n  expected", "came \"ACQ4ANY qqge%201 1 10 5"])
}

/// Core's client, whose outcome is changed on its way.
fn wrong_report() -> Result<()> {
    fails("\"$1\" | sed -u s/LOCKED/DONE/", &["    = LOCKED\n  expected `LOCKED`, the player says `DONE`"])?;
    let output = replay(&["--only", "away", "sh", "-c", "\"$1\" | sed -u s/refused/lost/", "sh", PLAYER])?;
    let said = text(&output.stdout);
    let words = "expected `connect s1 Connection refused`, the player says `connect s1 Connection lost`";
    said.contains(words).then_some(()).with_context(|| said)
}
