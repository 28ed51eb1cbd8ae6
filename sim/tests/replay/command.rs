//! `poolcounter-sim replay`.

use crate::desk::{Desk, played};
use anyhow::{Context, Result, ensure};
use poolcounter_test_support::Scratch;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn run(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(env!("CARGO_BIN_EXE_poolcounter-sim")).args(arguments).output()?)
}

fn printed(arguments: &[&str]) -> Result<String> {
    let output = run(arguments)?;
    ensure!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

/// A stampede: ten readers, room for four.
fn stampede() -> Vec<u8> {
    let mut desk = Desk::new();
    desk.record(0);
    let first = desk.come("ACQ4ANY enwiki:pcache:idhash:3-0!canonical:revid:7 1 4 5", 100);
    for reader in 1..10 {
        desk.come("ACQ4ANY enwiki:pcache:idhash:3-0!canonical:revid:7 1 4 5", 100 + reader);
    }
    desk.ask(first, "RELEASE", 3_100);
    desk.end()
}

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/replay.txt");

#[test]
fn a_table_has_the_recording_and_both_columns() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("night.rec");
    std::fs::write(&file, stampede())?;
    let file = file.display().to_string();
    let came = printed(&["replay", &file, "--set", "ArticleView: maxqueue 8, fastStale", "--seed", "3"])?;
    if std::env::var_os("GOLDEN").is_some_and(|word| word == "write") {
        std::fs::write(GOLDEN, &came)?;
    }
    assert_eq!(came, std::fs::read_to_string(GOLDEN)?, "GOLDEN=write writes it anew");
    let recording = poolcounter::recording::Recording::read(&stampede())?;
    let json = printed(&["replay", "--json", &file, "--set=pcache:maxqueue 8"])?;
    assert_eq!(json, played(&recording, &["pcache: maxqueue 8"]).to_json() + "\n", "the library says the same");
    let value: serde_json::Value = serde_json::from_str(&json)?;
    assert_eq!((&value["groups"][0]["b"]["done"], &value["version"]), (&7.into(), &1.into()));
    Ok(())
}

#[test]
fn a_mistake_is_named() -> Result<()> {
    let scratch = Scratch::new()?;
    let write = |name: &str, bytes: &[u8]| -> Result<String> {
        let file = scratch.file(name);
        std::fs::write(&file, bytes)?;
        Ok(file.display().to_string())
    };
    let whole = stampede();
    let night = write("night.rec", &whole)?;
    let mut damaged = whole.clone();
    let last = damaged.len() - 9;
    damaged[last] ^= 1;
    let mut newer = whole.clone();
    // The version follows the first bytes, and the length and checksum of the first block.
    let head = poolcounter::recording::MAGIC.len() + 8;
    newer[head] = 9;
    let length = u32::from_le_bytes(newer[head - 8..head - 4].try_into()?) as usize;
    let checksum = crc32fast::hash(&newer[head..head + length]);
    newer[head - 4..head].copy_from_slice(&checksum.to_le_bytes());
    let files = [
        write("damaged.rec", &damaged)?,
        write("newer.rec", &newer)?,
        write("short.rec", &whole[..head])?,
        write("foreign.rec", b"a diary")?,
    ];
    for (arguments, words) in [
        (&["replay"][..], "replay needs a file"),
        (&["replay", &night, "--set", "rcache: workers 2"], "rcache: the recordings have no key of this group"),
        (&["replay", &night, "--set", "pcache: cups 2"], "--set 'pcache: cups 2': pcache.cups: the settings are"),
        (&["replay", &night, "--cores", "0"], "--cores: \"0\" is not a whole number from 1"),
        (&["replay", &night, "--cups"], "invalid option '--cups'"),
        (&["replay", "/nowhere"], "/nowhere: No such file or directory"),
        (&["replay", &files[0]], "damaged.rec: the recording is damaged: its block"),
        (&["replay", &files[1]], "newer.rec: the recording is of version 9; this program reads versions up to 1"),
        (&["replay", &files[2]], "short.rec: the recording is empty"),
        (&["replay", &files[3]], "foreign.rec: this is not a recording of poolcounterd"),
    ] {
        let output = run(arguments)?;
        let said = String::from_utf8(output.stderr)?;
        assert!(output.status.code() == Some(2) && said.contains(words), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    // A file that was cut is played, and that is said.
    let cut = write("cut.rec", &whole[..whole.len() - 3])?;
    let text = printed(&["replay", &cut])?;
    assert!(text.contains("warning: pool1: the file ends too early."), "{text}");
    Ok(())
}

/// The command at a terminal, which util-linux's `script` makes. The pipe gives the file so slowly that the command shows what it does.
#[test]
fn a_slow_file_shows_its_progress_at_a_terminal() -> Result<()> {
    let scratch = Scratch::new()?;
    let pipe = scratch.file("slow.rec");
    ensure!(Command::new("mkfifo").arg(&pipe).status()?.success());
    let program = env!("CARGO_BIN_EXE_poolcounter-sim");
    let line = format!("{program} replay {} >/dev/null", pipe.display());
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = terminal.stdout.take().context("its output")?;
    let (tell, told) = mpsc::channel();
    let listener = std::thread::spawn(move || {
        let (mut all, mut piece) = (Vec::new(), [0; 1024]);
        while let Ok(read @ 1..) = said.read(&mut piece) {
            all.extend_from_slice(&piece[..read]);
            if String::from_utf8_lossy(&all).contains("slow.rec: 0.0 MB") {
                let _ = tell.send(());
            }
        }
    });
    let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe)?;
    let whole = stampede();
    writer.write_all(&whole)?;
    let deadline = Instant::now() + Duration::from_mins(1);
    // Empty blocks change nothing.
    while told.recv_timeout(Duration::from_millis(100)).is_err() {
        ensure!(Instant::now() < deadline, "no progress was shown");
        writer.write_all(&poolcounter::recording::EMPTY_BLOCK)?;
    }
    drop(writer);
    ensure!(terminal.wait()?.success());
    drop(listener.join());
    Ok(())
}
