//! An upgrade keeps what the interface shows, and the sockets at which it shows it.

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Installed};
use serde_json::Value;
use std::time::Duration;

use crate::scene::Scene;

const KEY: &str = "x:pcache:1";

#[test]
fn everything_is_kept() -> Result<()> {
    let installed = Installed::new()?;
    let scene = Scene::of(&installed.program(), &[])?;
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask(&format!("ACQ4ANY {KEY} 1 100 60\n"))?, "LOCKED\n");
    let gone = scene.clients(3, "", "")?;
    let mut waiters = scene.clients(5, &format!("ACQ4ME {KEY} 1 50 44\n"), "")?;
    let look = || -> Result<[Value; 5]> {
        let mut clients = scene.json("/v1/clients")?;
        let mut key = scene.json(&format!("/v1/keys/{KEY}"))?;
        let mut hot = scene.json("/v1/keys?sort=acquires")?;
        let mut groups = scene.json("/v1/groups")?;
        let mut status = scene.json("/v1/status")?["statistics"].clone();
        [&mut clients, &mut key, &mut hot, &mut groups, &mut status].into_iter().for_each(without_ages);
        Ok([clients, key, hot, groups, status])
    };
    drop(gone);
    scene.daemon.settle()?;
    let settled = || look().ok().filter(|[clients, ..]| clients["clients"].as_array().map(Vec::len) == Some(6));
    let before = poolcounter_test_support::Deadline::after(poolcounter_test_support::PATIENCE).poll(settled);
    let before = before.context("others are still there")?;
    for upgrade in 1..=2_u64 {
        installed.upgrade(&scene.daemon)?;
        let after = look()?;
        for (before, after) in before.iter().zip(&after) {
            ensure!(before == after, "before: {before}\nafter: {after}");
        }
        let status = scene.json("/v1/status")?;
        let upgrades = &status["upgrades"];
        ensure!(upgrades["count"] == upgrade && upgrades["failed"] == 0 && upgrades["last"].is_string(), "{status}");
        ensure!(upgrades["last_pause_seconds"].as_f64().is_some_and(|pause| pause > 0.0 && pause < 10.0), "{status}");
    }
    // Numbers go on where they were.
    let mut next = Client::connect(scene.daemon.address())?;
    next.settle()?;
    let clients = scene.json("/v1/clients")?;
    let last = clients["clients"].as_array().and_then(|clients| clients.last()?["client"].as_u64());
    ensure!(last > before[0]["clients"].as_array().and_then(|clients| clients.last()?["client"].as_u64()), "{clients}");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    waiters[0].expect(b"LOCKED\n")?;
    ensure!(scene.tcp.get("/healthz")? == "ok\n");
    Ok(())
}

/// Removes what grows while nothing happens.
fn without_ages(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let ages = ["seconds", "connected_seconds", "requested_seconds", "held_seconds", "waiting_seconds"];
            let more = ["deadline_seconds", "oldest_contended_hold_seconds"];
            members.retain(|name, value| !(ages.contains(&&**name) || more.contains(&&**name)) || !value.is_number());
            members.values_mut().for_each(without_ages);
        }
        Value::Array(values) => values.iter_mut().for_each(without_ages),
        _ => {}
    }
}

#[test]
fn the_history_goes_on() -> Result<()> {
    let installed = Installed::new()?;
    let scene = Scene::of(&installed.program(), &[])?;
    let _holder = scene.clients(1, &format!("ACQ4ANY {KEY} 1 100 60\n"), "LOCKED\n")?;
    let granted = || -> Option<u64> {
        let history = scene.json("/v1/history").ok()?;
        let pcache = history["groups"].as_array()?.iter().find(|group| group["name"] == "pcache")?.clone();
        let sum = pcache["granted"].as_array()?.iter().filter_map(Value::as_u64).sum();
        (sum == 1).then_some(sum)
    };
    let deadline = || poolcounter_test_support::Deadline::after(Duration::from_secs(10));
    deadline().poll(granted).context("no step has the grant")?;
    installed.upgrade(&scene.daemon)?;
    granted().context("the history has lost the grant")?;
    Ok(())
}

