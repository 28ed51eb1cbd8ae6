//! Plays the client-side stories with a player: `replay [--lacks ABILITY]... [--only STORY]... COMMAND...`.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use poolcounter_tests::replay::{ABILITIES, Player, Story, perform, stories};

const USAGE: &str = "Usage: replay [--lacks ABILITY]... [--only STORY]... COMMAND...";

fn main() -> ExitCode {
    match Arguments::read(env::args_os().skip(1)).context(USAGE).and_then(|arguments| run(&arguments)) {
        Ok(failed) => ExitCode::from(u8::from(failed > 0)),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Arguments {
    lacks: Vec<String>,
    only: Vec<String>,
    command: Vec<OsString>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = OsString>) -> Result<Self> {
        let mut arguments = Self::default();
        let command = loop {
            let word = words.next().context("no command")?;
            let list = match word.to_str() {
                Some("--lacks") => &mut arguments.lacks,
                Some("--only") => &mut arguments.only,
                Some(option) if option.starts_with('-') => bail!("no such option: {option}"),
                _ => break word,
            };
            let value = words.next().context("an option without its value")?;
            list.push(value.to_string_lossy().into_owned());
        };
        let unknown = arguments.lacks.iter().find(|lacks| !ABILITIES.contains(&lacks.as_str()));
        ensure!(unknown.is_none(), "no such ability: it is one of {}", ABILITIES.join(", "));
        arguments.command = std::iter::once(command).chain(words).collect();
        Ok(arguments)
    }

    /// Whether a story is to be played; says so if the player cannot.
    fn wants(&self, story: &Story) -> bool {
        if !self.only.is_empty() && !self.only.contains(&story.name) {
            return false;
        }
        let lacking = self.lacks.iter().find(|lacks| story.needs.contains(lacks));
        if let Some(lacking) = lacking {
            println!("skipped {}: the player lacks {lacking}", story.name);
        }
        lacking.is_none()
    }
}

/// How many failed. A player that has failed a story is not asked for another one.
fn run(arguments: &Arguments) -> Result<usize> {
    let (mut passed, mut failed) = (0, 0);
    let mut kept = None;
    for story in stories()?.iter().filter(|story| arguments.wants(story)) {
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
