//! What each path answers.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, PATIENCE, Program};
use serde_json::{Value, json};

use crate::scene::{ADMIN_PORT, Scene, all};

const KEY: &str = "enwiki:pcache:idhash:3-0!canonical";

fn seconds(value: &Value) -> Result<f64> {
    value.as_f64().with_context(|| format!("no number: {value}"))
}

#[test]
fn the_hot_key_comes_first_with_its_holder() -> Result<()> {
    let scene = Scene::new(&[])?;
    let acquire = format!("ACQ4ANY {KEY} 1 100 60\n");
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask(&acquire)?, "LOCKED\n");
    let _others = scene.clients(3, "ACQ4ME other 9 9 9\n", "LOCKED\n")?;
    let _waiters = scene.clients(29, &acquire, "")?;
    std::thread::sleep(Duration::from_millis(1_200));
    let before = std::time::Instant::now();
    let keys = scene.json("/v1/keys?limit=1")?;
    let first = &keys["keys"][0];
    ensure!(first["key"] == KEY && first["group"] == "pcache" && first["waiters"] == 29, "{keys}");
    let address = format!("{}:{}", own_address(&scene)?, holder.port());
    ensure!(first["holder"]["address"] == address && first["holder"]["client"] == 2, "{keys}, not {address}");
    ensure!(first["holder"]["pid"].is_null() && first["holder"]["user"].is_null(), "{keys}");
    ensure!(keys["next"].is_string() && keys["window"].is_null(), "{keys}");
    // The age is right, as far as this machine was not asleep in between.
    let late = before.elapsed().as_secs_f64() + 10.0;
    ensure!((1.2..1.2 + late).contains(&seconds(&first["held_seconds"])?), "{keys}");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    let waited = scene.json("/v1/keys?sort=waited&window=hour&limit=1")?;
    let sum = seconds(&waited["keys"][0]["count"])?;
    ensure!(waited["keys"][0]["key"] == KEY && sum >= 29.0 * 1.2 && waited["window"] == "hour", "{waited}");
    ensure!(waited["keys"][0]["holders"] == 0 && waited["keys"][0]["holder"].is_null(), "{waited}");
    Ok(())
}

/// Where the scene's clients come from: the loopback's usual address, whatever address they connect to.
fn own_address(scene: &Scene) -> Result<String> {
    let socket = std::net::TcpStream::connect(scene.daemon.address())?;
    Ok(socket.local_addr()?.ip().to_string())
}

#[test]
fn a_key_has_its_claims_with_their_limits() -> Result<()> {
    let scene = Scene::new(&[])?;
    let _holders = scene.clients(2, "ACQ4ME a%<b 2 9 33\n", "LOCKED\n")?;
    let _waiters = scene.clients(2, "ACQ4ANY a%<b 1 8 60\n", "")?;
    let key = scene.json("/v1/keys/a%2525%253Cb")?;
    ensure!(key["key"] == "a%25%3Cb" && key["group"] == "other", "{key}");
    ensure!(key["holders_total"] == 2 && key["waiters_total"] == 2 && key["next"].is_null(), "{key}");
    let [held, waits] = [&key["holders"][1], &key["waiters"][0]];
    ensure!(held["client"] == 3 && held["mode"] == "me" && held["workers"] == 2 && held["maxqueue"] == 9, "{key}");
    ensure!(held["timeout_seconds"] == 33 && held["deadline_seconds"].is_null(), "{key}");
    ensure!(held["held_seconds"] == held["requested_seconds"] && held["held_seconds"].is_number(), "{key}");
    ensure!(waits["mode"] == "any" && waits["held_seconds"].is_null() && waits["maxqueue"] == 8, "{key}");
    ensure!((1.0..=60.0).contains(&seconds(&waits["deadline_seconds"])?), "{key}");
    let reply = scene.unix.ask("/v1/keys/nobody's")?;
    ensure!(
        reply.status == 404 && reply.body == "{\"error\":\"Nobody holds this key or waits for it.\"}\n",
        "{reply:?}"
    );
    Ok(())
}

