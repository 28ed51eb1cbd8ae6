//! Runs transcripts against the reference and writes its answers into them: `record FILE...`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs, thread};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Story, play, recorded};

fn main() -> ExitCode {
    let files: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    // Most of a story's time is waiting.
    let recorders: Vec<_> = files.chunks(files.len().div_ceil(16).max(1)).map(<[_]>::to_vec).map(record_all).collect();
    let failed = recorders.into_iter().filter_map(|recorder| recorder.join().ok()).sum::<usize>();
    if files.is_empty() {
        eprintln!("Usage: record FILE...");
    }
    ExitCode::from(u8::from(failed > 0 || files.is_empty()))
}

fn record_all(files: Vec<PathBuf>) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        let failed = files.iter().filter(|file| match record(file) {
            Ok(()) => false,
            Err(error) => {
                eprintln!("{}: {error:#}", file.display());
                true
            }
        });
        failed.count()
    })
}

fn record(file: &PathBuf) -> Result<()> {
    let text = fs::read_to_string(file)?;
    ensure!(text.starts_with("# "), "a transcript begins with a comment that says what it shows");
    let story = Story::parse(&text).context("not a story")?;
    fs::write(file, recorded(&text, &play::record(&story)?)?)?;
    Ok(())
}
