//! A stampede on one key: 200 clients want the same page at the same moment, and one of them computes it.
//!
//! `cargo run --example stampede -- PATH-OF-POOLCOUNTERD` starts the daemon on a free port, runs the stampede and prints the answer to each client.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

const CLIENTS: usize = 200;
const ACQUIRE: &[u8] = b"ACQ4ANY page:Michael_Jackson 1 150 10\n";
const WORK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(15);

type Failure = Box<dyn Error + Send + Sync>;

/// One client's answer, and how long it took.
struct Outcome {
    told: String,
    waited: Duration,
}

/// The daemon, for as long as the example runs.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // The daemon may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> Result<(), Failure> {
    let program = std::env::args_os().nth(1).ok_or("name the program poolcounterd as the argument")?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let _daemon = Daemon(Command::new(program).args(["--listen", &address.to_string()]).spawn()?);
    wait_for(address)?;
    println!("{CLIENTS} clients ask at once: {}", String::from_utf8_lossy(ACQUIRE));
    let outcomes = stampede(address)?;
    print_table(&outcomes);
    Ok(())
}

fn wait_for(address: SocketAddr) -> Result<(), Failure> {
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        if start.elapsed() > Duration::from_secs(5) {
            return Err(format!("the daemon does not answer on {address}").into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn stampede(address: SocketAddr) -> Result<Vec<Outcome>, Failure> {
    let barrier = Arc::new(Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || client(address, &barrier))
        })
        .collect();
    clients.into_iter().map(|client| client.join().map_err(|_| "a client's thread panicked")?).collect()
}

fn client(address: SocketAddr, barrier: &Barrier) -> Result<Outcome, Failure> {
    let connected = TcpStream::connect(address);
    // Every thread must arrive at this barrier, connected or not, or the others would wait for ever.
    barrier.wait();
    let mut server = connected?;
    server.set_nodelay(true)?;
    server.set_read_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    server.write_all(ACQUIRE)?;
    let told = answer(&server)?;
    let waited = start.elapsed();
    if told == "LOCKED" {
        thread::sleep(WORK);
        server.write_all(b"RELEASE\n")?;
        answer(&server)?;
    }
    Ok(Outcome { told, waited })
}

fn answer(server: &TcpStream) -> Result<String, Failure> {
    let mut line = String::new();
    BufReader::new(server).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn print_table(outcomes: &[Outcome]) {
    let mut waits: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for outcome in outcomes {
        waits.entry(&outcome.told).or_default().push(outcome.waited);
    }
    println!("{:12} {:>7} {:>13} {:>9} {:>9}  and then", "told", "clients", "shortest wait", "median", "longest");
    for told in ["LOCKED", "DONE", "QUEUE_FULL", "TIMEOUT"] {
        let Some(mut waits) = waits.remove(told) else { continue };
        waits.sort_unstable();
        let millis = |wait: Option<&Duration>| format!("{:.1} ms", wait.map_or(0.0, Duration::as_secs_f64) * 1e3);
        println!(
            "{told:12} {:>7} {:>13} {:>9} {:>9}  {}",
            waits.len(),
            millis(waits.first()),
            millis(waits.get(waits.len() / 2)),
            millis(waits.last()),
            consequence(told)
        );
    }
    for (told, waits) in waits {
        println!("{told:12} {:>7}  unexpected", waits.len());
    }
}

fn consequence(told: &str) -> &'static str {
    match told {
        "LOCKED" => "computes the page for 1 s",
        "DONE" => "reads the page from the cache",
        _ => "serves the stale page",
    }
}
