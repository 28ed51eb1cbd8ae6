//! The network stories with the blocking client and with the client for event loops.

use anyhow::{Result, anyhow};
use libtest_mimic::Trial;
use poolcounter_test_support::outage::{Story, missing, must_run, stories, tell};

use crate::played::command;
use crate::trial;

/// The abilities that each client lacks.
const LACKS: [(&str, &[&str]); 2] = [
    ("blocking", &["shared_connections", "concurrent_clients", "concurrent_calls", "lookups_aside", "lookups_bounded"]),
    ("async", &["shared_connections"]),
];

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let missing = missing();
    if let Some(missing) = missing {
        println!("SKIPPED every network story, because this system cannot run them: {missing}");
    }
    let mut trials = Vec::new();
    for (face, lacks) in LACKS {
        let can = |story: &Story| !story.needs.iter().any(|need| lacks.contains(&need.as_str()));
        trials.extend(stories()?.into_iter().filter(can).map(|story| {
            let name = format!("network, {}: {face}", story.name);
            trial(name, move || tell(&story, &command(face)?).map(drop)).with_ignored_flag(missing.is_some())
        }));
    }
    if must_run() {
        let not_skipped = move || missing.map_or(Ok(()), |missing| Err(anyhow!(missing)));
        trials.push(trial("the network stories are not skipped", not_skipped));
    }
    Ok(trials)
}
