//! The configuration file, and its second reading.

use std::fs;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, Installed, PATIENCE, Program, Scratch, run_to_end};
use rustix::process::Signal;
use serde_json::json;

use crate::scene::Scene;

/// A configuration file.
struct Config(Scratch);

impl Config {
    fn new(text: &str) -> Result<Self> {
        let config = Self(Scratch::new()?);
        config.write(text)?;
        Ok(config)
    }

    fn write(&self, text: &str) -> Result<()> {
        Ok(fs::write(self.0.file("config.toml"), text)?)
    }

    fn option(&self) -> String {
        format!("--config={}", self.0.file("config.toml").display())
    }
}

fn is_refused(daemon: &Daemon) -> Result<bool> {
    let mut second = Client::connect(daemon.address())?;
    let ended = second.wait(PATIENCE, |_, ended| ended)?;
    Ok(ended)
}

#[test]
fn what_changes_is_named() -> Result<()> {
    let config = Config::new("max-clients = 3\nlog-level = \"info\"\n[groups.mine]\npatterns = [\"my:*\"]\n")?;
    let scene = Scene::new(&[&config.option(), "--idle-timeout=600"])?;
    scene.daemon.expect_said("listening on")?;
    let mut holder = scene.client("ACQ4ME my:1 1 9 0\n", "LOCKED\n")?;
    assert_eq!(scene.json("/v1/status")?["max_clients"], 3);
    assert_eq!(scene.json("/v1/keys/my:1")?["group"], "mine");

    let group = "[groups.yours]\npatterns = [\"my:*\"]\nwarn-held = 1\n";
    config.write(&format!("max-clients = 1\nidle-timeout = 60\nlisten = \"127.9.9.9\"\n{group}"))?;
    let changed = json!({"changed": ["max-clients", "log-level", "groups"], "needs_restart": ["listen"]});
    assert_eq!(scene.post("/v1/reload")?, (200, changed));
    assert_eq!(scene.json("/v1/status")?["max_clients"], 1);
    assert_eq!(scene.json("/v1/keys/my:1")?["group"], "yours");
    ensure!(is_refused(&scene.daemon)?, "a second client is served");
    // It still needs the restart, and nothing else is new.
    assert_eq!(scene.post("/v1/reload")?.1, json!({"changed": [], "needs_restart": ["listen"]}));

    for (text, fault) in [
        ("max-clients = 5\n\nmax-client = 6", "line 3: unknown field `max-client`"),
        ("max-clients = 5\n[groups.mine]\nmax-hold = -1", "line 3: "),
        ("max-clients = 0", "line 1: --max-clients takes a number of at least 1, not `0`."),
    ] {
        config.write(text)?;
        let (status, answer) = scene.post("/v1/reload")?;
        let error = answer["error"].as_str().context("an error")?;
        ensure!(
            status == 422 && error.starts_with("Nothing has changed: ") && error.contains(fault),
            "{status} {error}"
        );
        assert_eq!(scene.json("/v1/status")?["max_clients"], 1);
    }
    fs::remove_file(config.0.file("config.toml"))?;
    ensure!(scene.post("/v1/reload")?.0 == 422);
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    Ok(())
}

/// The limits of a group count for it alone, and new ones for holders that are there.
#[test]
fn a_group_has_limits_of_its_own() -> Result<()> {
    let config = Config::new("[groups.mine]\npatterns = [\"my:*\"]\n")?;
    let scene = Scene::new(&[&config.option()])?;
    let mut holders =
        [scene.client("ACQ4ME my:1 1 9 0\n", "LOCKED\n")?, scene.client("ACQ4ME page 1 9 0\n", "LOCKED\n")?];
    let mut waiters = [scene.client("ACQ4ME my:1 1 9 60\n", "")?, scene.client("ACQ4ME page 1 9 60\n", "")?];
    config.write("[groups.mine]\npatterns = [\"my:*\"]\nmax-hold = 1\n")?;
    scene.daemon.signal(Signal::HUP)?;
    waiters[0].expect(b"LOCKED\n")?;
    holders[0].expect_end()?;
    assert_eq!(holders[1].ask("RELEASE\n")?, "RELEASED\n");
    waiters[1].expect(b"LOCKED\n")
}

