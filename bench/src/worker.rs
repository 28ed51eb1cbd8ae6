//! The process beside a daemon: it has the namespace, starts the daemon, and works a slice for each line that it reads.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::daemon::{self, Daemon};
use crate::load::connect::Connect;
use crate::load::slice::Slice;
use crate::load::{Load, memory};
use crate::options::WorkerOptions;
use crate::plan::{Measure, Measures, Mode};
use crate::{cpu, namespace};

/// Connections that the daemon did not take up in this time are given up, and count as having taken so long.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3);

/// Runs until standard input ends. Every line in (milliseconds) is answered by one line out (the figures as JSON).
pub(crate) fn run(options: &WorkerOptions) -> Result<()> {
    daemon::die_with_parent()?;
    daemon::raise_descriptor_limit(options.connections + 200)?;
    namespace::prepare()?;
    let daemon = Daemon::start(&options.daemon, options.daemon_cpu)?;
    cpu::pin(options.load_cpu)?;
    let mut bench = Bench::new(&daemon, options)?;
    reply(&Measures::new())?;
    for line in io::stdin().lock().lines() {
        let length = Duration::from_millis(line?.parse().context("a slice's length")?);
        reply(&bench.slice(length)?)?;
    }
    bench.check()?;
    reply(&Measures::new())
}

fn reply(measures: &Measures) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(measures)?)?;
    Ok(out.flush()?)
}

/// What answers a request for a slice.
struct Bench<'a> {
    daemon: &'a Daemon,
    mode: Mode,
    connections: usize,
    /// None: memory is measured.
    load: Option<Load>,
}

impl<'a> Bench<'a> {
    fn new(daemon: &'a Daemon, options: &WorkerOptions) -> Result<Bench<'a>> {
        let load = match options.mode {
            Mode::Memory => None,
            mode => Some(Load::new(mode, Daemon::address(), options.connections)?),
        };
        Ok(Bench { daemon, mode: options.mode, connections: options.connections, load })
    }

    fn slice(&mut self, length: Duration) -> Result<Measures> {
        let Some(load) = &mut self.load else {
            return memory::measure(self.daemon, self.connections);
        };
        let before = self.daemon.cpu_time()?;
        let mut slice = match self.mode {
            Mode::Connect => Slice::counted(Connect::cycles(self.connections, length))?.at_most(GIVE_UP_AFTER),
            _ => Slice::timed(length)?,
        };
        load.run(&mut slice)?;
        let mut measures = slice.measures(self.daemon.cpu_time()?.saturating_sub(before))?;
        if self.mode == Mode::Bystander {
            // A quicker daemon serves the bystander more often, so what it takes in all says nothing.
            measures.retain(|measure, _| !matches!(measure, Measure::Cpu | Measure::Rate));
        }
        Ok(measures)
    }

    fn check(&self) -> Result<()> {
        self.load.as_ref().map_or(Ok(()), Load::check)
    }
}
