//! Draining: who is refused, who finishes, and how it ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Admin, Client, Daemon, Deadline, Installed, PATIENCE, PORT, Program, Scratch};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::scene::Scene;

/// Clients that are idle for so long are disconnected.
const IDLE: Duration = Duration::from_secs(5);

/// A refusal comes at once, not after a SYN that is sent again.
const AT_ONCE: Duration = Duration::from_millis(900);

fn expect_refusal(address: SocketAddr) -> Result<()> {
    let start = Instant::now();
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused && start.elapsed() < AT_ONCE => Ok(()),
        other => anyhow::bail!("{address}: {other:?} after {:?}", start.elapsed()),
    }
}

fn drain(scene: &Scene, wait: &str) -> Result<Value> {
    let (status, answer) = scene.post(&format!("/v1/drain{wait}"))?;
    ensure!(status == 200, "{status} {answer}");
    Ok(answer)
}

fn undrain(scene: &Scene) -> Result<()> {
    assert_eq!(scene.post("/v1/undrain")?, (200, json!({"ready": true})));
    Ok(())
}

/// A daemon that listens at IPv4, IPv6 and a path.
fn everywhere(program: &Program, arguments: &[&str]) -> Result<(Scene, SocketAddr, Scratch)> {
    let scratch = Scratch::new()?;
    let path = format!("unix:{}", scratch.file("pool").display());
    let scene = Scene::of(program, &[&["--listen", "[::1]:0", "--listen", &path], arguments].concat())?;
    let status = scene.json("/v1/status")?;
    let six = status["listeners"][1].as_str().context("an address")?.parse()?;
    Ok((scene, six, scratch))
}

