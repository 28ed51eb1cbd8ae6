//! Every network story, told to core's blocking client.

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Failed, Trial, run};
use poolcounter_tests::outage::{AT_A_TIME, missing, must_run, run_cell_if_asked, stories, tell};

const PLAYER: &str = env!("CARGO_BIN_EXE_player");

/// A client blocks its thread; and the other faces have a connection for all locks.
const LACKS: [&str; 2] = ["concurrent_calls", "shared_connections"];

fn main() -> Result<()> {
    run_cell_if_asked();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let missing = missing();
    if let Some(missing) = missing {
        println!("SKIPPED: every network story, for this system has no place for them: {missing}");
    }
    let played = stories()?.into_iter().filter(|story| !story.needs.iter().any(|need| LACKS.contains(&need.as_str())));
    let mut trials: Vec<Trial> = played
        .map(|story| {
            let name = format!("{}: core's blocking client", story.name);
            trial(name, move || tell(&story, &[PLAYER.into()])).with_ignored_flag(missing.is_some())
        })
        .collect();
    if must_run() {
        trials.push(trial("the network stories are not skipped".to_owned(), move || {
            missing.map_or(Ok(()), |missing| Err(anyhow!(missing)))
        }));
    }
    run(&arguments, trials).exit();
}

fn trial(name: String, test: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(|error| Failed::from(format!("{error:#}"))))
}
