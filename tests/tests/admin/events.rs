//! What happens, as it happens.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{AdminSocket, Client, Deadline, PATIENCE};
use serde_json::Value;

use crate::scene::Scene;

/// Someone who reads events.
struct Reader {
    socket: AdminSocket,
    rest: String,
}

impl Reader {
    fn new(scene: &Scene, path: &str) -> Result<Self> {
        let mut socket = scene.unix.connect()?;
        socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
        let head = socket.read_until("\r\n\r\n")?;
        ensure!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-type: text/event-stream"), "{head}");
        let mut reader = Self { socket, rest: String::new() };
        ensure!(reader.block()? == ": events", "no first comment");
        Ok(reader)
    }

    /// The next block of lines.
    fn block(&mut self) -> Result<String> {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let block = block.to_owned();
                self.rest = rest.to_owned();
                return Ok(block);
            }
            // The answer is chunked.
            let size = self.socket.read_until("\r\n")?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim_end(), 16)?];
            std::io::Read::read_exact(&mut self.socket, &mut chunk)?;
            self.rest.push_str(std::str::from_utf8(&chunk)?);
            self.socket.read_until("\r\n")?;
        }
    }

    /// The next event: its number, its name and its data.
    fn event(&mut self) -> Result<(u64, String, Value)> {
        loop {
            let block = self.block()?;
            if block.starts_with(':') {
                continue;
            }
            let field =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).with_context(|| block.clone());
            let data = serde_json::from_str(field("data: ")?)?;
            return Ok((field("id: ")?.parse()?, field("event: ")?.to_owned(), data));
        }
    }
}

#[test]
fn a_claims_life_is_told() -> Result<()> {
    let scene = Scene::new(&[])?;
    let (mut all, mut of_group) = (Reader::new(&scene, "/v1/events")?, Reader::new(&scene, "/v1/events?group=pcache")?);
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask("ACQ4ANY x:pcache:1 1 2 60\n")?, "LOCKED\n");
    assert_eq!(holder.ask("ACQ4ME other 1 2 60\n")?, "LOCKED\n");
    let mut waiter = Client::connect(scene.daemon.address())?;
    waiter.send(b"ACQ4ME x:pcache:1 1 2 60\n")?;
    scene.daemon.settle()?;
    let mut refused = Client::connect(scene.daemon.address())?;
    assert_eq!(refused.ask("ACQ4ME x:pcache:1 1 2 60\n")?, "QUEUE_FULL\n");
    holder.close()?;
    waiter.expect(b"LOCKED\n")?;
    waiter.close()?;
    let expected = [
        // The first client has seen whether the daemon serves.
        ("granted", 2, "x:pcache:1", Value::Null, Value::Null),
        ("granted", 2, "other", Value::Null, Value::Null),
        ("wait_began", 3, "x:pcache:1", Value::Null, "me".into()),
        ("refused", 5, "x:pcache:1", Value::Null, Value::Null),
        ("hold_ended", 2, "other", "left".into(), Value::Null),
        ("hold_ended", 2, "x:pcache:1", "left".into(), Value::Null),
        ("wait_ended", 3, "x:pcache:1", "granted".into(), "me".into()),
        ("hold_ended", 3, "x:pcache:1", "left".into(), Value::Null),
    ];
    for (number, (name, client, key, end, mode)) in (0..).zip(expected) {
        let (id, event, data) = all.event()?;
        ensure!(
            id == number && event == name && data["client"] == client && data["key"] == key,
            "{number}: {event} {data}"
        );
        ensure!(data["end"] == end && data["mode"] == mode, "{number}: {event} {data}");
        ensure!(data["seconds"].is_number() == name.ends_with("_ended"), "{number}: {event} {data}");
        ensure!(name != "refused" || data["reason"] == "queue_full", "{data}");
        if key == "x:pcache:1" {
            let (same, ..) = of_group.event()?;
            ensure!(same == number && data["group"] == "pcache", "{same}, {data}");
        }
    }
    Ok(())
}

/// A build for tests keeps 256 events.
#[test]
fn who_reads_slowly_loses_events_and_is_told_how_many() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut reader = Reader::new(&scene, "/v1/events")?;
    let mut client = Client::connect(scene.daemon.address())?;
    // Until the socket is full, and then more than are kept.
    let mut sent = 0;
    let lost = || -> Result<bool> { Ok(!scene.unix.get("/metrics")?.contains("\npoolcounter_events_lost_total 0\n")) };
    let key = "x".repeat(900);
    for _ in 0..200 {
        for _ in 0..50 {
            client.send(format!("ACQ4ME {key} 1 1 1\nRELEASE\n").repeat(4).as_bytes())?;
            client.expect(&b"LOCKED\nRELEASED\n".repeat(4))?;
            sent += 8;
        }
        std::thread::sleep(Duration::from_millis(10));
        if lost()? {
            break;
        }
    }
    let (mut read, mut told) = (0, 0);
    while read + told < sent {
        let (id, event, data) = reader.event()?;
        if event == "lost" {
            told += data["lost"].as_u64().context("a number")?;
        } else {
            read += 1;
        }
        ensure!(id + 1 == read + told, "{id}, read: {read}, lost: {told}");
    }
    ensure!(told > 0 && read > 0, "read: {read}, lost: {told}");
    let metrics = scene.unix.get("/metrics")?;
    ensure!(metrics.contains(&format!("\npoolcounter_events_lost_total {told}\n")), "{told}: {metrics}");
    Ok(())
}

#[test]
fn readers_are_few_and_leave_no_trace() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut readers: Vec<Reader> = (0..32).map(|_| Reader::new(&scene, "/v1/events")).collect::<Result<_>>()?;
    let reply = scene.unix.ask("/v1/events")?;
    ensure!(reply.status == 503 && reply.body.contains("32 readers"), "{reply:?}");
    readers.truncate(1);
    let again = || Reader::new(&scene, "/v1/events").ok();
    Deadline::after(PATIENCE).poll(again).context("no reader has left")?;
    // One that reads on still has everything.
    let _holder = scene.clients(1, "ACQ4ME a 1 1 1\n", "LOCKED\n")?;
    let (_, event, _) = readers[0].event()?;
    ensure!(event == "granted", "{event}");
    Ok(())
}

#[test]
fn a_comment_keeps_a_quiet_connection_alive() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut reader = Reader::new(&scene, "/v1/events")?;
    reader.socket.set_patience(Duration::from_secs(30))?;
    ensure!(reader.block()? == ":", "no comment");
    Ok(())
}