/// Whoever has connected before is served, and whoever comes later asks another server.
#[test]
fn the_queue_is_served_and_newcomers_are_refused() -> Result<()> {
    let (scene, six, scratch) = everywhere(&Program::ours()?, &[])?;
    let path = scratch.file("pool");
    let mut admin = scene.admin.connect()?;
    admin.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    admin.read_until("\r\n\r\nok\n")?;
    // When it goes on, it finds the request first, and then those who wait in the queues.
    scene.daemon.freeze()?;
    admin.write_all(b"POST /v1/drain HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut queued = Vec::new();
    for address in [scene.daemon.address(), six] {
        for _ in 0..9 {
            let mut client = Client::connect(address)?;
            client.send(b"ACQ4ME page 99 99 0\n")?;
            queued.push(client);
        }
    }
    let mut unix = UnixStream::connect(&path)?;
    unix.write_all(b"ACQ4ME page 99 99 0\nRELEASE\n")?;
    scene.daemon.thaw()?;
    admin.read_until("false}\n")?;
    for client in &mut queued {
        client.expect(b"LOCKED\n")?;
    }
    let mut answers = String::new();
    unix.set_read_timeout(Some(PATIENCE))?;
    unix.read_to_string(&mut answers)?;
    assert_eq!(answers, "LOCKED\nRELEASED\n");
    for _ in 0..2 {
        expect_refusal(scene.daemon.address())?;
        expect_refusal(six)?;
        ensure!(UnixStream::connect(&path).is_err(), "the path is served");
        // The second time the listeners are closed, too.
        thread::sleep(Duration::from_millis(1_500));
    }
    assert_eq!(scene.admin.ask("/readyz")?.body, "draining\n");
    undrain(&scene)?;
    for address in [scene.daemon.address(), six] {
        Client::connect(address)?.settle()?;
    }
    UnixStream::connect(&path)?;
    assert_eq!(scene.admin.ask("/readyz")?.status, 200);
    for client in &mut queued {
        assert_eq!(client.ask("RELEASE\n")?, "RELEASED\n");
        client.settle()?;
    }
    Ok(())
}

/// It may end before the listeners are closed.
#[test]
fn it_ends_at_once_if_it_is_told_to() -> Result<()> {
    let (scene, six, scratch) = everywhere(&Program::ours()?, &[])?;
    for _ in 0..3 {
        drain(&scene, "")?;
        expect_refusal(six)?;
        undrain(&scene)?;
        for address in [scene.daemon.address(), six] {
            Client::connect(address)?.settle()?;
        }
        UnixStream::connect(scratch.file("pool"))?;
    }
    thread::sleep(Duration::from_millis(1_500));
    Client::connect(six)?.settle()
}

#[test]
fn those_who_work_or_wait_finish_and_the_idle_are_disconnected() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut idle = scene.client("ACQ4ME done 1 9 0\nRELEASE\n", "LOCKED\nRELEASED\n")?;
    let mut holder = scene.client("ACQ4ME page 1 9 0\nACQ4ME other 1 9 0\n", "LOCKED\nLOCKED\n")?;
    let mut heir = scene.client("ACQ4ME page 1 9 60\n", "")?;
    let mut told = scene.client("ACQ4ANY page 1 9 60\n", "")?;
    let start = Instant::now();
    let answer = drain(&scene, "")?;
    ensure!(answer["drained"] == false && answer["clients"].as_u64() >= Some(4), "{answer}");
    assert_eq!(scene.metric("poolcounter_drain_holders_total")?.to_string(), "2");
    assert_eq!(scene.metric("poolcounter_ready")?.to_string(), "0");
    let status = scene.json("/v1/status")?;
    assert_eq!((&status["ready"], &status["not_ready"]), (&json!(false), &json!("draining")));
    ensure!(idle.wait(IDLE * 2, |_, ended| ended)?, "an idle client stays");
    ensure!(start.elapsed() + Duration::from_millis(200) >= IDLE, "it left after {:?}", start.elapsed());
    // The others have been silent for as long.
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    scene.admin.get("/healthz")?;
    holder.expect_nothing()?;
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    holder.expect_end()?;
    told.expect(b"DONE\n")?;
    heir.expect(b"LOCKED\n")?;
    // It was told when the holder released, and is not idle for long enough: so the holder has not left because it was idle.
    told.settle()?;
    let waiting = thread::scope(|scope| -> Result<Value> {
        let waiting = scope.spawn(|| {
            let mut admin = scene.admin.connect()?;
            admin.set_patience(IDLE * 4)?;
            admin.write_all(b"POST /v1/drain?wait=60 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let reply = poolcounter_test_support::Reply::parse(&admin.read_whole()?)?;
            Ok::<Value, anyhow::Error>(serde_json::from_str(&reply.body)?)
        });
        // It gets another lock on its connection, which is served as long as it is there.
        assert_eq!(heir.ask("ACQ4ME more 1 9 0\n")?, "LOCKED\n");
        heir.send(b"RELEASE\nRELEASE\n")?;
        heir.expect(b"RELEASED\nRELEASED\n")?;
        heir.expect_end()?;
        told.settle()?;
        waiting.join().map_err(|_| anyhow::anyhow!("it panicked"))?
    })?;
    assert_eq!(waiting, json!({"clients": 0, "drained": true}));
    for (wait, status) in [("x", 400), ("-1", 400), ("100000", 400), ("1", 200)] {
        assert_eq!(scene.post(&format!("/v1/drain?wait={wait}"))?.0, status, "{wait}");
    }
    Ok(())
}

#[test]
fn an_upgrade_in_the_middle_drains_on() -> Result<()> {
    let installed = Installed::new()?;
    let (scene, six, scratch) = everywhere(&installed.program(), &[])?;
    let mut holder = scene.client("ACQ4ME page 1 9 0\n", "LOCKED\n")?;
    drain(&scene, "")?;
    for _ in 0..2 {
        installed.upgrade(&scene.daemon)?;
        expect_refusal(scene.daemon.address())?;
        expect_refusal(six)?;
        assert_eq!(scene.json("/v1/status")?["not_ready"], "draining");
    }
    assert_eq!(scene.metric("poolcounter_drain_holders_total")?.to_string(), "1");
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    holder.expect_end()?;
    undrain(&scene)?;
    for address in [scene.daemon.address(), six] {
        Client::connect(address)?.settle()?;
    }
    UnixStream::connect(scratch.file("pool"))?;
    installed.upgrade(&scene.daemon)?;
    Client::connect(six)?.settle()
}

/// Passes standard input on as systemd does.
const ACTIVATION: &str = "exec 3<&0 0</dev/null && export LISTEN_FDS=1 LISTEN_PID=$$ && exec \"$@\"";

/// A listener that is another's listens again, for the same daemon and for the next.
#[test]
fn a_given_listener_is_given_back() -> Result<()> {
    for activated in [false, true] {
        let scratch = Scratch::new()?;
        let installed = Installed::new()?;
        let path = scratch.file("admin");
        let shared = std::cell::RefCell::new(None);
        let daemon = Daemon::start(|address| {
            let listener = TcpListener::bind((address, PORT))?;
            shared.replace(Some(listener.try_clone()?));
            let mut command = if activated {
                installed.program().within(&["sh", "-c", ACTIVATION, "sh"])
            } else {
                installed.program().command()
            };
            command.arg(format!("--admin=unix:{}", path.display())).stdin(OwnedFd::from(listener));
            Ok(command)
        })?;
        let scene = Scene::around(daemon, Admin::Unix(path), scratch);
        let mut holder = scene.client("ACQ4ME page 1 9 0\n", "LOCKED\n")?;
        drain(&scene, "")?;
        let refused = || TcpStream::connect_timeout(&scene.daemon.address(), PATIENCE).is_err().then_some(());
        Deadline::after(PATIENCE).poll(refused).context("it still listens")?;
        expect_refusal(scene.daemon.address())?;
        undrain(&scene)?;
        Client::connect(scene.daemon.address())?.settle()?;
        // A second time, with an upgrade in the middle.
        drain(&scene, "")?;
        installed.upgrade(&scene.daemon)?;
        expect_refusal(scene.daemon.address())?;
        undrain(&scene)?;
        Client::connect(scene.daemon.address())?.settle()?;
        assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
        drain(&scene, "")?;
        Deadline::after(PATIENCE).poll(refused).context("it still listens")?;
        let (address, mut daemon) = (scene.daemon.address(), scene.daemon);
        daemon.signal(Signal::TERM)?;
        daemon.wait()?;
        // Whoever has the socket next finds clients in its queue.
        TcpStream::connect_timeout(&address, PATIENCE)?;
        drop(shared);
    }
    Ok(())
}

/// Of a Unix socket that is another's, the file cannot be removed and `listen` does not undo `shutdown`.
#[test]
fn a_given_unix_socket_turns_newcomers_away() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("given");
    let listener = UnixListener::bind(&path)?;
    let scene = {
        let admin = scratch.file("admin");
        let daemon = Daemon::start(|address| {
            let mut command = Program::ours()?.command();
            command.arg("--listen").arg(address.to_string()).arg(format!("--admin=unix:{}", admin.display()));
            command.stdin(OwnedFd::from(listener.try_clone()?));
            Ok(command)
        })?;
        Scene::around(daemon, Admin::Unix(admin), scratch)
    };
    let ask = || -> Result<String> {
        let mut socket = UnixStream::connect(&path)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let _ = socket.write_all(b"ACQ4ME page 9 9 0\nRELEASE\n");
        let mut answer = [0; 16];
        let length = socket.read(&mut answer).unwrap_or_default();
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    };
    assert_eq!(ask()?, "LOCKED\nRELEASED\n");
    drain(&scene, "")?;
    let turned_away = || ask().is_ok_and(|answer| answer.is_empty()).then_some(());
    Deadline::after(PATIENCE).poll(turned_away).context("it still serves")?;
    assert_eq!(ask()?, "");
    undrain(&scene)?;
    assert_eq!(ask()?, "LOCKED\nRELEASED\n");
    Ok(())
}

