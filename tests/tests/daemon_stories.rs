//! The daemon's reaction to a failing network, with clients that are not ours. Its own limits are two minutes, so `scripts/test` runs these stories at the same
//! time as other tests, and a plain `cargo test` does not run them.

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Failed, Trial, run};
use poolcounter_test_support::outage::{AT_A_TIME, daemon_stories, missing, must_run, run_cell_if_asked, tell};

fn main() -> Result<()> {
    run_cell_if_asked();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let missing = missing();
    if let Some(missing) = missing {
        println!("SKIPPED every story of the daemon in a network, because this system cannot run them: {missing}");
    }
    let tell = |story| tell(&story, &[]).map_err(|error| Failed::from(format!("{error:#}"))).map(drop);
    let mut trials: Vec<Trial> = daemon_stories()?
        .into_iter()
        .map(|story| Trial::test(story.name.clone(), move || tell(story)).with_ignored_flag(missing.is_some()))
        .collect();
    if must_run() {
        trials.push(Trial::test("the stories of the daemon are not skipped", move || {
            missing.map_or(Ok(()), |missing| Err(Failed::from(anyhow!(missing).to_string())))
        }));
    }
    run(&arguments, trials).exit();
}
