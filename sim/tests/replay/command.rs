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
        write("cut.rec.zst", &[0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x09, 0x49, 0x00])?,
    ];
    for (arguments, words) in [
        (&["replay"][..], "replay needs a file"),
        (&["replay", &night, "--set", "rcache: workers 2"], "rcache: the recordings have no key of this group"),
        (&["replay", &night, "--set", "pcache: cups 2"], "--set 'pcache: cups 2': pcache.cups: the settings are"),
        (&["replay", &night, "--cores", "0"], "--cores: \"0\" is not a whole number from 1"),
        (&["replay", &night, "--set", "pcache: workers 2,"], "pcache: a setting is missing, such as `workers 4`"),
        (&["replay", &night, "--set", "pcache: workers 2, workers 3"], "pcache.workers: is named twice"),
        (&["verify"], "verify needs a file"),
        (&["verify", "--cups"], "invalid option '--cups'"),
        (&["replay", "/dev/zero"], "/dev/zero: this is not a recording of poolcounterd"),
        (&["replay", &night, "--cups"], "invalid option '--cups'"),
        (&["replay", "/nowhere"], "/nowhere: No such file or directory"),
        (&["replay", &files[0]], "damaged.rec: the recording is damaged: its block"),
        (&["replay", &files[1]], "newer.rec: the recording is of version 9; this program reads versions up to 1"),
        (&["replay", &files[2]], "short.rec: the recording is empty"),
        (&["replay", &files[3]], "foreign.rec: this is not a recording of poolcounterd"),
        // Without the decoder's own words.
        (&["replay", &files[4]], "cut.rec.zst: the zstd file is damaged or ends too early\n"),
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

#[test]
fn verify_tells_of_each_file() -> Result<()> {
    let scratch = Scratch::new()?;
    let [night, other] = ["night.rec", "other.rec"].map(|name| scratch.file(name).display().to_string());
    std::fs::write(&night, stampede())?;
    std::fs::write(&other, Desk::of("pool2", poolcounter::recording::Naming::Plain).end())?;
    let twice = scratch.file("twice.rec").display().to_string();
    std::fs::write(&twice, stampede().repeat(2))?;
    ensure!(
        printed(&["verify", &twice])?.contains(" 22 calls, 0 left out, 2 parts: "),
        "calls may be missing between them"
    );
    let output = run(&["verify", &night, "/nowhere", "/dev/zero", &other])?;
    let (told, said) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    ensure!(told.lines().count() == 2 && told.contains("11 calls"), "{told}");
    ensure!(said.contains("/nowhere: No such file") && said.contains("/dev/zero: this is not a recording"), "{said}");
    assert_eq!(output.status.code(), Some(2));
    for command in ["verify", "replay"] {
        ensure!(printed(&[command, "--help"])?.starts_with("Usage: "));
    }
    Ok(())
}

/// Names in a file from elsewhere may have what a terminal would obey.
#[test]
fn a_terminal_gets_no_control_characters() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("strange.rec");
    std::fs::write(&path, with_group(*b"\x1b[2Jxy")?)?;
    let path = path.display().to_string();
    let text = printed(&["replay", &path])?;
    ensure!(text.contains("\\u001b[2Jxy") && !text.contains('\u{1b}'), "{text}");
    let refused = String::from_utf8(run(&["replay", &path, "--set", "pcache: workers 2"])?.stderr)?;
    ensure!(refused.contains("\\u001b[2Jxy") && !refused.contains('\u{1b}'), "{refused}");
    Ok(())
}

/// JSON itself allows some control characters.
#[test]
fn json_with_strange_names_is_json() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("strange.rec");
    std::fs::write(&path, with_group(*b"\x7f\xc2\x9b2Jx")?)?;
    let text = printed(&["replay", &path.display().to_string(), "--json"])?;
    ensure!(!text.trim_end().contains(char::is_control), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text)?;
    assert_eq!(report["groups"][0]["name"], "\u{7f}\u{9b}2Jx");
    Ok(())
}

/// The recording with another name of six bytes for the group.
fn with_group(name: [u8; 6]) -> Result<Vec<u8>> {
    const FRONT: usize = 8;
    let mut file = stampede();
    let mut at = poolcounter::recording::MAGIC.len();
    while at < file.len() {
        let begin = at + FRONT;
        let end = begin + u32::from_le_bytes(file[at..at + 4].try_into()?) as usize;
        let content = &mut file[begin..end];
        if let Some(place) = content.windows(7).position(|bytes| bytes == b"\x06pcache") {
            content[place + 1..place + 7].copy_from_slice(&name);
        }
        let checksum = crc32fast::hash(content);
        file[at + 4..begin].copy_from_slice(&checksum.to_le_bytes());
        at = end;
    }
    Ok(file)
}

#[test]
fn a_file_without_requests_says_so() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("quiet.rec");
    let mut desk = Desk::new();
    desk.record(0);
    std::fs::write(&file, desk.end())?;
    let text = printed(&["replay", &file.display().to_string()])?;
    ensure!(text.ends_with("\nThe recordings have no requests.\n"), "{text}");
    Ok(())
}

/// What is printed is only printed: no panic, whatever the output is.
#[test]
fn an_output_that_takes_nothing_is_named() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("night.rec");
    std::fs::write(&file, stampede())?;
    for command in ["verify", "replay"] {
        let to = |output: std::process::Stdio| {
            Command::new(env!("CARGO_BIN_EXE_poolcounter-sim")).arg(command).arg(&file).stdout(output).output()
        };
        let full = to(std::fs::OpenOptions::new().write(true).open("/dev/full")?.into())?;
        let said = String::from_utf8(full.stderr)?;
        ensure!(said.starts_with("poolcounter-sim: standard output: No space left on device"), "{said}");
        assert_eq!(full.status.code(), Some(1));
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let closed = to(writer.into())?;
        ensure!(closed.status.code() == Some(141) && closed.stderr.is_empty(), "{closed:?}");
    }
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
    // Also for reading: otherwise the opening waits for the command, without end if that has failed.
    let mut writer = std::fs::OpenOptions::new().read(true).write(true).open(&pipe)?;
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
