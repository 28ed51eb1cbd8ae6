//! `--record-buffer` and `/v1/recording?last=`: the latest calls, from memory.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter::recording::{Recording, Segment, verify};
use poolcounter_test_support::{Admin, AdminSocket, Client, Deadline, Installed, PATIENCE, kernel};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::io::{Read, Write};

use crate::scene::Scene;

const KEY: &str = "enwiki:ApiParse:a:192.0.2.77";

/// The bytes of an answer in chunks, whose head was read.
pub(crate) fn chunks(socket: &mut AdminSocket) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(socket.read_until("\r\n")?.trim_end(), 16)?;
        let begin = body.len();
        body.resize(begin + size, 0);
        socket.read_exact(&mut body[begin..])?;
        socket.read_until("\r\n")?;
        if size == 0 {
            return Ok(body);
        }
    }
}

pub(crate) fn asked(admin: &Admin, query: &str) -> Result<AdminSocket> {
    let mut socket = admin.connect()?;
    socket.write_all(format!("GET /v1/recording?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
    let head = socket.read_until("\r\n\r\n")?;
    ensure!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    Ok(socket)
}

fn bytes(admin: &Admin, query: &str) -> Result<Vec<u8>> {
    chunks(&mut asked(admin, query)?)
}

/// A file that gives the same when it is played again.
fn read(file: &[u8]) -> Result<Recording> {
    let recording = Recording::read(file)?;
    ensure!(!recording.is_cut, "it ends in the middle");
    ensure!(verify(&recording)?.first.is_none(), "played again, it gives something else");
    Ok(recording)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn buffer(scene: &Scene) -> Result<Value> {
    Ok(scene.json("/v1/status")?["record_buffer"].clone())
}

/// Waits until something is recorded.
fn settle(scene: &Scene) -> Result<()> {
    let records = || buffer(scene).ok().filter(|buffer| buffer["seconds"].as_f64() > Some(0.0));
    Deadline::after(PATIENCE).poll(records).context("it does not record").map(drop)
}

fn names(segment: &Segment) -> Vec<String> {
    segment.keys.iter().map(|key| String::from_utf8_lossy(&key.name).into_owned()).collect()
}

/// `rounds` locks that are taken and released, each of a key of about 900 bytes, in `rounds / 20` messages.
fn fill(client: &mut Client, begin: usize, rounds: usize) -> Result<()> {
    let padding = "x".repeat(880);
    for number in (begin..begin + rounds).step_by(20) {
        for number in number..number + 20 {
            client.send(format!("ACQ4ME k{number}-{padding} 1 9 9\nRELEASE\n").as_bytes())?;
        }
        client.expect(&b"LOCKED\nRELEASED\n".repeat(20))?;
    }
    Ok(())
}

#[test]
fn the_latest_calls_are_a_file() -> Result<()> {
    let scene = Scene::new(&["--record-buffer", "1M"])?;
    settle(&scene)?;
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask(&format!("ACQ4ANY {KEY} 1 9 60\n"))?, "LOCKED\n");
    let mut waiters = scene.clients(3, &format!("ACQ4ANY {KEY} 1 9 60\n"), "")?;
    let plain = bytes(&scene.unix, "last=600")?;
    let recording = read(&plain)?;
    ensure!(contains(&plain, KEY) && !recording.anonymous);
    let [segment] = &recording.segments[..] else { anyhow::bail!("{} segments", recording.segments.len()) };
    ensure!(names(segment) == [KEY] && segment.standing.is_empty(), "{segment:?}");
    ensure!(recording.title.started == segment.wall, "its head has the time of its first call");

    // Calls come into the next file, too, up to the moment when it is asked for.
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    waiters.iter_mut().try_for_each(|waiter| waiter.expect(b"DONE\n"))?;
    let files =
        [("unix, anonymous", bytes(&scene.unix, "last=600&anonymous=1")?), ("TCP", bytes(&scene.tcp, "last=1")?)];
    for (name, file) in files {
        let recording = read(&file)?;
        ensure!(recording.anonymous && recording.segments[0].told.len() == 3, "{name}: {recording:?}");
        ensure!(&*recording.segments[0].keys[0].group == "ApiParse", "{name}");
        for part in ["192.0.2", "enwiki", ":a:"] {
            ensure!(!contains(&file, part), "{name}: {part}");
        }
    }
    let again = read(&bytes(&scene.tcp, "last=600")?)?;
    let once = read(&bytes(&scene.tcp, "last=600")?)?;
    ensure!(names(&again.segments[0]) != names(&once.segments[0]), "the same numbers in two files");
    Ok(())
}

#[test]
fn it_is_off_unless_it_is_asked_for() -> Result<()> {
    let scene = Scene::new(&[])?;
    ensure!(buffer(&scene)?.is_null());
    for admin in [&scene.unix, &scene.tcp] {
        let reply = admin.ask("/v1/recording?last=600")?;
        let error = "The daemon does not keep its latest calls: it runs without --record-buffer.";
        ensure!(
            reply.status == 404 && serde_json::from_str::<Value>(&reply.body)? == json!({"error": error}),
            "{reply:?}"
        );
    }
    Ok(())
}

/// The oldest calls are dropped, the memory has a limit, and the rest can be replayed.
#[test]
fn the_memory_has_a_limit() -> Result<()> {
    const ROUNDS: usize = 10_000;
    let scene = Scene::new(&["--record-buffer", "2M"])?;
    settle(&scene)?;
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask(&format!("ACQ4ANY {KEY} 1 9 600\n"))?, "LOCKED\n");
    let mut client = Client::connect(scene.daemon.address())?;
    fill(&mut client, 0, 2_000)?;
    let before = kernel::private_memory(scene.daemon.pid())?;
    for begin in (2_000..ROUNDS).step_by(500) {
        fill(&mut client, begin, 500)?;
        let buffer = buffer(&scene)?;
        ensure!(buffer["bytes"].as_u64() <= Some(2 << 20) && buffer["limit_bytes"] == 2 << 20, "{buffer}");
    }
    // Nine megabytes were recorded, of which seven after the first look.
    let more = kernel::private_memory(scene.daemon.pid())?.saturating_sub(before);
    ensure!(more < 4 << 20, "{more} bytes more");
    let file = bytes(&scene.unix, "last=86400")?;
    ensure!(((1 << 19)..(2 << 20)).contains(&file.len()), "{} bytes", file.len());
    let recording = read(&file)?;
    ensure!(recording.segments.len() > 3, "{} pieces", recording.segments.len());
    ensure!(recording.segments[1..].iter().all(|segment| segment.continues), "calls are missing between two pieces");
    let stands = |segment: &Segment| {
        let names = names(segment);
        segment.standing.iter().any(|standing| names[standing.key as usize] == KEY && standing.holder_count() == 1)
    };
    for segment in &recording.segments {
        let standing: Vec<_> = segment.standing.iter().map(|s| (s.key, s.holder_count())).collect();
        ensure!(
            stands(segment),
            "{standing:?}, {} calls, {} left out: {}",
            segment.calls.len(),
            segment.left_out,
            recording.segments.len()
        );
    }
    let has = |number: usize| contains(&file, &format!("k{number}-xxx"));
    ensure!(has(ROUNDS - 1) && !has(0), "it ends with the latest call, and the first one is dropped");
    // Only what was asked for, and what stood then.
    let last = read(&bytes(&scene.unix, "last=1")?)?;
    ensure!(last.segments.len() <= recording.segments.len() + 1, "{} pieces", last.segments.len());
    Ok(())
}

#[test]
fn what_stands_may_be_too_much() -> Result<()> {
    let scene = Scene::new(&["--record-buffer", "1M"])?;
    let padding = "x".repeat(980);
    let mut holders = Vec::new();
    for number in 0..300 {
        let mut client = Client::connect(scene.daemon.address())?;
        for lock in 0..4 {
            client.send(format!("ACQ4ME {number}-{lock}-{padding} 1 9 600\n").as_bytes())?;
        }
        client.expect(&b"LOCKED\n".repeat(4))?;
        holders.push(client);
    }
    scene.daemon.expect_said("--record-buffer: 1048576 bytes are too few for the keys that are held and waited for")?;
    let state = buffer(&scene)?;
    ensure!(state["bytes"].as_u64() <= Some(1 << 20) && state["seconds"] == 0.0, "{state}");
    let refused = scene.unix.ask("/v1/recording?last=600")?;
    let error = "The daemon keeps no calls at the moment: the 1048576 bytes of --record-buffer are too few for the keys that are held and waited for.";
    ensure!(
        refused.status == 503 && serde_json::from_str::<Value>(&refused.body)? == json!({"error": error}),
        "{refused:?}"
    );
    assert_eq!(holders[0].ask("RELEASE\n")?, "RELEASED\n");
    ensure!(buffer(&scene)?["left_out"].as_u64() > Some(0), "what is left out is counted");
    Ok(())
}

/// An upgrade begins anew, and so does another size.
#[test]
fn it_begins_anew() -> Result<()> {
    let installed = Installed::new()?;
    let config = installed.path().with_file_name("config.toml");
    let set = |text: &str| std::fs::write(&config, text);
    set("record-buffer = \"1M\"\n")?;
    let scene = Scene::of(&installed.program(), &["--config", &config.display().to_string()])?;
    settle(&scene)?;
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask(&format!("ACQ4ANY {KEY} 1 9 60\n"))?, "LOCKED\n");
    let recorded = || read(&bytes(&scene.unix, "last=600")?);
    ensure!(recorded()?.calls() > 0);
    installed.upgrade(&scene.daemon)?;
    let anew = || {
        let recording = recorded().ok().filter(|recording| recording.segments.len() == 1)?;
        let segment = &recording.segments[0];
        (segment.standing.len() == 1 && !names(segment).is_empty()).then_some(())
    };
    Deadline::after(PATIENCE).poll(anew).context("what is held is not recorded after the upgrade")?;
    set("record-buffer = \"2M\"\n")?;
    scene.daemon.signal(Signal::HUP)?;
    let limit = || buffer(&scene).ok().filter(|buffer| buffer["limit_bytes"] == 2 << 20);
    Deadline::after(PATIENCE).poll(limit).context("it has no other limit")?;
    Deadline::after(PATIENCE).poll(anew).context("what is held is not recorded under another limit")?;
    set("")?;
    scene.daemon.signal(Signal::HUP)?;
    let off = || buffer(&scene).ok().filter(Value::is_null);
    Deadline::after(PATIENCE).poll(off).context("it is still on")?;
    Ok(())
}

/// One who does not read keeps nobody from reading for long. No call is left out, however fast they come.
#[test]
fn readers_come_one_after_the_other() -> Result<()> {
    let scene = Scene::new(&["--record-buffer", "64M"])?;
    settle(&scene)?;
    let mut client = Client::connect(scene.daemon.address())?;
    // More than the sockets take.
    fill(&mut client, 0, 16_000)?;
    let mut slow = asked(&scene.unix, "last=600")?;
    assert_eq!(client.ask("RELEASE\n")?, "NOT_LOCKED\n");
    // The slow one is ended after ten seconds in which it has taken nothing.
    let recording = read(&bytes(&scene.tcp, "last=600")?)?;
    let (calls, left_out) = (recording.calls(), recording.left_out());
    ensure!(calls > 32_000 && left_out == 0, "{calls} calls, {left_out} left out");
    slow.set_patience(Duration::from_secs(30))?;
    ensure!(chunks(&mut slow).is_err(), "it has got everything");
    Ok(())
}