#[test]
fn clients_are_shown_as_far_as_the_kernel_tells() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask("ACQ4ME one 1 9 9\n")?, "LOCKED\n");
    assert_eq!(holder.ask("ACQ4ME two 1 9 9\n")?, "LOCKED\n");
    let local = UnixStream::connect(scene.pool())?;
    let whole = || {
        let clients = scene.json("/v1/clients").ok()?["clients"].as_array()?.clone();
        (clients.len() == 2).then_some(clients)
    };
    let clients = Deadline::after(PATIENCE).poll(whole).context("there are not two clients")?;
    ensure!(clients[0]["client"] == 2 && clients[0]["claims"][1]["key"] == "two", "{clients:?}");
    ensure!(clients[0]["claims"][0]["state"] == "held" && clients[0]["unsent_bytes"] == 0, "{clients:?}");
    ensure!(clients[1]["address"] == format!("unix:{}", scene.pool().display()), "{clients:?}");
    ensure!(clients[1]["pid"] == std::process::id() && clients[1]["claims"] == json!([]), "{clients:?}");
    let user = std::process::Command::new("id").arg("-un").output()?;
    ensure!(clients[1]["user"] == String::from_utf8(user.stdout)?.trim(), "{clients:?}");
    // A number is never used twice.
    drop((holder, local));
    let _next = scene.clients(1, "", "")?;
    let last = || {
        let clients = scene.json("/v1/clients").ok()?["clients"].as_array()?.clone();
        clients.iter().all(|client| client["client"].as_u64() > Some(3)).then_some(clients)
    };
    Deadline::after(PATIENCE).poll(last).context("a number was used again")?;
    Ok(())
}

#[test]
fn groups_add_up_and_the_history_moves() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask(&format!("ACQ4ANY {KEY} 1 3 60\n"))?, "LOCKED\n");
    let mut waiters = scene.clients(2, &format!("ACQ4ANY {KEY} 1 3 60\n"), "")?;
    let _refused = scene.clients(1, &format!("ACQ4ANY {KEY} 1 3 60\n"), "QUEUE_FULL\n")?;
    let group = |name: &str| -> Result<Value> {
        let groups = scene.json("/v1/groups")?["groups"].as_array().cloned().unwrap_or_default();
        groups.into_iter().find(|group| group["name"] == name).with_context(|| format!("no group {name}"))
    };
    let pcache = group("pcache")?;
    ensure!(pcache["holders"] == 1 && pcache["waiters"] == 2 && pcache["keys"] == 1, "{pcache}");
    ensure!(seconds(&pcache["oldest_contended_hold_seconds"])? > 0.0, "{pcache}");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    waiters.iter_mut().try_for_each(|waiter| waiter.expect(b"DONE\n"))?;
    let pcache = group("pcache")?;
    let outcomes = ["granted", "done", "queue_full", "released", "timed_out"].map(|name| &pcache["outcomes"][name]);
    ensure!(outcomes == [1, 2, 1, 1, 0], "{pcache}");
    ensure!(pcache["wait_seconds"]["count"] == 2 && pcache["oldest_contended_hold_seconds"].is_null(), "{pcache}");
    ensure!(pcache["hold_seconds"]["buckets"].as_array().map(Vec::len) == Some(18), "{pcache}");
    let done = |history: Value| {
        let pcache = history["groups"].as_array()?.iter().find(|group| group["name"] == "pcache")?.clone();
        let steps = pcache["done"].as_array()?.clone();
        (steps.len() == 120 && steps.contains(&json!(2)) && steps[0].is_null()).then_some(())
    };
    let moved = || scene.json("/v1/history").ok().and_then(done);
    Deadline::after(2 * Duration::from_secs(5)).poll(moved).context("no step of the history has them")?;
    // Every step is over. Whole seconds of both texts can be compared.
    let (history, status) = (scene.json("/v1/history")?, scene.json("/v1/status")?);
    let [end, now] = [&history["end"], &status["now"]].map(|moment| moment.as_str().and_then(|text| text.get(..19)));
    ensure!(end.is_some() && end <= now, "{end:?} is after {now:?}");
    Ok(())
}

#[test]
fn readiness_ends_and_comes_back() -> Result<()> {
    let scene = Scene::new(&["--max-clients", "2"])?;
    ensure!(scene.unix.get("/healthz")? == "ok\n" && scene.tcp.get("/readyz")? == "ready\n");
    let clients = scene.clients(1, "", "")?;
    let full = || scene.unix.ask("/readyz").ok().filter(|reply| reply.status == 503);
    let more = Client::connect(scene.daemon.address())?;
    let reply = Deadline::after(PATIENCE).poll(full).context("it is not full")?;
    ensure!(reply.body == "full\n" && scene.unix.get("/healthz")? == "ok\n", "{reply:?}");
    let status = scene.json("/v1/status")?;
    ensure!(status["ready"] == false && status["not_ready"] == "full" && status["max_clients"] == 2, "{status}");
    drop((clients, more));
    let ready = || scene.unix.get("/readyz").ok();
    Deadline::after(PATIENCE).poll(ready).context("it stays full")?;
    Ok(())
}

