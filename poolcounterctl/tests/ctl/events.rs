use crate::daemon::Administered;
use crate::program::command;
use anyhow::{Context, Result};
use poolcounter_test_support::{Deadline, PATIENCE, Process};
use rustix::process::Signal;
use serde_json::Value;
use std::time::Duration;

/// Acquires keys until the process has ended, for nobody knows when it has begun to listen.
fn until_ended(server: &Administered, process: &mut Process) -> Result<String> {
    let ended = Deadline::after(PATIENCE).poll(|| {
        let mut client = server.client("ACQ4ME enwiki:pcache:1 1 10 600").ok()?;
        client.send(b"RELEASE\n").ok()?;
        process.ended().transpose()
    });
    assert_eq!(ended.context("it does not end")??.code(), Some(0));
    Ok(process.printed()?.0)
}

#[test]
fn events_come_as_they_happen() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut process = Process::spawn(&mut command(&["events", "--count", "2", "-s", &server.admin]))?;
    let printed = until_ended(&server, &mut process)?;
    let lines: Vec<&str> = printed.split("\\n").collect();
    assert!(
        lines[0].contains("Z granted pcache enwiki:pcache:1 client=") || lines[0].contains("Z hold_ended pcache"),
        "{printed}"
    );
    assert_eq!(lines.len(), 3, "{printed}");
    Ok(())
}

#[test]
fn events_of_a_group_as_json() -> Result<()> {
    let server = Administered::new(&[])?;
    let _other = server.client("ACQ4ME other 1 10 600")?;
    let arguments = ["events", "--count", "1", "--json", "--group", "pcache", "-s", &server.admin];
    let mut process = Process::spawn(&mut command(&arguments))?;
    let printed = until_ended(&server, &mut process)?;
    // Quotation marks are escaped by what reads the output.
    let event: Value = serde_json::from_str(&printed.replace("\\\"", "\"").replace("\\n", ""))?;
    assert_eq!((&event["server"], &event["data"]["group"]), (&server.admin.as_str().into(), &"pcache".into()));
    Ok(())
}

#[test]
fn the_end_of_the_stream_is_a_failure() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut process = Process::spawn(&mut command(&["events", "-s", &server.admin]))?;
    let heard = Deadline::after(PATIENCE).poll(|| {
        server.client("ACQ4ME a 1 10 600").ok()?;
        process.printed().ok().filter(|(out, _)| !out.is_empty())
    });
    heard.context("it hears nothing")?;
    drop(server.daemon);
    assert_eq!(process.wait()?.code(), Some(69));
    let (_, stderr) = process.printed()?;
    assert!(stderr.starts_with(&format!("poolcounterctl: {}: ", server.admin)), "{stderr}");
    Ok(())
}

#[test]
fn an_upgrade_does_not_end_the_stream() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut process = Process::spawn(&mut command(&["events", "-s", &server.admin]))?;
    // Asks for a key again and again, until this is said.
    let hears = |process: &Process, words: &str| {
        let heard = Deadline::after(PATIENCE).poll(|| {
            server.client(&format!("ACQ4ME {} 1 10 600", words.replace(' ', "-"))).ok()?;
            let (out, error) = process.printed().ok()?;
            (out + &error).contains(words).then_some(())
        });
        heard.with_context(|| format!("no {words:?}, but {:?}", process.printed()))
    };
    hears(&process, "before")?;
    // A stream that has just begun would not be begun again.
    std::thread::sleep(Duration::from_secs(2));
    server.daemon.signal(Signal::USR1)?;
    let lost = "it closed the connection; events are lost until it is connected again";
    hears(&process, lost)?;
    hears(&process, "after")?;
    assert_eq!(process.ended()?, None);
    let expected = format!("poolcounterctl: {}: {lost}\\n", server.admin);
    assert_eq!(process.printed()?.1, expected);
    process.signal(Signal::TERM)?;
    process.wait()?;
    Ok(())
}
