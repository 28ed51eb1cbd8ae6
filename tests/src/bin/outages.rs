//! Runs the network stories with a client: `outages [--lacks ABILITY]... [--only STORY]... COMMAND...`, where the command runs its player.

use std::env;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::Pressure;
use poolcounter_test_support::outage::{
    ABILITIES, AT_A_TIME, Story, missing, must_run, run_cell_if_asked, stories, tell,
};
use poolcounter_test_support::replay::{self, Arguments};

const USAGE: &str = "Usage: outages [--lacks ABILITY]... [--only STORY]... COMMAND...";

/// How often a story is told. Its times are real, so a failure on a busy machine counts only if it occurs each time.
const ATTEMPTS: usize = 3;

fn main() -> ExitCode {
    run_cell_if_asked();
    let abilities = [&replay::ABILITIES[..], &ABILITIES[..]].concat();
    let arguments = Arguments::read(env::args_os().skip(1), &abilities).context(USAGE);
    match arguments.and_then(|arguments| run(&arguments)) {
        Ok(failed) => ExitCode::from(u8::from(failed > 0)),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// How many failed.
fn run(arguments: &Arguments) -> Result<usize> {
    if let Some(missing) = missing() {
        println!("SKIPPED every network story, because this system cannot run them: {missing}");
        let failed = usize::from(must_run());
        println!("0 passed, {failed} failed");
        return Ok(failed);
    }
    let mut stories = stories()?;
    stories.retain(|story| arguments.wants(&story.name, &story.needs));
    ensure!(!stories.is_empty(), "no story was played");
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    failed.fetch_add(usize::from(!passes(story, arguments)), Ordering::Relaxed);
                }
            });
        }
    });
    let failed = failed.into_inner();
    println!("{} passed, {failed} failed", stories.len() - failed);
    Ok(failed)
}

fn passes(story: &Story, arguments: &Arguments) -> bool {
    let mut attempts = 0;
    loop {
        let pressure = Pressure::measure();
        attempts += 1;
        match tell(story, &arguments.command) {
            Ok(said) if said.is_empty() => println!("passed  {}", story.name),
            Ok(said) => println!("passed  {}: {said}", story.name),
            Err(error) if attempts < ATTEMPTS && pressure.was_high() => {
                println!("again   {}, because the machine was busy: {error:#}", story.name);
                continue;
            }
            Err(error) => {
                println!("FAILED  {}: {}\n{error:#}", story.name, story.title);
                return false;
            }
        }
        return true;
    }
}
