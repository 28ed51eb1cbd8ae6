//! What tells a daemon to do something.

use crate::daemon::Administered;
use crate::program::{Ran, command, ran, ran_until};
use crate::pty::Terminal;
use anyhow::{Context, Result};
use poolcounter_test_support::{Deadline, PATIENCE, Process, Scratch};
use serde_json::json;
use std::fs;

/// What became of telling this server.
fn told(server: &Administered, arguments: &[&str]) -> Result<(Option<i32>, String, String)> {
    let Ran { status, stdout, stderr } = ran(&[arguments, &["-s", &server.admin]].concat())?;
    let named = |text: String| text.replace(&server.admin, "SERVER");
    Ok((status, named(stdout), named(stderr)))
}

fn done(words: &str) -> (Option<i32>, String, String) {
    (Some(0), format!("{words}\n"), String::new())
}

#[test]
fn a_client_that_is_kicked_gives_its_lock_to_the_next_one() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut crowd = server.crowd("page", 2)?;
    let key = ran(&["key", "page", "--json", "-s", &server.admin])?.json();
    let number = key["servers"][0]["answer"]["holders"][0]["client"].to_string();
    let address = format!("127.0.0.1:{}", crowd[0].port());
    let words = format!("SERVER: client {number} at {address} is disconnected, claims ended: 1");
    assert_eq!(told(&server, &["kick", &number])?, done(&words));
    assert_eq!(crowd[1].line()?, "LOCKED\n");
    assert_eq!(crowd[1].ask("RELEASE\n")?, "RELEASED\n");
    assert_eq!(crowd[2].line()?, "DONE\n");
    let gone = format!("poolcounterctl: SERVER: There is no client {number}.\n");
    assert_eq!(told(&server, &["kick", &number])?, (Some(1), String::new(), gone));
    Ok(())
}

/// A holder that does not end: `top` names the key and the holder's number, `kick` takes that number, and everyone who waits is served.
#[test]
fn what_top_shows_is_what_kick_needs() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut crowd = server.crowd("page:stuck", 3)?;
    let mut terminal = Terminal::start((120, 30), &["top", "--interval", "0.2", "-s", &server.admin], &[])?;
    let address = format!("127.0.0.1:{}", crowd[0].port());
    terminal.expect_text(&address)?;
    let text = terminal.text();
    let line = text.lines().find(|line| line.starts_with("page:stuck ")).context("no key")?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let [.., number, holder] = words[..] else { panic!("{line}") };
    assert_eq!(holder, address, "{line}");
    assert_eq!(told(&server, &["kick", number])?.0, Some(0), "{line}");
    assert_eq!(crowd[1].line()?, "LOCKED\n");
    terminal.expect_text(&format!("127.0.0.1:{}", crowd[1].port()))?;
    assert_eq!(crowd[1].ask("RELEASE\n")?, "RELEASED\n");
    for reader in &mut crowd[2..] {
        assert_eq!(reader.line()?, "DONE\n");
    }
    terminal.expect("no key", |screen| !screen.contents().contains("page:stuck"))?;
    terminal.enter("q")?;
    assert_eq!(terminal.ended()?.code(), Some(0));
    Ok(())
}

#[test]
fn a_server_drains_and_is_ready_again() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut holder = server.client("ACQ4ME page 1 10 600")?;
    assert_eq!(holder.line()?, "LOCKED\n");
    // Clients that have just left are counted for a moment.
    let clients = ["clients", "-s", &server.admin];
    ran_until(&clients, |ran| ran.stdout.lines().count() == 2)?;
    assert_eq!(told(&server, &["drain"])?, done("SERVER: draining, clients left: 1"));
    let (status, stdout, _) = told(&server, &["drain", "--wait", "1"])?;
    assert_eq!((status, &*stdout), (Some(75), "SERVER: draining, clients left: 1\n"));
    let (_, stdout, _) = told(&server, &["status"])?;
    assert!(stdout.starts_with("SERVER: not ready: draining\n"), "{stdout}");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    drop(holder);
    // The wait, and not the timeout of an answer, says how long it takes.
    assert_eq!(told(&server, &["drain", "--wait", "600", "--timeout", "60"])?, done("SERVER: drained"));
    let json = ran(&["drain", "--json", "-s", &server.admin])?.json();
    assert_eq!(json["servers"][0]["answer"], json!({ "clients": 0, "drained": true }));
    assert_eq!(told(&server, &["undrain"])?, done("SERVER: ready"));
    assert_eq!(server.client("ACQ4ME page 1 10 600")?.line()?, "LOCKED\n");
    Ok(())
}

#[test]
fn a_drain_waits_longer_than_for_another_answer() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut holder = server.client("ACQ4ME page 1 10 600")?;
    assert_eq!(holder.line()?, "LOCKED\n");
    let arguments = ["drain", "--wait", "600", "--timeout", "0.5", "-s", &server.admin];
    let mut waiting = Process::spawn(&mut command(&arguments))?;
    let drains = || told(&server, &["status"]).ok().filter(|(_, stdout, _)| stdout.contains("draining"));
    Deadline::after(PATIENCE).poll(drains).context("it does not drain")?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(waiting.ended()?, None);
    drop(holder);
    assert_eq!(waiting.wait()?.code(), Some(0));
    Ok(())
}

#[test]
fn a_configuration_is_read_again() -> Result<()> {
    let scratch = Scratch::new()?;
    let file = scratch.file("config.toml");
    fs::write(&file, "max-clients = 30\n")?;
    let server = Administered::new(&["--config", &file.display().to_string()])?;
    fs::write(&file, "max-clients = 20\nlisten = \"127.9.9.9\"\n")?;
    let words = "SERVER: changed: max-clients; needs a restart: listen";
    assert_eq!(told(&server, &["reload"])?, done(words));
    fs::write(&file, "max-clients = 0\n")?;
    let (status, stdout, stderr) = told(&server, &["reload"])?;
    assert_eq!((status, &*stdout), (Some(1), ""));
    assert!(stderr.starts_with("poolcounterctl: SERVER: Nothing has changed: "), "{stderr}");
    let (_, stdout, _) = told(&server, &["status"])?;
    assert!(stdout.contains(" of 20\n"), "{stdout}");
    Ok(())
}
