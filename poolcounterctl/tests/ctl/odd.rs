//! Servers that no daemon of ours is: what they answer is wrong, or hostile.

use crate::program::{Ran, ran};
use anyhow::{Result, ensure};
use poolcounter_test_support::Scratch;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

/// What a terminal would obey.
const RED: &str = "\x1b[31m";

/// Reads up to these bytes. False at the end.
fn read_until(connection: &mut UnixStream, end: &[u8]) -> Result<bool> {
    let (mut head, mut bytes) = (Vec::new(), [0; 1024]);
    while !head.ends_with(end) {
        let length = connection.read(&mut bytes)?;
        if length == 0 {
            return Ok(false);
        }
        head.extend_from_slice(&bytes[..length]);
    }
    Ok(true)
}

/// A run of the program against a server that answers every request, up to `end`, in this way.
fn asked(arguments: &[&str], end: &'static [u8], answer: String) -> Result<Ran> {
    let scratch = Scratch::new()?;
    let listener = UnixListener::bind(scratch.file("pool"))?;
    let server = format!("unix:{}", scratch.file("pool").display());
    // It ends with this process: nobody connects any more once the program has ended.
    thread::spawn(move || -> Result<()> {
        loop {
            let (mut connection, _) = listener.accept()?;
            if read_until(&mut connection, end)? {
                connection.write_all(answer.as_bytes())?;
            }
        }
    });
    let (options, command) =
        arguments.split_at(arguments.iter().position(|one| *one == "--").unwrap_or(arguments.len()));
    let mut ran = ran(&[options, &["-s", &server], command].concat())?;
    ran.stdout = ran.stdout.replace(&server, "SERVER");
    ran.stderr = ran.stderr.replace(&server, "SERVER");
    Ok(ran)
}

/// The same with an admin socket.
fn answered(arguments: &[&str], status: &str, body: &str) -> Result<Ran> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    asked(arguments, b"\r\n\r\n", head + body)
}

fn is_plain(ran: &Ran) -> Result<()> {
    let obeyed = |text: &str| text.chars().any(|character| character.is_control() && character != '\n');
    ensure!(!obeyed(&ran.stdout) && !obeyed(&ran.stderr), "{ran:?}");
    Ok(())
}