/// What comes while no program reads is counted in its group by the new one.
#[test]
fn what_comes_in_the_pause_has_its_group() -> Result<()> {
    const CLIENTS: usize = 20;
    let installed = Installed::new()?;
    let scene = Scene::of(&installed.program(), &[])?;
    let mut clients = scene.clients(CLIENTS, "", "")?;
    installed.put_script(
        "[ \"$1\" = --check-hand-over ] || until [ -e \"$(dirname \"$0\")/go\" ]; do sleep 0.01; done; exec \"$program\" \"$@\"",
    )?;
    scene.daemon.signal(rustix::process::Signal::USR1)?;
    let program = format!("/proc/{}/cmdline", scene.daemon.pid());
    let paused = || std::fs::read(&program).ok().filter(|line| line.starts_with(b"/bin/sh"));
    let deadline = poolcounter_test_support::Deadline::after(poolcounter_test_support::PATIENCE);
    deadline.poll(paused).context("it does not upgrade")?;
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(format!("ACQ4ME enwiki:pcache:{number} 1 9 9\n").as_bytes())?;
    }
    std::fs::write(installed.path().with_file_name("go"), "")?;
    clients.iter_mut().try_for_each(|client| client.expect(b"LOCKED\n"))?;
    let groups = scene.json("/v1/groups")?;
    let granted = |name: &str| {
        let group = groups["groups"].as_array()?.iter().find(|group| group["name"] == name)?;
        group["outcomes"]["granted"].as_u64()
    };
    ensure!(granted("pcache") == Some(CLIENTS as u64) && granted("other") == Some(0), "{groups}");
    Ok(())
}

#[test]
fn a_failure_is_told() -> Result<()> {
    let installed = Installed::new()?;
    let scene = Scene::of(&installed.program(), &[])?;
    installed.put("#!/bin/sh\necho no >&2\nexit 1\n", 0o755)?;
    scene.daemon.signal(rustix::process::Signal::USR1)?;
    scene.daemon.expect_said("not upgraded")?;
    let status = scene.json("/v1/status")?;
    let upgrades = &status["upgrades"];
    ensure!(upgrades["count"] == 0 && upgrades["failed"] == 1 && upgrades["last"].is_null(), "{status}");
    ensure!(
        upgrades["last_error"]
            .as_str()
            .is_some_and(|error| error.contains("it does not take over") && error.ends_with("no")),
        "{status}"
    );
    let metrics = scene.unix.get("/metrics")?;
    ensure!(metrics.contains("\npoolcounter_upgrade_failures_total 1\n"), "{metrics}");
    installed.upgrade(&scene.daemon)?;
    let status = scene.json("/v1/status")?;
    ensure!(status["upgrades"]["failed"] == 1 && status["upgrades"]["count"] == 1, "{status}");
    ensure!(status["upgrades"]["last_error"].is_null(), "{status}");
    Ok(())
}

/// The trial finds a file of rules that has become bad, and the running daemon goes on.
#[test]
fn bad_rules_fail_the_trial() -> Result<()> {
    let installed = Installed::new()?;
    let scratch = poolcounter_test_support::Scratch::new()?;
    let rules = scratch.file("groups");
    std::fs::write(&rules, "mine my-*\n")?;
    let scene = Scene::of(&installed.program(), &["--groups", &rules.display().to_string()])?;
    std::fs::write(&rules, "mine\n")?;
    installed.exchange()?;
    scene.daemon.signal(rustix::process::Signal::USR1)?;
    let said = scene.daemon.expect_said("not upgraded")?;
    ensure!(said.contains("line 1: a rule is the name of a group and a pattern"), "{said}");
    scene.unix.get("/healthz")?;
    Ok(())
}

/// Without an admin interface nothing is added to the state.
#[test]
fn it_works_without_the_interface() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = installed.daemon(&[])?;
    let mut client = Client::connect(daemon.address())?;
    assert_eq!(client.ask("ACQ4ME a 1 1 1\n")?, "LOCKED\n");
    installed.upgrade(&daemon)?;
    assert_eq!(client.ask("RELEASE\n")?, "RELEASED\n");
    Ok(())
}
