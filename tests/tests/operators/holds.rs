//! Holders of whom others wait: they are logged, disconnected after a time, and disconnected by hand.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use poolcounter_test_support::{Client, Installed};
use serde_json::json;

use crate::scene::{Scene, told};

const OVERDUE: &str = "has been held";
const ENDED: &str = "no longer held";

#[test]
fn an_overdue_holder_is_logged_once_and_its_end_once() -> Result<()> {
    let scene = Scene::new(&["--warn-held", "1"])?;
    let mut alone = scene.client("ACQ4ME alone 1 9 0\n", "LOCKED\n")?;
    let mut holder = scene.client("ACQ4ME enwiki:page\x01 1 9 0\n", "LOCKED\n")?;
    let mut waiters = [(); 2]
        .map(|()| scene.client("ACQ4ANY enwiki:page\x01 1 9 60\n", ""))
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    let said = scene.daemon.expect_said(OVERDUE)?;
    let who = format!("client {} (127.", scene.number(&holder)?);
    let port = format!(":{})", holder.port());
    let line = said.lines().find(|line| line.contains(OVERDUE)).unwrap_or_default();
    for part in ["enwiki:page%01", &who, &port, "waiting: 2", " WARN "] {
        ensure!(line.contains(part), "{part:?} is not in {line:?}");
    }
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    for waiter in &mut waiters {
        waiter.expect(b"DONE\n")?;
    }
    let said = scene.daemon.expect_said(ENDED)?;
    assert_eq!((said.matches(OVERDUE).count(), said.matches(ENDED).count()), (1, 1), "{said}");
    let line = said.lines().find(|line| line.contains(ENDED)).unwrap_or_default();
    for part in ["enwiki:page%01", &who, &port, "released", "waiting: 0"] {
        ensure!(line.contains(part), "{part:?} is not in {line:?}");
    }
    ensure!(!said.contains("alone"), "{said}");
    alone.settle()
}

#[test]
fn a_holder_of_too_long_is_disconnected_if_others_wait() -> Result<()> {
    let scene = Scene::new(&["--max-hold=1"])?;
    let mut alone = scene.client("ACQ4ME alone 1 9 0\n", "LOCKED\n")?;
    let mut holder = scene.client("ACQ4ME page 1 9 0\nACQ4ME other 1 9 0\n", "LOCKED\nLOCKED\n")?;
    // Both locks of the connection pass on, the one that nobody has waited for so long too.
    let mut waiter = scene.client("ACQ4ANY page 1 9 60\n", "")?;
    let mut other = scene.client("ACQ4ME other 1 9 60\n", "")?;
    told(&mut waiter, "LOCKED\n", Duration::from_secs(2))?;
    other.expect(b"LOCKED\n")?;
    holder.expect_end()?;
    scene.daemon.expect_said("disconnected")?;
    thread::sleep(Duration::from_millis(1_500));
    for spared in [&mut alone, &mut waiter, &mut other] {
        spared.settle()?;
    }
    assert_eq!(scene.metric("poolcounter_disconnects_total{reason=\"max_hold\"}")?.to_string(), "1");
    assert_eq!(scene.json("/v1/status")?["disconnects"], json!({"max_hold": 1, "kick": 0}));
    Ok(())
}

/// The time runs from the grant, whatever program counts it.
#[test]
fn times_and_warnings_survive_an_upgrade() -> Result<()> {
    let installed = Installed::new()?;
    let limit = Duration::from_secs(5);
    let scene = Scene::of(&installed.program(), &["--warn-held=1", "--max-hold=5"])?;
    let mut holder = scene.client("ACQ4ME page 1 9 0\n", "LOCKED\n")?;
    let granted = Instant::now();
    let who = format!("client {} (127.", scene.number(&holder)?);
    let mut waiter = scene.client("ACQ4ME page 1 9 60\n", "")?;
    scene.daemon.expect_said(OVERDUE)?;
    thread::sleep(Duration::from_millis(2_500).saturating_sub(granted.elapsed()));
    installed.upgrade(&scene.daemon)?;
    told(&mut waiter, "LOCKED\n", limit)?;
    let held = granted.elapsed();
    ensure!(held + Duration::from_millis(500) > limit && held < limit + limit, "it was disconnected after {held:?}");
    holder.expect_end()?;
    let said = scene.daemon.expect_said(ENDED)?;
    assert_eq!((said.matches(OVERDUE).count(), said.matches(ENDED).count()), (2, 1), "{said}");
    let line = said.lines().find(|line| line.contains(ENDED)).unwrap_or_default();
    ensure!(line.contains(&who), "{who:?} is not in {line:?}");
    installed.upgrade(&scene.daemon)?;
    assert_eq!(scene.json("/v1/status")?["disconnects"]["max_hold"], 1);
    Ok(())
}

#[test]
fn a_client_is_kicked_by_hand() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut holder = scene.client("ACQ4ME page 1 9 0\nACQ4ME other 1 9 0\n", "LOCKED\nLOCKED\n")?;
    let mut waiters: Vec<Client> = ["page", "page", "other"]
        .map(|key| scene.client(&format!("ACQ4ANY {key} 1 9 60\n"), ""))
        .into_iter()
        .collect::<Result<_>>()?;
    let number = scene.number(&holder)?;
    let (status, kicked) = scene.post(&format!("/v1/kick?client={number}"))?;
    let address = holder.socket().local_addr()?.to_string();
    assert_eq!(
        (status, &kicked["client"], &kicked["address"], &kicked["claims"]),
        (200, &json!(number), &json!(address), &json!(2))
    );
    holder.expect_end()?;
    waiters[0].expect(b"LOCKED\n")?;
    waiters[2].expect(b"LOCKED\n")?;
    scene.daemon.settle()?;
    waiters[1].expect_nothing()?;
    // One that waits leaves its queue.
    let waiting = scene.number(&waiters[1])?;
    assert_eq!(scene.post(&format!("/v1/kick?client={waiting}"))?.1["claims"], 1);
    waiters[1].expect_end()?;
    for (path, expected) in [
        (format!("/v1/kick?client={number}"), 404),
        ("/v1/kick".to_owned(), 400),
        ("/v1/kick?client=x".to_owned(), 400),
        (format!("/v1/kick?client={number}&force=1"), 400),
    ] {
        assert_eq!(scene.post(&path)?.0, expected, "{path}");
    }
    let asked = scene.admin.ask(&format!("/v1/kick?client={number}"))?;
    assert_eq!((asked.status, asked.headers.get("allow").map(String::as_str)), (405, Some("POST")));
    assert_eq!(scene.metric("poolcounter_disconnects_total{reason=\"kick\"}")?.to_string(), "2");
    Ok(())
}

/// Who may connect to an address may look, and no more.
#[test]
fn nobody_is_kicked_over_tcp() -> Result<()> {
    let scene = Scene::new(&["--admin=127.0.0.1:0"])?;
    let mut holder = scene.client("ACQ4ME page 1 9 0\n", "LOCKED\n")?;
    let number = scene.number(&holder)?;
    let status = scene.json("/v1/status")?;
    let address = status["admin"][1].as_str().unwrap_or_default().parse()?;
    let tcp = poolcounter_test_support::Admin::Tcp(address);
    let refused = tcp.post(&format!("/v1/kick?client={number}"))?;
    ensure!(refused.status == 403 && refused.body.contains("Unix socket"), "{refused:?}");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    Ok(())
}
