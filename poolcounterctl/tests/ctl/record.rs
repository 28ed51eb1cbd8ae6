use crate::daemon::Administered;
use crate::program::{command, ran};
use anyhow::{Context, Result, bail};
use poolcounter::recording::{Recording, Totals, verify};
use poolcounter_test_support::{Client, Deadline, PATIENCE, Process, Scratch};
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const KEY: &str = "enwiki:ApiParse:a:192.0.2.77";

fn record(server: &str, file: &Path, more: &[&str]) -> Command {
    let mut command = command(&["record", "-s", server, "-o"]);
    command.arg(file).args(more);
    command
}

/// Makes traffic until the file has so many calls.
fn until_calls(server: &Administered, file: &Path, calls: u64) -> Result<()> {
    until(server, file, |totals| totals.calls >= calls)
}

/// Makes traffic until the file has this.
fn until(server: &Administered, file: &Path, has: impl Fn(&Totals) -> bool) -> Result<()> {
    let heard = Deadline::after(PATIENCE).poll(|| {
        let mut client = server.client(&format!("ACQ4ME {KEY} 1 10 600")).ok()?;
        client.send(b"RELEASE\nSTATS FULL\nnonsense\n").ok()?;
        let totals = Totals::of(&std::fs::read(file).ok()?).ok()?;
        has(&totals).then_some(())
    });
    heard.with_context(|| format!("it does not come into {}", file.display()))
}

fn read(file: &Path) -> Result<Recording> {
    let recording = Recording::read(&std::fs::read(file)?)?;
    assert_eq!(verify(&recording)?.first, None, "played again, it gives the same");
    Ok(recording)
}

fn contains(file: &Path, text: &str) -> Result<bool> {
    Ok(std::fs::read(file)?.windows(text.len()).any(|bytes| bytes == text.as_bytes()))
}

#[test]
fn a_crowd_is_recorded_that_was_there_before() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut crowd = server.crowd("enwiki:pcache:idhash:1", 30)?;
    let scratch = Scratch::new()?;
    let file = scratch.file("day.rec");
    let mut process = Process::spawn(&mut record(&server.admin, &file, &[]))?;
    until_calls(&server, &file, 20)?;
    // The others are told.
    crowd[0].send(b"RELEASE\n")?;
    crowd.iter_mut().skip(1).try_for_each(|client| client.expect(b"DONE\n"))?;
    drop::<Vec<Client>>(crowd);
    server.daemon.settle()?;
    until(&server, &file, |totals| totals.told >= 30)?;
    process.signal(Signal::INT)?;
    assert_eq!(process.wait()?.code(), Some(0));
    let recording = read(&file)?;
    assert_eq!((recording.anonymous, recording.is_cut, recording.left_out()), (false, false, 0));
    let segment = &recording.segments[0];
    let pages = segment.standing.iter().map(|standing| (standing.holder_count(), standing.waiter_count()));
    assert!(pages.into_iter().any(|counts| counts == (1, 30)), "they stood when it began");
    assert!(segment.told.len() >= 30);
    assert!(contains(&file, KEY)?);
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    let (printed, warned) = process.printed()?;
    assert!(printed.contains("calls, 0 left out"), "{printed}");
    assert!(warned.contains("may contain addresses of users; --anonymous replaces them by numbers"), "{warned}");
    Ok(())
}

#[test]
fn the_calls_just_before_the_signal_are_recorded() -> Result<()> {
    let server = Administered::new(&[])?;
    let scratch = Scratch::new()?;
    // A server that gets no processor for half a second sends them too late, so there is more than one attempt.
    for number in 0..3 {
        let file = scratch.file(&format!("{number}.rec"));
        let mut process = Process::spawn(&mut record(&server.admin, &file, &[]))?;
        until_calls(&server, &file, 1)?;
        let _latest = server.client("ACQ4ME enwiki:latest 1 10 600")?;
        process.signal(Signal::INT)?;
        assert_eq!(process.wait()?.code(), Some(0));
        read(&file)?;
        if contains(&file, "enwiki:latest")? {
            return Ok(());
        }
    }
    bail!("the last call is missing")
}

#[test]
fn no_key_leaves_the_host_by_tcp_or_anonymously() -> Result<()> {
    let server = Administered::new(&[])?;
    let scratch = Scratch::new()?;
    let cases: [(&str, &str, &[&str]); 2] =
        [("a", &server.admin, &["--anonymous", "--groups", "ApiParse"]), ("b", &server.admin_tcp, &[])];
    for (name, address, more) in cases {
        let file = scratch.file(name);
        let mut process = Process::spawn(&mut record(address, &file, more))?;
        until_calls(&server, &file, 20)?;
        process.signal(Signal::TERM)?;
        assert_eq!(process.wait()?.code(), Some(0));
        let recording = read(&file)?;
        assert!(recording.anonymous);
        assert_eq!(&*recording.segments[0].keys[0].group, "ApiParse");
        assert!(!contains(&file, "192.0.2")? && !contains(&file, "enwiki")?);
    }
    Ok(())
}

#[test]
fn it_ends_by_itself_and_spares_other_files() -> Result<()> {
    let server = Administered::new(&[])?;
    let scratch = Scratch::new()?;
    let file = scratch.file("second.rec");
    let ended = ran(&["record", "-s", &server.admin, "--seconds", "1", "-o", &file.display().to_string(), "--json"])?;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("\"left_out\": 0") || ended.stdout.contains("\"left_out\":0"), "{}", ended.stdout);
    read(&file)?;
    let again = ran(&["record", "-s", &server.admin, "--seconds", "1", "-o", &file.display().to_string()])?;
    assert_eq!(again.status, Some(1));
    assert_eq!(again.stderr, format!("poolcounterctl: {}: File exists\n", file.display()));
    let nobody = scratch.file("nobody.rec");
    let gone = ran(&["record", "-s", "unix:/nowhere/admin", "-o", &nobody.display().to_string()])?;
    assert_eq!((gone.status, nobody.exists()), (Some(69), false), "{gone:?}");
    Ok(())
}

