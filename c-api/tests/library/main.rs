//! Tests the library like a C programmer uses it: installed by make, found by pkg-config, used by C programs with real daemons.
//!
//! The programs are in `tests/programs`. Each runs directly, under valgrind, and with gcc's sanitizers.

mod abi;
mod compiled;
mod examples;
mod exported;
mod installed;
mod layout;
mod networked;
mod played;
mod program;
mod traced;

use std::{fs, thread};

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Failed, Trial, run};
use poolcounter_test_support::Scratch;
use poolcounter_test_support::outage::{AT_A_TIME, run_cell_if_asked};

/// Waiting takes much of the time, so there are more threads than processors.
const THREADS: usize = 4;

fn main() -> Result<()> {
    run_cell_if_asked();
    let asked = Arguments::from_args();
    let mut arguments = asked.clone();
    arguments.test_threads.get_or_insert(THREADS);
    let mut trials = layout::trials();
    trials.extend(abi::trials());
    trials.extend(exported::trials());
    trials.extend(examples::trials());
    trials.extend(program::trials()?);
    trials.extend(traced::trials());
    trials.extend(played::trials()?);
    // These mostly wait, so they run at the same time as the others. Their output is printed at the end.
    let scratch = Scratch::new()?;
    let said = scratch.file("networked");
    let mut networked = asked;
    networked.test_threads.get_or_insert(AT_A_TIME);
    networked.logfile = Some(said.display().to_string());
    let waiting = networked::trials()?;
    let (conclusion, networked) = thread::scope(|scope| {
        let networked = scope.spawn(|| run(&networked, waiting));
        (run(&arguments, trials), networked.join())
    });
    print!("{}", fs::read_to_string(&said)?);
    drop(scratch);
    networked.map_err(|_| anyhow!("the network stories panicked"))?.exit_if_failed();
    conclusion.exit();
}

fn trial(name: impl Into<String>, test: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || test().map_err(|error| Failed::from(format!("{error:#}"))))
}
