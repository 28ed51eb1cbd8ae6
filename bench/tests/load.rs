//! The fixed load, as the tests of counts use it: on the reference, and on a daemon that answers wrongly.

#![allow(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(30);

/// The reference on an address of its own; killed when dropped.
struct Reference {
    child: Child,
    address: SocketAddr,
}

impl Reference {
    fn start(number: u8) -> Reference {
        let [.., high, low] = std::process::id().to_be_bytes();
        let ip = Ipv4Addr::new(127, 96 + number, high, low.max(1));
        let program = program();
        let mut command = Command::new(&program);
        if let Some(libraries) = program.parent().map(|folder| folder.join("lib")).filter(|lib| lib.is_dir()) {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let child = command.arg("-l").arg(ip.to_string()).stdin(Stdio::null()).spawn().unwrap();
        let reference = Reference { child, address: SocketAddr::from((ip, 7531)) };
        let deadline = Instant::now() + WITHIN;
        while TcpStream::connect(reference.address).is_err() {
            assert!(Instant::now() < deadline, "the reference does not listen");
            thread::sleep(Duration::from_millis(5));
        }
        reference
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let named = std::env::var_os("POOLCOUNTER_REFERENCE").map(PathBuf::from);
    let program = named.unwrap_or_else(|| workspace.join("build/reference/poolcounterd"));
    assert!(program.is_file(), "{} is missing: run `scripts/setup`", program.display());
    program
}

/// Runs `load`, within the deadline.
fn load(address: SocketAddr, mode: &str, connections: u32, commands: u32) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_poolcounter-bench"))
        .args(["load", "--address", &address.to_string(), "--mode", mode])
        .args(["--connections", &connections.to_string(), "--commands", &commands.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + WITHIN;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the load does not end: {:?}", child.wait_with_output().unwrap());
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// What one load reports, and by how much the reference's counters moved meanwhile.
fn counted(number: u8, mode: &str, connections: u32, commands: u32) -> (serde_json::Value, u64, u64) {
    let reference = Reference::start(number);
    let output = load(reference.address, mode, connections, commands);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counter = |name: &str| {
        let mut probe = TcpStream::connect(reference.address).unwrap();
        probe.set_read_timeout(Some(WITHIN)).unwrap();
        // In one piece: the reference loses a line that comes in several.
        probe.write_all(format!("STATS {name}\n").as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(probe).read_line(&mut line).unwrap();
        line.trim_end().rsplit(' ').next().unwrap().parse().unwrap()
    };
    let report = serde_json::from_slice(&output.stdout).unwrap();
    (report, counter("total_acquired"), counter("total_releases"))
}

#[test]
fn own_sends_so_many_commands() {
    let (report, acquired, released) = counted(0, "own", 7, 300);
    assert_eq!(report, serde_json::json!({ "commands": 300, "greetings": 7, "questions": 2 }));
    assert_eq!((acquired, released), (150, 150));
}

#[test]
fn shared_hands_the_key_over_so_many_times() {
    let (report, acquired, released) = counted(1, "shared", 6, 300);
    assert_eq!(report, serde_json::json!({ "commands": 300, "greetings": 7, "questions": 2 }));
    assert_eq!((acquired, released), (150, 150));
}

#[test]
fn a_stampede_locks_once_for_all() {
    let (report, acquired, released) = counted(2, "stampede", 48, 500);
    assert_eq!((&report["commands"], &report["greetings"]), (&500.into(), &49.into()));
    assert!(report["questions"].as_u64() >= Some(2 + 10), "{report}");
    assert_eq!((acquired, released), (10, 10));
}

#[test]
fn connect_makes_a_connection_for_each_lock() {
    let (report, acquired, released) = counted(3, "connect", 5, 300);
    assert_eq!(report, serde_json::json!({ "commands": 300, "greetings": 0, "questions": 2 }));
    assert_eq!((acquired, released), (150, 150));
}

/// Grants nothing.
fn answer_wrongly(stream: TcpStream) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer = if line.starts_with("STATS") {
            "total_acquired: 0\n\n"
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