#[test]
fn no_terminal_obeys_an_answer() -> Result<()> {
    let text = serde_json::to_string(&format!("{RED}a\nSERVER: ready"))?;
    let peer = format!(r#""client":1,"address":{text},"pid":null,"user":{text}"#);
    let claim = format!(
        r#"{{{peer},"requested_seconds":1,"held_seconds":null,"mode":{text},"workers":1,"maxqueue":2,"timeout_seconds":3,"deadline_seconds":null}}"#
    );
    let cases: [(&[&str], String); 5] = [
        (
            &["key", "a"],
            format!(
                r#"{{"key":{text},"group":{text},"holders":[{claim}],"waiters":[],"holders_total":1,"waiters_total":0}}"#
            ),
        ),
        (
            &["clients"],
            format!(
                r#"{{"clients":[{{{peer},"connected_seconds":1,"unsent_bytes":0,"claims":[{{"key":{text},"state":{text},"seconds":1}}]}}],"next":null}}"#
            ),
        ),
        (
            &["keys"],
            format!(
                r#"{{"keys":[{{"key":{text},"group":{text},"holders":1,"waiters":0,"held_seconds":1,"waiting_seconds":null,"holder":{{{peer}}},"count":null}}],"next":null}}"#
            ),
        ),
        (&["kick", "1"], format!(r#"{{{peer},"claims":0}}"#)),
        (&["reload"], format!(r#"{{"changed":[{text}],"needs_restart":[]}}"#)),
    ];
    for (arguments, body) in cases {
        let ran = answered(arguments, "200 OK", &body)?;
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{arguments:?}");
        is_plain(&ran)?;
        assert!(ran.stdout.contains("\\u001b[31ma\\u000aSERVER: ready"), "{}", ran.stdout);
        let json = answered(&[arguments, &["--json"]].concat(), "200 OK", &body)?.json();
        let whole: serde_json::Value = serde_json::from_str(&body)?;
        assert_eq!(json["servers"][0]["answer"], whole, "{arguments:?}");
    }
    let refused = answered(&["status"], "500 Oh", &format!(r#"{{"error":{text}}}"#))?;
    assert_eq!(refused.stderr, "poolcounterctl: SERVER: \\u001b[31ma\\u000aSERVER: ready\n");
    let batch = answered(&["top", "--batch", "--iterations", "1"], "500 Oh", &format!(r#"{{"error":{text}}}"#))?;
    is_plain(&batch)?;
    assert!(batch.stdout.contains("1: \\u001b[31ma\\u000aSERVER: ready\n"), "{}", batch.stdout);
    let event = format!("event: {RED}\ndata: {{\"key\":{text}}}\n\n");
    let events = answered(&["events", "--count", "1"], "200 OK", &event)?;
    assert_eq!((events.status, &*events.stdout), (Some(0), "\\u001b[31m \\u001b[31ma\\u000aSERVER: ready\n"));
    Ok(())
}

#[test]
fn no_terminal_obeys_statistics() -> Result<()> {
    let ran = asked(&["stats"], b"\n", format!("uptime: 1 s\n{RED}a: {RED}1\n\n"))?;
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{ran:?}");
    assert!(ran.stdout.contains("\\u001b[31ma"), "{ran:?}");
    is_plain(&ran)?;
    Ok(())
}

#[test]
fn half_an_answer_is_none() -> Result<()> {
    for (body, why) in [
        ("nothing", "its answer is no JSON: expected ident at line 1 column 2"),
        ("[]", "its answer is no JSON object"),
        ("{}", "its answer is not understood: missing field `"),
    ] {
        for command in ["status", "groups"] {
            for options in [&[][..], &["--json"]] {
                let ran = answered(&[&[command], options].concat(), "200 OK", body)?;
                assert_eq!((ran.status, ran.stdout.contains("error")), (Some(69), !options.is_empty()), "{ran:?}");
                let words = format!("poolcounterctl: SERVER: {why}");
                assert!(ran.stderr.starts_with(&words) && ran.stderr.lines().count() == 1, "{ran:?}");
            }
        }
        let check = answered(&["check"], "200 OK", body)?;
        assert_eq!(check.status, Some(2), "{check:?}");
    }
    for command in ["keys", "clients"] {
        let ran = answered(&[command], "200 OK", "{}")?;
        let stderr = format!("poolcounterctl: SERVER: its answer has no list of {command}\n");
        assert_eq!((ran.status, &*ran.stdout, ran.stderr), (Some(69), "", stderr));
    }
    Ok(())
}

#[test]
fn a_list_without_an_end_is_not_read_for_ever() -> Result<()> {
    for command in ["keys", "clients"] {
        let ran = answered(&[command], "200 OK", &format!(r#"{{"{command}":[],"next":"x"}}"#))?;
        let stderr = format!("poolcounterctl: SERVER: its list of {command} does not end: a page comes again\n");
        assert_eq!((ran.status, &*ran.stdout, ran.stderr), (Some(69), "", stderr));
    }
    Ok(())
}

#[test]
fn a_stream_that_ends_at_once_is_not_begun_again() -> Result<()> {
    let whole =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n: hi\n\r\n";
    for answer in [format!("{whole}0\r\n\r\n"), whole.to_owned(), format!("{whole}5")] {
        let ran = asked(&["events"], b"\r\n\r\n", answer)?;
        let stderr = "poolcounterctl: SERVER: it closed the connection\n";
        assert_eq!((ran.status, &*ran.stdout, &*ran.stderr), (Some(69), "", stderr));
    }
    Ok(())
}

#[test]
fn done_is_believed_only_where_it_was_asked_for() -> Result<()> {
    for (options, status) in [(&["--mode", "any"][..], 0), (&["--mode", "me"], 69), (&["--mode", "me", "--open"], 5)] {
        let arguments = [&["run", "--key", "job"], options, &["--", "sh", "-c", "exit 5"]].concat();
        let ran = asked(&arguments, b"\n", "DONE\n".to_owned())?;
        assert_eq!(ran.status, Some(status), "{ran:?}");
        assert_eq!(ran.stderr.contains("job: the server answered `DONE`"), status != 0, "{ran:?}");
    }
    Ok(())
}