/// The same without an admin interface, which counts figures in any case.
#[test]
fn a_group_has_limits_without_anybody_looking() -> Result<()> {
    let config = Config::new("warn-held = 1\n[groups.mine]\npatterns = [\"my:*\"]\nwarn-held = 0\nmax-hold = 1\n")?;
    let daemon = Daemon::ours(&[config.option()])?;
    let mut clients = Vec::new();
    for request in ["ACQ4ME my:1 1 9 60\n", "ACQ4ME my:1 1 9 60\n", "ACQ4ME page 1 9 60\n", "ACQ4ME page 1 9 60\n"] {
        let mut client = Client::connect(daemon.address())?;
        client.send(request.as_bytes())?;
        daemon.settle()?;
        clients.push(client);
    }
    clients[1].expect(b"LOCKED\n")?;
    let said = daemon.expect_said("the lock on page has been held")?;
    ensure!(said.matches("has been held").count() == 2 && said.contains("the client was disconnected"), "{said}");
    Ok(())
}

#[test]
fn a_hangup_ends_a_daemon_that_has_nothing_to_read() -> Result<()> {
    let scene = Scene::new(&[])?;
    let (status, answer) = scene.post("/v1/reload")?;
    ensure!(status == 409 && answer["error"].as_str().is_some_and(|error| error.contains("--config")), "{answer}");
    let mut daemon = scene.daemon;
    daemon.signal(Signal::HUP)?;
    assert_eq!(daemon.wait()?.code(), None);
    Ok(())
}

#[test]
fn a_hangup_reads_a_file_again_and_logs_what_is_wrong() -> Result<()> {
    let config = Config::new("log-level = \"info\"\n")?;
    let scene = Scene::new(&[&config.option()])?;
    config.write("log-level = \"info\"\nmax-clients = 1\n")?;
    scene.daemon.signal(Signal::HUP)?;
    scene.daemon.expect_said("SIGHUP: changed: max-clients")?;
    config.write("log-level = 5\n")?;
    scene.daemon.signal(Signal::HUP)?;
    scene.daemon.expect_said("config.toml: line 1: ")?;
    assert_eq!(scene.json("/v1/status")?["max_clients"], 1);
    // A file of rules is enough for it.
    let rules = config.0.file("groups");
    fs::write(&rules, "mine my:*\n")?;
    let daemon = Daemon::ours(&[format!("--groups={}", rules.display())])?;
    daemon.signal(Signal::HUP)?;
    daemon.settle()
}

#[test]
fn a_bad_file_ends_the_start() -> Result<()> {
    let config = Config::new("\nbad")?;
    let mut command = Program::ours()?.command();
    command.arg(config.option()).arg("--listen=127.9.9.9:0");
    let output = run_to_end(&mut command, Deadline::after(PATIENCE))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1) && said.contains("config.toml: line 2: "), "{:?} {said}", output.status);
    command.env("NOTIFY_SOCKET", "/nowhere");
    assert_eq!(run_to_end(&mut command, Deadline::after(PATIENCE))?.status.code(), Some(64));
    Ok(())
}

#[test]
fn an_upgrade_reads_the_file_anew() -> Result<()> {
    let config = Config::new("max-clients = 5\n")?;
    let installed = Installed::new()?;
    let scene = Scene::of(&installed.program(), &[&config.option()])?;
    config.write("max-clients = x\n")?;
    scene.daemon.signal(Signal::USR1)?;
    scene.daemon.expect_said("config.toml: line 1: ")?;
    assert_eq!(scene.json("/v1/status")?["upgrades"]["failed"], 1);
    config.write("max-clients = 6\n")?;
    installed.upgrade(&scene.daemon)?;
    assert_eq!(scene.json("/v1/status")?["max_clients"], 6);
    config.write("max-clients = 7\n")?;
    scene.daemon.signal(Signal::HUP)?;
    let seven = || scene.json("/v1/status").ok().filter(|status| status["max_clients"] == 7);
    Deadline::after(PATIENCE).poll(seven).context("the new program does not read it again")?;
    Ok(())
}
