//! Every transcript, run against core in virtual time, our daemon, our daemon with an upgrade after each step, and the reference.

use std::path::{Path, PathBuf};
use std::{fs, io};

use libtest_mimic::{Arguments, Failed, Trial, run};
use poolcounter_test_support::{Story, play};

/// Waiting takes most of the time, so there are more threads than processors.
const THREADS: usize = 24;

type Play = fn(&Story) -> anyhow::Result<()>;

fn main() -> io::Result<()> {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let players: [(&str, Play); 4] = [
        ("core in virtual time", play::in_virtual_time),
        ("our daemon", play::to_ours),
        ("our daemon, upgraded after each step", play::to_upgraded),
        ("the reference", play::to_reference),
    ];
    let files = transcripts()?;
    let mut trials = vec![Trial::test("there are transcripts", {
        let count = files.len();
        move || if count < 60 { Err(format!("only {count}").into()) } else { Ok(()) }
    })];
    for (player, play) in players {
        trials.extend(files.iter().map(|file| trial(file.clone(), player, play)));
    }
    run(&arguments, trials).exit();
}

fn transcripts() -> io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = paths.collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    Ok(files)
}

fn trial(file: PathBuf, player: &str, play: Play) -> Trial {
    let story = file.file_stem().unwrap_or_default().to_string_lossy();
    Trial::test(format!("{story}: {player}"), move || {
        let tell = || Story::parse(&fs::read_to_string(&file)?).and_then(|story| play(&story));
        tell().map_err(|error| Failed::from(format!("{}: {error:#}", file.display())))
    })
}