/// When clients have taken all descriptors, some are left for the admin interface.
#[test]
fn it_is_not_ready_without_descriptors_and_says_so() -> Result<()> {
    let program = Program::ours()?;
    let daemon = Daemon::start(|address| {
        let mut command = program.after("ulimit -n 400");
        command.arg("-l").arg(address.to_string()).arg("--admin").arg(format!("{address}:{ADMIN_PORT}"));
        Ok(command)
    })?;
    let admin = poolcounter_test_support::Admin::Tcp((daemon.address().ip(), ADMIN_PORT).into());
    let clients: Vec<Client> = (0..400).map(|_| Client::connect(daemon.address())).collect::<Result<_>>()?;
    daemon.expect_said("no connection can be accepted for now")?;
    let reply = admin.ask("/readyz")?;
    ensure!(reply.status == 503 && reply.body == "no descriptors\n", "{reply:?}");
    // As many as are kept for it can connect at the same time.
    let mut sockets: Vec<_> = (0..64).map(|_| admin.connect()).collect::<Result<_>>()?;
    for socket in &mut sockets {
        std::io::Write::write_all(socket, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")?;
        socket.read_until("ok\n")?;
    }
    drop((clients, sockets));
    let ready = || admin.get("/readyz").ok();
    Deadline::after(PATIENCE).poll(ready).context("it stays without descriptors")?;
    Ok(())
}

#[test]
fn the_page_is_served_and_nothing_else() -> Result<()> {
    let scene = Scene::new(&[])?;
    let page = scene.tcp.ask("/")?;
    ensure!(page.status == 200 && page.header("content-type")?.starts_with("text/html"), "{page:?}");
    ensure!(page.header("content-security-policy")?.contains("script-src 'self'"), "{page:?}");
    for path in ["/nothing", "/v1", "/v1/", "/v1/status/", "/page", "//", "/../etc/passwd", "/healthz/"] {
        let reply = scene.tcp.ask(path)?;
        ensure!(
            reply.status == 404 && reply.body == "{\"error\":\"There is nothing at this path.\"}\n",
            "{path}: {reply:?}"
        );
    }
    let posted = scene.tcp.send("POST /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    ensure!(posted.status == 404, "{posted:?}");
    let posted = scene.tcp.send("POST /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    ensure!(posted.status == 405, "{posted:?}");
    let beyond = scene.tcp.ask("/v1/keys?sort=acquires&cursor=18446744073709551615")?;
    ensure!(beyond.status == 400 && beyond.body.contains("cursor"), "{beyond:?}");
    ensure!(scene.tcp.ask("/v1/keys?sort=acquires&cursor=1000")?.status == 200);
    let bad = scene.tcp.ask("/v1/keys?limit=0")?;
    ensure!(bad.status == 400 && bad.body.contains("\\\"limit\\\" must be a number from 1 to 1000"), "{bad:?}");
    let head = scene.tcp.send("HEAD /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    ensure!(head.status == 200 && head.body.is_empty() && head.header("content-length")? != "0", "{head:?}");
    Ok(())
}

#[test]
fn status_tells_what_the_daemon_is() -> Result<()> {
    let scene = Scene::new(&[])?;
    let _client = scene.clients(1, "ACQ4ME a 1 1 1\n", "LOCKED\n")?;
    let status = scene.json("/v1/status")?;
    ensure!(status["pid"] == scene.daemon.pid() && status["clients"] == 1 && status["holders"] == 1, "{status}");
    let listeners = [scene.daemon.address().to_string(), format!("unix:{}", scene.pool().display())];
    ensure!(status["listeners"] == json!(listeners), "{status}");
    let counters = &status["statistics"]["counters"];
    ensure!(counters["total_acquired"] == 1 && counters.as_object().map(serde_json::Map::len) == Some(12), "{status}");
    let open = status["open_descriptors"].as_u64().context("a number")?;
    let folder = std::fs::read_dir(format!("/proc/{}/fd", scene.daemon.pid()))?.count() as u64;
    ensure!(open.abs_diff(folder) <= 2, "{open} descriptors, {folder} in the folder");
    let clients = scene.whole("/v1/clients", "clients", 1)?;
    ensure!(all(&clients, "client") == [2], "{clients:?}");
    Ok(())
}
