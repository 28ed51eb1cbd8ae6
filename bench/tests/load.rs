//! The fixed load, as the tests of counts use it: with the reference, and with a daemon that gives wrong answers.

#![allow(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

use poolcounter_test_support::{Client, Counters, Daemon, Deadline, PATIENCE, run_to_end};

/// Runs `load`, within the deadline.
fn load(address: SocketAddr, mode: &str, connections: u32, commands: u32) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolcounter-bench"));
    command.args(["load", "--address", &address.to_string(), "--mode", mode]);
    command.args(["--connections", &connections.to_string(), "--commands", &commands.to_string()]);
    run_to_end(&mut command, Deadline::after(PATIENCE * 3)).unwrap()
}

/// The report of one load, and the changes of the reference's counters.
fn counted(mode: &str, connections: u32, commands: u32) -> (serde_json::Value, u64, u64) {
    let reference = Daemon::reference().unwrap();
    let output = load(reference.address(), mode, connections, commands);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counters = Counters::ask(&mut Client::connect(reference.address()).unwrap()).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap();
    (report, counters["total_acquired"], counters["total_releases"])
}

#[test]
fn own_sends_so_many_commands() {
    let (report, acquired, released) = counted("own", 7, 300);
    assert_eq!(report, serde_json::json!({ "commands": 300, "greetings": 7, "questions": 2 }));
    assert_eq!((acquired, released), (150, 150));
}

#[test]
fn shared_hands_the_key_over_so_many_times() {
    let (report, acquired, released) = counted("shared", 6, 300);
    assert_eq!(report, serde_json::json!({ "commands": 300, "greetings": 7, "questions": 2 }));
    assert_eq!((acquired, released), (150, 150));
}

#[test]
fn a_stampede_locks_once_for_all() {
    let (report, acquired, released) = counted("stampede", 48, 500);
    assert_eq!((&report["commands"], &report["greetings"]), (&500.into(), &49.into()));
    assert!(report["questions"].as_u64() >= Some(2 + 10), "{report}");
    assert_eq!((acquired, released), (10, 10));
}

#[test]
fn connect_makes_a_connection_for_each_lock() {
    let (report, acquired, released) = counted("connect", 5, 300);
    assert_eq!(report, serde_json::json!({ "commands": 300, "greetings": 0, "questions": 2 }));
    assert_eq!((acquired, released), (150, 150));
}

/// The counters of a daemon that has done nothing.
const STATS: &str = "processed_count: 0\nprocessing_workers: 0\nwaiting_workers: 0\nhashtable_entries: 0\n\
    total_acquired: 0\ntotal_releases: 0\nconnect_errors: 0\nfailed_sends: 0\nfull_queues: 0\nlock_mismatch: 0\n\
    lock_while_waiting: 0\nrelease_mismatch: 0\n\n";

/// Grants nothing.
fn answer_wrongly(stream: TcpStream) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer = if line.starts_with("STATS") {
            STATS
        } else if line.starts_with("RELEASE") {
            "NOT_LOCKED\n"
        } else {
            "QUEUE_FULL\n"
        };
        out.write_all(answer.as_bytes())?;
    }
    Ok(())
}

#[test]
fn a_wrong_answer_fails_in_every_mode() {
    for mode in ["own", "shared", "stampede", "connect"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(|| answer_wrongly(stream));
            }
        });
        let output = load(address, mode, 3, 30);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains("a wrong answer: \"QUEUE_FULL"), "{mode}: {text}");
    }
}
