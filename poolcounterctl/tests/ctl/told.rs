//! What tells a daemon to do something, and how its answers are shown.

use crate::program::{Ran, ran};
use anyhow::Result;
use poolcounter_test_support::Scratch;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread;

/// What a run of the program asks a server that answers this, and what becomes of it.
fn told(arguments: &[&str], answer: &str) -> Result<(String, Ran)> {
    let scratch = Scratch::new()?;
    let listener = UnixListener::bind(scratch.file("admin"))?;
    let server = format!("unix:{}", scratch.file("admin").display());
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
    let asked = thread::spawn(move || -> Result<String> {
        let (mut connection, _) = listener.accept()?;
        let (mut head, mut bytes) = (Vec::new(), [0; 1024]);
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            let length = connection.read(&mut bytes)?;
            anyhow::ensure!(length > 0, "half a request");
            head.extend_from_slice(&bytes[..length]);
        }
        connection.write_all(answer.as_bytes())?;
        Ok(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned())
    });
    let mut ran = ran(&[arguments, &["-s", &server]].concat())?;
    ran.stdout = ran.stdout.replace(&server, "SERVER");
    Ok((asked.join().expect("the server does not panic")?, ran))
}

#[test]
fn each_command_has_its_request_and_its_words() -> Result<()> {
    let cases: [(&[&str], &str, &str, i32, &str); 8] = [
        (
            &["kick", "12"],
            "POST /v1/kick?client=12 HTTP/1.1",
            r#"{"client":12,"address":"10.0.0.1:4444","claims":2}"#,
            0,
            "SERVER: client 12 at 10.0.0.1:4444 is disconnected, claims ended: 2\n",
        ),
        (
            &["drain"],
            "POST /v1/drain HTTP/1.1",
            r#"{"clients":3,"drained":false}"#,
            0,
            "SERVER: draining, clients left: 3\n",
        ),
        (
            &["drain", "--wait", "5"],
            "POST /v1/drain?wait=5 HTTP/1.1",
            r#"{"clients":3,"drained":false}"#,
            75,
            "SERVER: draining, clients left: 3\n",
        ),
        (
            &["drain", "--wait", "5"],
            "POST /v1/drain?wait=5 HTTP/1.1",
            r#"{"clients":0,"drained":true}"#,
            0,
            "SERVER: drained\n",
        ),
        (
            &["drain", "--json"],
            "POST /v1/drain HTTP/1.1",
            r#"{"clients":0,"drained":true}"#,
            0,
            "{\"servers\":[{\"answer\":{\"clients\":0,\"drained\":true},\"server\":\"SERVER\"}]}\n",
        ),
        (&["undrain"], "POST /v1/undrain HTTP/1.1", r#"{"ready":true}"#, 0, "SERVER: ready\n"),
        (
            &["reload"],
            "POST /v1/reload HTTP/1.1",
            r#"{"changed":["groups","max-clients"],"needs_restart":[]}"#,
            0,
            "SERVER: changed: groups, max-clients; needs a restart: nothing\n",
        ),
        (&["status"], "GET /v1/status HTTP/1.1", "nothing", 69, ""),
    ];
    for (arguments, request, answer, status, stdout) in cases {
        let (asked, ran) = told(arguments, answer)?;
        assert_eq!((&*asked, ran.status, &*ran.stdout), (request, Some(status), stdout), "{arguments:?}: {ran:?}");
    }
    Ok(())
}
