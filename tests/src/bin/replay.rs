//! Runs the client stories with a player: `replay [--lacks ABILITY]... [--only STORY]... COMMAND...`.

use std::env;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::replay::{ABILITIES, Arguments, Player, perform, stories};

const USAGE: &str = "Usage: replay [--lacks ABILITY]... [--only STORY]... COMMAND...";

fn main() -> ExitCode {
    let arguments = Arguments::read(env::args_os().skip(1), &ABILITIES).context(USAGE);
    match arguments.and_then(|arguments| run(&arguments)) {
        Ok(failed) => ExitCode::from(u8::from(failed > 0)),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// How many failed. A player that has failed a story is replaced by a new one.
fn run(arguments: &Arguments) -> Result<usize> {
    let (mut passed, mut failed) = (0, 0);
    let mut kept = None;
    for story in stories()?.iter().filter(|story| arguments.wants(&story.name, &story.needs)) {
        let mut player = kept.take().map_or_else(|| Player::start(&arguments.command), Ok)?;
        match perform(story, &mut player) {
            Ok(()) => {
                kept = Some(player);
                passed += 1;
                println!("passed  {}", story.name);
            }
            Err(error) => {
                failed += 1;
                println!("FAILED  {}: {}\n{error:#}", story.name, story.title);
            }
        }
    }
    if let Some(Err(error)) = kept.map(Player::end) {
        failed += 1;
        println!("FAILED  the end of the player\n  {error:#}");
    }
    ensure!(passed + failed > 0, "no story was played");
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}
