use crate::program::ran;
use crate::pty::Terminal;
use anyhow::{Context, Result, ensure};
use poolcounter::key::Groups;
use poolcounter::protocol::{Command, Line};
use poolcounter::recording::{Naming, Scope, Title};
use poolcounter::{HashSeed, LockTable, Timestamp};
use poolcounter_test_support::Scratch;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant};

/// A stampede: ten readers, room for four.
fn stampede(file: &Path) -> Result<()> {
    readers(file, 10)
}

fn readers(file: &Path, count: usize) -> Result<()> {
    let at = |millis: u64| Timestamp::from_micros(millis * 1_000);
    let mut table = LockTable::new(HashSeed::new(1, 2), at(0));
    table.observe(Groups::default(), at(0));
    let title = Title { server: "pool1".into(), program: "test".into(), started: 0 };
    let recorder = table.add_recorder(&title, Scope { groups: None, naming: Naming::Plain }, 1 << 20);
    while table.recorder_advance(recorder, at(0), 0, 1_000) {}
    let readers: Vec<_> = (0..count).map(|_| table.connect()).collect();
    for (millis, &reader) in (0..).zip(&readers) {
        let line = Command::parse(Line::of(b"ACQ4ANY enwiki:pcache:idhash:3 1 4 5"));
        let _ = table.command(reader, line, at(millis));
    }
    let _ = table.command(readers[0], Command::Release, at(3_000));
    while table.next_wakeup().is_some() {}
    Ok(std::fs::write(file, table.remove_recorder(recorder))?)
}

#[test]
fn settings_and_what_they_cost() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("night.rec");
    stampede(&file)?;
    let file = file.display().to_string();
    let advised = ran(&["advise", &file, "--groups", "ArticleView", "--workers", "1", "--timeout", "5"])?;
    assert_eq!((advised.status, &*advised.stderr), (Some(0), ""));
    let lines: Vec<Vec<&str>> = advised.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(advised.stdout.lines().next(), Some("pcache (ArticleView): 10 requests, 6 settings tried"));
    assert_eq!(lines[1][..5], ["WORKERS", "MAXQUEUE", "TIMEOUT", "FASTSTALE", "REFUSED"]);
    assert_eq!(lines[2], ["*", "1", "4", "5", "no", "6", "3", "2.999s", "0", "0", "1"]);
    assert!(lines.iter().any(|line| line.starts_with(&["1", "16", "5", "no", "0", "9"])), "{}", advised.stdout);
    let all = ran(&["advise", &file, "--all", "--workers=1", "--timeout=5"])?;
    assert_eq!(all.stdout.lines().filter(|line| line.contains("  1")).count(), 6, "{}", all.stdout);
    Ok(())
}

#[test]
fn notes_are_of_the_settings_that_are_printed() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("quiet.rec");
    readers(&file, 1)?;
    let file = file.display().to_string();
    let advised = ran(&["advise", &file])?.stdout;
    assert!(
        advised.starts_with("pcache (ArticleView): one request, ") && advised.contains("Nobody waited"),
        "{advised}"
    );
    assert!(!advised.contains("old copies: "), "no setting is unsure:\n{advised}");
    let all = ran(&["advise", &file, "--all"])?.stdout;
    assert!(all.contains("old copies: the recording cannot tell"), "{all}");
    Ok(())
}

#[test]
fn json_has_all_settings() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("night.rec");
    stampede(&file)?;
    let advised = ran(&["advise", "--json", &file.display().to_string(), "--maxqueue", "50", "--cores", "4"])?;
    let value: Value = serde_json::from_str(&advised.stdout).with_context(|| format!("{advised:?}"))?;
    let group = &value["groups"][0];
    assert_eq!((&group["name"], &group["isNear"], &value["cores"]), (&"pcache".into(), &true.into(), &4.into()));
    let settings = group["settings"].as_array().context("settings")?;
    let longer = settings.iter().find(|tried| tried["change"] == "pcache: maxqueue 50").context("the longer queue")?;
    assert_eq!((&longer["refusals"], &longer["figures"]["done"]), (&0.into(), &9.into()));
    assert!(
        settings.iter().any(|tried| tried["isBest"] == true) && settings.iter().any(|tried| tried["isBest"] == false)
    );
    Ok(())
}

#[test]
fn what_cannot_be_tried_is_named() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("night.rec");
    stampede(&file)?;
    let file = file.display().to_string();
    let foreign = scratch.file("foreign.rec");
    std::fs::write(&foreign, "a diary")?;
    for (arguments, status, words) in [
        (&["advise", "/nowhere"][..], 1, "/nowhere: No such file or directory"),
        (&["advise", &foreign.display().to_string()], 1, "foreign.rec: this is not a recording of poolcounterd"),
        (&["advise", "/dev/zero"], 1, "/dev/zero: this is not a recording of poolcounterd"),
        (&["advise", &file, "--groups", "rcache"], 64, "rcache: the recordings have no key of this group or pool type"),
        (&["advise", &file, "--workers", "0"], 64, "workers: must be from 1 to 100000, not 0"),
        (&["advise"], 64, "<FILE>"),
    ] {
        let refused = ran(arguments)?;
        assert_eq!(refused.status, Some(status), "{refused:?}");
        assert!(refused.stderr.contains(words) && refused.stdout.is_empty(), "{refused:?}");
    }
    Ok(())
}

/// The pipe gives the file so slowly that the command shows what it does.
#[test]
fn a_terminal_shows_what_is_read() -> Result<()> {
    let scratch = Scratch::new()?;
    let (file, pipe) = (scratch.file("night.rec"), scratch.file("slow.rec"));
    stampede(&file)?;
    ensure!(Program::new("mkfifo").arg(&pipe).status()?.success());
    let mut terminal = Terminal::start((200, 40), &["advise", &pipe.display().to_string()], &[])?;
    // Also for reading: otherwise the opening waits for the command, without end if that has failed.
    let mut writer = OpenOptions::new().read(true).write(true).open(&pipe)?;
    writer.write_all(&std::fs::read(&file)?)?;
    let deadline = Instant::now() + Duration::from_mins(1);
    while !terminal.text().contains("slow.rec: ") {
        ensure!(Instant::now() < deadline, "no progress was shown, but:\n{}", terminal.text());
        // Empty blocks change nothing.
        writer.write_all(&poolcounter::recording::EMPTY_BLOCK)?;
        std::thread::sleep(Duration::from_millis(50));
        terminal.look()?;
    }
    drop(writer);
    ensure!(terminal.ended()?.success());
    let text = terminal.text();
    ensure!(text.starts_with("pcache (ArticleView): 10 requests"), "the progress is still there:\n{text}");
    Ok(())
}
