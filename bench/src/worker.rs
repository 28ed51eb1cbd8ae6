//! One daemon and its clients, in a separate process: both ends of the protocol between this process and the comparing one.

use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::replay::Player;
use poolcounter_test_support::{Admin, Daemon, Scratch, allow_descriptors, kernel, pin};
use serde::{Deserialize, Serialize};

use crate::daemon;
use crate::job::{Job, ask, start};
use crate::load::connect::Connect;
use crate::load::slice::Slice;
use crate::load::{Load, memory, scrape};
use crate::plan::{Cell, Measure, Measures, Mode, Pace};
use crate::rounds::Contender;

/// Connections that the daemon does not accept in this time are abandoned, and count with this time.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3);

/// A request instead of a slice's length: compare all answers with the daemon's counters.
const CHECK: &str = "check";

/// The arguments of a worker.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) program: PathBuf,
    pub(crate) cell: Cell,
    pub(crate) daemon_cpu: usize,
    pub(crate) load_cpu: usize,
    pub(crate) watch: Watch,
}

/// Who watches the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Watch {
    Nobody,
    /// It has an admin interface on a Unix socket.
    Admin,
    /// Somebody reads a recording of all calls there.
    Recording,
    /// The latest calls are kept in memory.
    Buffer,
}

/// A running worker with its daemon, which dies with it. Both are killed when this is dropped.
pub(crate) struct Worker {
    process: Player,
    pace: Pace,
}

impl Worker {
    /// Starts it with all clients connected.
    pub(crate) fn start(options: Options, pace: Pace) -> Result<Worker> {
        Ok(Worker { process: start(&mut Job::Work(options).command()?)?, pace })
    }

    fn work(&mut self, length: Duration) -> Result<Measures> {
        ask(&mut self.process, &length.as_millis().to_string())
    }
}

impl Contender for Worker {
    type Figures = Measures;

    fn slice(&mut self) -> Result<Measures> {
        self.work(self.pace.slice)
    }

    fn warm_up(&mut self) -> Result<()> {
        if self.pace.warm_up.is_zero() { Ok(()) } else { self.work(self.pace.warm_up).map(drop) }
    }

    fn finish(mut self) -> Result<()> {
        ask::<Measures>(&mut self.process, CHECK)?;
        self.process.end()
    }
}

/// Runs until standard input ends. Every line in (milliseconds) is answered by one line out (the figures as JSON).
pub(crate) fn run(options: &Options) -> Result<()> {
    allow_descriptors(options.cell.descriptors())?;
    let scratch = Scratch::new()?;
    let socket = scratch.file("admin");
    let at = format!("unix:{}", socket.display());
    let arguments = ["-l", "127.0.0.1", "--admin", &at, "--record-buffer", "64M"];
    let arguments = match options.watch {
        Watch::Nobody => &arguments[..2],
        Watch::Admin | Watch::Recording => &arguments[..4],
        Watch::Buffer => &arguments[..],
    };
    let daemon = daemon::start(&options.program, options.daemon_cpu, arguments)?;
    pin(options.load_cpu)?;
    // Before the load, whose check does not know of these locks.
    let _held = (options.cell.mode == Mode::Scraped).then(|| scrape::hold_keys(daemon::ADDRESS)).transpose()?;
    let admin = (options.watch != Watch::Nobody).then_some(Admin::Unix(socket));
    if let (Watch::Recording, Some(admin)) = (options.watch, &admin) {
        read_recording(admin)?;
    }
    let mut load = match options.cell.mode {
        // Memory is measured without a load.
        Mode::Memory => None,
        mode => Some(Load::new(mode, daemon::ADDRESS, options.cell.connections, admin)?),
    };
    reply(&Measures::new())?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line == CHECK {
            load.as_ref().map_or(Ok(()), Load::check)?;
            reply(&Measures::new())?;
        } else {
            let length = Duration::from_millis(line.parse().context("a slice's length")?);
            let measures = slice(options.cell, &daemon, load.as_mut(), length);
            reply(&measures.with_context(|| format!("the daemon said {:?}", daemon.stderr()))?)?;
        }
    }
    Ok(())
}

/// Reads a recording until this process ends.
fn read_recording(admin: &Admin) -> Result<()> {
    let mut socket = admin.connect()?;
    socket.write_all(b"GET /v1/recording HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let head = socket.read_until("\r\n\r\n")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    thread::spawn(move || {
        let mut bytes = vec![0; 64 << 10];
        // The daemon ends it, at its end.
        while socket.read(&mut bytes).is_ok_and(|length| length > 0) {}
    });
    Ok(())
}

fn reply(measures: &Measures) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(measures)?)?;
    Ok(out.flush()?)
}

fn slice(cell: Cell, daemon: &Daemon, load: Option<&mut Load>, length: Duration) -> Result<Measures> {
    let Some(load) = load else { return memory::measure(daemon, cell.connections) };
    let before = kernel::cpu_time(daemon.pid())?;
    let mut slice = match cell.mode {
        Mode::Connect => Slice::counted(Connect::cycles(cell.connections, length))?.at_most(GIVE_UP_AFTER),
        _ => Slice::timed(length)?,
    };
    load.scenario.run(&mut slice)?;
    let mut measures = slice.measures(kernel::cpu_time(daemon.pid())?.saturating_sub(before))?;
    if matches!(cell.mode, Mode::Bystander | Mode::Scraped) {
        // A faster daemon serves the bystander more often, so the sum of its times has no meaning.
        measures.retain(|measure, _| !matches!(measure, Measure::Cpu | Measure::Rate));
    }
    Ok(measures)
}
