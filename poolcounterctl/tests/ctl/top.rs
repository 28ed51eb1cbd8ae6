use crate::daemon::Administered;
use crate::program::ran;
use crate::pty::Terminal;
use anyhow::{Context, Result};
use poolcounter_test_support::{Daemon, Deadline, PATIENCE, Program};
use rustix::process::Signal;
use std::fs;

const PAGE: &str = "enwiki:pcache:idhash:3-0!canonical:revid:3";

/// A server on which many wait for a long key, and some for another one.
fn busy() -> Result<(Administered, Vec<poolcounter_test_support::Client>)> {
    let server = Administered::new(&[])?;
    let mut clients = server.crowd(&format!("{PAGE}{}", "x".repeat(60)), 7)?;
    clients.extend(server.crowd("enwiki:SpecialContributions:a:2001:db8::1", 3)?);
    clients.extend(server.crowd("thumbor-ip-192.0.2.7", 0)?);
    Ok((server, clients))
}

/// The line of the screen that has these words.
fn line(terminal: &Terminal, words: &str) -> Result<String> {
    let text = terminal.text();
    let line = text.lines().find(|line| line.contains(words));
    line.map(ToOwned::to_owned).with_context(|| format!("no {words:?} in:\n{text}"))
}

#[test]
fn it_names_the_key_its_holder_and_its_queue() -> Result<()> {
    let (server, clients) = busy()?;
    for (columns, rows) in [(80, 24), (200, 50)] {
        let servers = ["-s", &server.admin, "-s", "unix:/nonexistent/admin"];
        let arguments = [&["top", "--interval", "0.2"][..], &servers].concat();
        let mut terminal = Terminal::start((columns, rows), &arguments, &[])?;
        terminal.expect_text("thumbor-ip-192.0.2.7")?;
        terminal.expect_text("DOWN")?;
        // The second round has rates.
        terminal.expect("a rate", |screen| screen.contents().contains(" 0.0 "))?;
        terminal.keep(&format!("top-{columns}.txt"))?;
        let first = line(&terminal, "enwiki:pcache:")?;
        let cells: Vec<&str> = first.split_whitespace().collect();
        let holder = format!("127.0.0.1:{}", clients[0].port());
        assert_eq!((cells[0], cells.last()), ("1", Some(&&*holder)), "{first}");
        assert_eq!(cells[1].contains('…'), columns == 80, "{first}");
        let counts = if columns == 80 { &cells[2..4] } else { &cells[3..5] };
        assert_eq!(counts, ["1", "7"], "{first}");
        let group = line(&terminal, "SpecialContributions ")?;
        assert_eq!(group.split_whitespace().take(4).collect::<Vec<_>>(), ["SpecialContributions", "1", "1", "3"]);
        line(&terminal, "2: cannot connect: No such file or directory")?;
        terminal.enter("q")?;
        assert_eq!(terminal.ended()?.code(), Some(0));
    }
    Ok(())
}

#[test]
fn keys_choose_what_is_seen() -> Result<()> {
    let (server, _clients) = busy()?;
    let mut terminal = Terminal::start((100, 30), &["top", "--interval", "0.2", "-s", &server.admin], &[])?;
    terminal.expect_text("keys by waiting, group any")?;
    terminal.expect_text("thumbor-ip-192")?;
    terminal.enter("s")?;
    terminal.expect_text("keys by held, group any")?;
    terminal.enter("s")?;
    terminal.expect_text("keys by acquires of the last minute")?;
    terminal.expect_text("ACQUIRES")?;
    terminal.enter("w")?;
    terminal.expect_text("keys by acquires of the last hour")?;
    terminal.enter("ggg")?;
    terminal.expect_text("group rcache")?;
    terminal.expect("no other key", |screen| !screen.contents().contains("thumbor-ip-192"))?;
    terminal.enter("G")?;
    terminal.expect_text("> pcache")?;
    terminal.expect_text("enwiki:pcache")?;
    terminal.enter("a")?;
    terminal.expect_text("group any")?;
    terminal.expect_text("thumbor-ip-192")?;
    terminal.enter("j")?;
    terminal.expect("the first key scrolled away", |screen| !screen.contents().contains("enwiki:pcache"))?;
    terminal.enter("k")?;
    terminal.expect_text("enwiki:pcache")?;
    terminal.enter("h")?;
    terminal.expect_text("quit")?;
    terminal.expect("help alone", |screen| !screen.contents().contains("thumbor-ip-192"))?;
    terminal.keep("help.txt")?;
    terminal.enter("h")?;
    terminal.expect_text("thumbor-ip-192")?;
    terminal.resize((60, 12))?;
    terminal.expect("a smaller screen", |screen| {
        screen.contents().lines().next_back().is_some_and(|line| line.starts_with("q quit"))
    })?;
    terminal.enter("\x1b")?;
    assert_eq!(terminal.ended()?.code(), Some(0));
    Ok(())
}