#[test]
fn a_stop_drains_first_and_a_second_stops_at_once() -> Result<()> {
    let holding = |patience: &str| -> Result<(Scene, Client)> {
        let scene = Scene::new(&[&format!("--drain-on-stop={patience}")])?;
        let holder = scene.client("ACQ4ME page 1 9 0\n", "LOCKED\n")?;
        scene.daemon.signal(Signal::TERM)?;
        let draining = || scene.json("/v1/status").ok().filter(|status| status["not_ready"] == "draining");
        Deadline::after(PATIENCE).poll(draining).context("it does not drain")?;
        expect_refusal(scene.daemon.address())?;
        Ok((scene, holder))
    };
    // The holder finishes.
    let (scene, mut holder) = holding("60")?;
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    holder.expect_end()?;
    let mut daemon = scene.daemon;
    assert_eq!(daemon.wait()?.code(), Some(0));
    // It does not, and the operator has no more patience: whatever the signal is.
    for signal in [Signal::TERM, Signal::INT] {
        let (scene, mut holder) = holding("60")?;
        let mut daemon = scene.daemon;
        daemon.signal(Signal::USR1)?;
        daemon.expect_said("not upgraded: the daemon is stopping")?;
        daemon.signal(signal)?;
        assert_eq!(daemon.wait()?.code(), Some(0));
        holder.expect_end()?;
    }
    // The time is over.
    let start = Instant::now();
    let (scene, mut holder) = holding("2")?;
    let mut daemon = scene.daemon;
    assert_eq!(daemon.wait()?.code(), Some(0));
    ensure!(start.elapsed() >= Duration::from_secs(2), "it stopped after {:?}", start.elapsed());
    holder.expect_end()?;
    // SIGINT does not wait.
    let scene = Scene::new(&["--drain-on-stop=60"])?;
    let mut holder = scene.client("ACQ4ME page 1 9 0\n", "LOCKED\n")?;
    let mut daemon = scene.daemon;
    daemon.signal(Signal::INT)?;
    assert_eq!(daemon.wait()?.code(), Some(0));
    holder.expect_end()
}
