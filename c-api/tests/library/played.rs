//! The client stories with the blocking client and with the client for event loops.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};
use libtest_mimic::Trial;
use poolcounter_test_support::replay::{Player, Story, perform, stories};

use crate::compiled::compile_with_pkg_config;
use crate::installed::{Prefix, fresh_folder};
use crate::program::checked_by_valgrind;
use crate::trial;

/// The abilities that the library lacks.
const LACKS: [&str; 2] = ["shared_connections", "bare_release"];

/// Each story by itself, and all of them under valgrind in one process.
pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for face in ["blocking", "async"] {
        for story in playable()? {
            let name = format!("{}: {face}", story.name);
            trials.push(trial(name, move || told(&story, Player::start(&command(face)?)?)?.end()));
        }
        trials.push(trial(format!("every story: {face}, under valgrind"), move || all_under_valgrind(face)));
    }
    Ok(trials)
}

fn playable() -> Result<Vec<Story>> {
    let mut stories = stories()?;
    stories.retain(|story| !story.needs.iter().any(|need| LACKS.contains(&need.as_str())));
    Ok(stories)
}

fn told(story: &Story, mut player: Player) -> Result<Player> {
    perform(story, &mut player).with_context(|| story.name.clone())?;
    Ok(player)
}

fn all_under_valgrind(face: &str) -> Result<()> {
    let valgrind = checked_by_valgrind(&player()?);
    let mut words = vec![library_path()?, valgrind.get_program().to_owned()];
    words.extend(valgrind.get_args().map(ToOwned::to_owned));
    words.push(face.into());
    words.insert(0, "env".into());
    let player = playable()?.iter().try_fold(Player::start(&words)?, |player, story| told(story, player))?;
    player.end()
}

/// What runs the player with one of the two.
pub(crate) fn command(face: &str) -> Result<Vec<OsString>> {
    Ok(vec!["env".into(), library_path()?, player()?.into(), face.into()])
}

fn library_path() -> Result<OsString> {
    Ok(format!("LD_LIBRARY_PATH={}", Prefix::shared()?.file("lib").display()).into())
}

fn player() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let build = || compile_with_pkg_config("tests/programs/player.c", &[], fresh_folder("player")?.join("player"));
    BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}"))).clone().map_err(|error| anyhow!(error))
}