#[test]
fn a_pause_keeps_what_is_seen() -> Result<()> {
    let (server, mut clients) = busy()?;
    let mut terminal = Terminal::start((100, 30), &["top", "--interval", "0.1", "-s", &server.admin], &[])?;
    terminal.expect_text("thumbor-ip-192")?;
    terminal.enter("p")?;
    terminal.expect_text("PAUSED")?;
    clients.clear();
    server.daemon.settle()?;
    // Many rounds would have passed; without the pause each of them would have shown it.
    let until = Deadline::after(std::time::Duration::from_secs(1));
    while until.left().is_some() {
        terminal.look()?;
        line(&terminal, "thumbor-ip-192")?;
    }
    terminal.enter("p")?;
    terminal.expect("no key", |screen| !screen.contents().contains("thumbor-ip-192"))?;
    terminal.enter("q")?;
    assert_eq!(terminal.ended()?.code(), Some(0));
    Ok(())
}

#[test]
fn a_server_that_was_away_comes_back() -> Result<()> {
    let server = Administered::new(&[])?;
    let (address, admin) = (server.daemon.address(), server.admin_tcp.clone());
    let mut terminal = Terminal::start((100, 30), &["top", "--interval", "0.1", "-s", &admin], &[])?;
    terminal.expect_text("ready")?;
    drop(server);
    terminal.expect_text("DOWN")?;
    terminal.expect_text("0 of 1 servers")?;
    let _again = Daemon::start_at(address, |address| {
        let mut command = Program::ours()?.command();
        command.args(["-l", &address.to_string(), "--admin", &admin]);
        Ok(command)
    })?;
    terminal.expect_text("ready")?;
    terminal.expect("no trace of the fault", |screen| !screen.contents().contains("cannot connect"))?;
    terminal.enter("q")?;
    assert_eq!(terminal.ended()?.code(), Some(0));
    Ok(())
}

#[test]
fn the_terminal_is_given_back_to_whoever_ends_it() -> Result<()> {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let mut terminal = Terminal::start((80, 24), &["top", "-s", "unix:/nonexistent/admin"], &[])?;
        terminal.expect_text("DOWN")?;
        assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor());
        assert!(terminal.expect_given_back().is_err());
        terminal.signal(signal)?;
        assert_eq!(terminal.ended()?.code(), Some(status), "{signal:?}");
    }
    let mut terminal = Terminal::start((80, 24), &["top", "-s", "unix:/nonexistent/admin"], &[])?;
    terminal.expect_text("DOWN")?;
    terminal.enter("\x03")?;
    assert_eq!(terminal.ended()?.code(), Some(130));
    Ok(())
}

