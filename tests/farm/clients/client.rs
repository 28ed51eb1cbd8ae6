//! A client of the farm: a worker in each thread, with a client of its own. clients.py has the arguments, events.py the lines that it writes.

use anyhow::{Result, anyhow};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{AcquireOutcome, Failure, Request, Server, Settings};
use poolcounter::protocol::Mode;
use rustix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::io::Write;
use std::thread;
use std::time::Duration;

/// What all workers share.
struct Run {
    end: u64,
    seed: u64,
    events: File,
    settings: Settings,
}

/// The keys of a worker, and for how many milliseconds it works.
struct Kind {
    keys: Vec<String>,
    least: u64,
    most: u64,
}

/// Numbers from a generator of the worker's own.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [end, seed, first, workers, events, connect, servers, keys, slow] = &arguments[..] else {
        return Err(anyhow!("nine arguments are expected"));
    };
    let servers = servers.split(',').map(Server::parse).collect::<Result<_, _>>()?;
    let mut settings = Settings::new(servers);
    settings.connect_timeout(Duration::from_millis(connect.parse()?));
    let events = File::options().append(true).open(events)?;
    let run = Run { end: end.parse()?, seed: seed.parse()?, events, settings };
    let list = |keys: &str| keys.split(',').map(str::to_owned).collect();
    let (first, workers): (u64, u64) = (first.parse()?, workers.parse()?);
    thread::scope(|scope| {
        let work = |worker| {
            // The first one has keys and work of its own, if there are slow ones.
            let kind = if worker == first && !slow.is_empty() {
                Kind { keys: list(slow), least: 20_000, most: 40_000 }
            } else {
                Kind { keys: list(keys), least: 10, most: 50 }
            };
            let run = &run;
            scope.spawn(move || work(run, &kind, worker))
        };
        let threads: Vec<_> = (first..first + workers).map(work).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a worker panicked"))?)
    })
}

fn work(run: &Run, kind: &Kind, worker: u64) -> Result<()> {
    let mut client = BlockingClient::new(run.settings.clone());
    let mut dice = Dice((run.seed + worker).wrapping_mul(2_654_435_761) + 1);
    let mut number = worker * 1_000_000;
    while now() < run.end {
        protect(run, kind, &mut client, number, &mut dice)?;
        pause(10 + dice.below(50));
        number += 1;
    }
    Ok(())
}

fn protect(run: &Run, kind: &Kind, client: &mut BlockingClient, number: u64, dice: &mut Dice) -> Result<()> {
    let key = &kind.keys[usize::try_from(dice.below(kind.keys.len() as u64))?];
    let (mode, word) = if dice.below(2) == 1 { (Mode::ForMe, "me") } else { (Mode::ForAnyone, "anyone") };
    let timeout = if dice.below(100) < 15 { 0 } else { 3 };
    let request =
        Request::new(key.as_bytes()).mode(mode).workers(1).maxqueue(u32::try_from(number)?).timeout_seconds(timeout);
    run.note(number, &format!("asked\t{key}\t{word}\t{timeout}"))?;
    let lock = match client.acquire(&request) {
        Ok(AcquireOutcome::Locked(lock)) => lock,
        Ok(AcquireOutcome::Done) => return run.note(number, "done"),
        Ok(AcquireOutcome::Timeout) => return run.note(number, "timeout"),
        Ok(AcquireOutcome::QueueFull) => return run.note(number, "queue_full"),
        Ok(AcquireOutcome::LockHeld) => return run.note(number, "lock_held"),
        Err(failure) => {
            run.note(number, &format!("failed\t{}\t{failure}", name(&failure)))?;
            pause(10 + dice.below(40));
            return Ok(());
        }
    };
    run.note(number, "locked")?;
    // Not beyond the end.
    pause((kind.least + dice.below(kind.most - kind.least)).min(run.end.saturating_sub(now()) / 1_000_000));
    if dice.below(100) < 5 {
        run.note(number, "abandon")?;
        client.abandon(lock)?;
    } else {
        run.note(number, "release")?;
        let _ = client.release(lock)?;
    }
    run.note(number, "free")
}

impl Run {
    /// One line, in one call: threads share the file.
    fn note(&self, number: u64, what: &str) -> Result<()> {
        Ok((&self.events).write_all(format!("{}\t{number}\t{what}\n", now()).as_bytes())?)
    }
}

/// The word for a failure, as the other languages have it.
fn name(failure: &Failure) -> &'static str {
    match failure {
        Failure::Connect { .. } => "ConnectError",
        Failure::Write { .. } => "WriteError",
        Failure::Read { .. } => "ReadError",
        Failure::Remote { .. } => "RemoteError",
        _ => "OtherError",
    }
}

/// The monotonic clock, in nanoseconds.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

fn pause(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}