#[test]
fn the_last_calls_come_at_once() -> Result<()> {
    let server = Administered::new(&["--record-buffer", "1M"])?;
    let scratch = Scratch::new()?;
    let (plain, anonymous, none) = (scratch.file("plain.rec"), scratch.file("anonymous.rec"), scratch.file("none.rec"));
    let last =
        |admin: &str, file: &Path| ran(&["record", "-s", admin, "--last", "600", "-o", &file.display().to_string()]);
    let recorded = || {
        server.client(&format!("ACQ4ME {KEY} 1 10 600")).ok()?;
        let _ = std::fs::remove_file(&plain);
        let ended = last(&server.admin, &plain).ok()?;
        (read(&plain).ok()?.calls() > 2).then_some(ended)
    };
    let ended = Deadline::after(PATIENCE).poll(recorded).context("nothing is recorded")?;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(contains(&plain, KEY)? && ended.stdout.contains(" calls, 0 left out"), "{ended:?}");
    // How far back the buffer goes, which may be less than what was asked for.
    let file = std::fs::read(&plain)?;
    let micros = poolcounter::recording::Totals::of(&file)?.micros;
    assert!(micros > 0, "there are calls after the first moment");
    let as_json = ran(&["record", "-s", &server.admin, "--last", "600", "--json", "-o", &none.display().to_string()])?;
    let seconds = serde_json::from_str::<serde_json::Value>(&as_json.stdout)?["seconds"].as_f64();
    assert!(seconds.is_some_and(|seconds| seconds > 0.0 && seconds < 600.0), "{as_json:?}");
    std::fs::remove_file(&none)?;
    assert_eq!(std::fs::metadata(&plain)?.permissions().mode() & 0o777, 0o600);
    let ended = last(&server.admin_tcp, &anonymous)?;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(read(&anonymous)?.anonymous && !contains(&anonymous, "192.0.2")?);
    let both =
        ran(&["record", "-s", &server.admin, "--last", "9", "--seconds", "9", "-o", &none.display().to_string()])?;
    assert_eq!(both.status, Some(64), "{both:?}");
    let without = Administered::new(&[])?;
    let ended = last(&without.admin, &none)?;
    assert!(ended.stderr.contains("it runs without --record-buffer"), "{ended:?}");
    assert!(ended.status != Some(0) && !none.exists(), "{ended:?}");
    Ok(())
}

#[test]
fn an_upgrade_does_not_end_the_recording() -> Result<()> {
    let server = Administered::new(&[])?;
    let scratch = Scratch::new()?;
    let file = scratch.file("day.rec");
    let holder = server.client("ACQ4ME enwiki:pcache:held 1 10 600")?;
    let mut process = Process::spawn(&mut record(&server.admin, &file, &[]))?;
    until_calls(&server, &file, 10)?;
    // A stream that has just begun would not be begun again.
    std::thread::sleep(Duration::from_secs(2));
    server.daemon.signal(Signal::USR1)?;
    let segments = || Totals::of(&std::fs::read(&file).ok()?).ok().map(|totals| totals.segments);
    let again = Deadline::after(PATIENCE).poll(|| {
        server.client("ACQ4ME other 1 10 600").ok()?;
        (segments()? == 2).then_some(())
    });
    again.with_context(|| format!("{:?}", process.printed()))?;
    process.signal(Signal::INT)?;
    assert_eq!(process.wait()?.code(), Some(0));
    let recording = read(&file)?;
    let segment = &recording.segments[1];
    let held = |number: u32| &*segment.keys[number as usize].name == b"enwiki:pcache:held";
    assert!(segment.standing.iter().any(|standing| held(standing.key)), "what is held was handed over");
    drop(holder);
    Ok(())
}

#[test]
fn an_empty_file_does_not_stay() -> Result<()> {
    let scratch = Scratch::new()?;
    let socket = scratch.file("admin");
    let silent = UnixListener::bind(&socket)?;
    let file = scratch.file("day.rec");
    let mut process = Process::spawn(&mut record(&format!("unix:{}", socket.display()), &file, &[]))?;
    // Signals are handled before it connects.
    let _connection = silent.accept()?;
    process.signal(Signal::INT)?;
    assert_eq!(process.wait()?.code(), Some(1));
    let (_, said) = process.printed()?;
    assert!(said.contains("nothing was recorded: the server had not answered yet"), "{said}");
    assert!(!file.exists());
    Ok(())
}

#[test]
fn a_group_that_the_server_does_not_have_is_named() -> Result<()> {
    let server = Administered::new(&[])?;
    let scratch = Scratch::new()?;
    let file = scratch.file("typo.rec").display().to_string();
    let arguments = ["record", "-s", &server.admin, "--seconds", "1", "--groups", "pcache,pcahce", "-o", &file];
    let ended = ran(&arguments)?;
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let words = "has no group pcahce yet, and records nothing of it until there is one; its groups are ";
    let warning = ended.stderr.lines().find(|line| line.contains(words)).with_context(|| ended.stderr.clone())?;
    assert!(warning.contains("ApiParse") && warning.contains("pcache"), "{warning}");
    assert!(!ended.stderr.contains("no group pcache"), "{}", ended.stderr);
    Ok(())
}