#[test]
fn it_ends_with_its_terminal() -> Result<()> {
    let mut terminal = Terminal::start((80, 24), &["top", "-s", "unix:/nonexistent/admin"], &[])?;
    terminal.expect_text("DOWN")?;
    let status = terminal.hang_up()?.code();
    // The signal, or the fault that it finds if it draws before that.
    assert!(matches!(status, Some(129 | 1)), "{status:?}");
    // Neither comes, and only the end of the input is left.
    let arguments = ["top", "-s", "unix:/nonexistent/admin", "--interval", "60"];
    let mut terminal = Terminal::start_through(&["--block-signal=HUP"], (80, 24), &arguments, &[])?;
    terminal.expect_text("DOWN")?;
    let status = terminal.hang_up()?.code();
    assert!(matches!(status, Some(129 | 1)), "{status:?}");
    Ok(())
}

#[test]
fn it_stops_as_other_programs_do() -> Result<()> {
    let mut terminal = Terminal::start((80, 24), &["top", "-s", "unix:/nonexistent/admin"], &[])?;
    for typed in [true, false] {
        terminal.expect_text("DOWN")?;
        if typed {
            terminal.enter("\x1a")?;
        } else {
            terminal.signal(Signal::TSTP)?;
        }
        let file = format!("/proc/{}/stat", terminal.pid());
        let stopped = || fs::read_to_string(&file).ok()?.contains(") T ").then_some(());
        Deadline::after(PATIENCE).poll(stopped).context("it does not stop")?;
        terminal.expect("the screen of the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor())?;
        terminal.expect_given_back()?;
        terminal.signal(Signal::CONT)?;
        terminal.expect("its screen", |screen| screen.alternate_screen() && screen.hide_cursor())?;
    }
    terminal.expect_text("DOWN")?;
    terminal.enter("q")?;
    assert_eq!(terminal.ended()?.code(), Some(0));
    Ok(())
}

#[test]
fn colours_are_the_terminals_own() -> Result<()> {
    for (environment, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let mut terminal = Terminal::start((80, 24), &["top", "-s", "unix:/nonexistent/admin"], environment)?;
        terminal.expect_text("DOWN")?;
        let screen = terminal.screen();
        let cells = || (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        assert!(cells().all(|cell| cell.bgcolor() == vt100::Color::Default));
        assert_eq!(cells().any(|cell| cell.fgcolor() != vt100::Color::Default), coloured);
        assert!(cells().any(vt100::Cell::bold));
        terminal.enter("q")?;
        terminal.ended()?;
    }
    Ok(())
}

#[test]
fn it_has_room_in_any_terminal() -> Result<()> {
    let (server, _clients) = busy()?;
    for size in [(1, 1), (20, 4), (40, 10), (500, 5)] {
        let arguments = ["top", "--iterations", "3", "--interval", "0.1", "-s", &server.admin];
        let mut terminal = Terminal::start(size, &arguments, &[])?;
        assert_eq!(terminal.ended()?.code(), Some(0), "{size:?}");
    }
    Ok(())
}

#[test]
fn rounds_in_plain_text_and_as_json() -> Result<()> {
    let (server, _clients) = busy()?;
    let arguments = ["top", "--batch", "--iterations", "2", "--interval", "0.1", "-s", &server.admin];
    let text = ran(&arguments)?;
    assert_eq!((text.status, &*text.stderr), (Some(0), ""));
    assert!(!text.stdout.contains('\x1b'), "{}", text.stdout);
    assert_eq!(text.stdout.matches("REFUSE/s  TIMEOUT/s").count(), 2, "{}", text.stdout);
    assert_eq!(text.stdout.matches(&"x".repeat(60)).count(), 2, "{}", text.stdout);
    let json = ran(&[&arguments[..], &["--json"]].concat())?;
    let rounds: Vec<serde_json::Value> =
        json.stdout.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    assert_eq!(rounds.len(), 2);
    assert_eq!(rounds[1]["servers"][0]["keys"][0]["waiters"], 7);
    Ok(())
}

#[test]
fn without_a_terminal_it_says_what_to_do() -> Result<()> {
    let ran = ran(&["top"])?;
    let stderr = "poolcounterctl: top needs a terminal; --batch prints plain text instead\n";
    assert_eq!((ran.status, &*ran.stderr), (Some(64), stderr));
    Ok(())
}
