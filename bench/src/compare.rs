//! The comparison: for each row both daemons are started, and work in turn, ABBA.

use std::fs;
use std::io::{Write, stderr, stdout};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::binaries::Binaries;
use crate::namespace::Unshare;
use crate::options::CompareOptions;
use crate::plan::{self, Cell, Measures, Pace};
use crate::report::{Report, Row};
use crate::side::{Setting, Side};
use crate::{cpu, daemon};

/// The figures of two slices, one right after the other.
pub(crate) struct Pair {
    pub(crate) reference: Measures,
    pub(crate) ours: Measures,
}

/// Measures every row and prints the tables.
pub(crate) fn run(options: &CompareOptions) -> Result<()> {
    let cells = cells(options);
    let most = cells.iter().map(|cell| cell.connections).max();
    daemon::raise_descriptor_limit(most.unwrap_or_default() + 200)?;
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    let setting = Setting { unshare: Unshare::new()?, load_cpu, daemon_cpu };
    let binaries = Binaries::find(options)?;
    eprintln!("reference: {}", binaries.reference.display());
    eprintln!("ours:      {}", binaries.ours.display());
    eprintln!("daemons on core {daemon_cpu}, load on core {load_cpu}");
    warn_if_busy();
    let start = Instant::now();
    let mut report = Report::new(options.itself);
    for (index, cell) in cells.iter().enumerate() {
        eprint!("[{:2}/{}] {:8} {:6} ", index + 1, cells.len(), cell.mode, cell.connections);
        let pace = Pace::new(*cell, options.quick, options.rounds);
        let pairs = measure(&setting, &binaries, *cell, pace)
            .with_context(|| format!("{} with {} connections", cell.mode, cell.connections))?;
        let rows = Row::of(*cell, &pairs, options.itself);
        eprintln!(" ratio {:.3}", rows.first().map_or(f64::NAN, Row::ratio));
        report.add(rows);
    }
    eprintln!("took {} s", start.elapsed().as_secs());
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(path, text + "\n").with_context(|| path.display().to_string())?;
    }
    write!(stdout(), "{report}")?;
    Ok(())
}

/// Others on these cores spoil latencies first, then all the rest.
fn warn_if_busy() {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Option<f64> = text.split(' ').next().and_then(|load| load.parse().ok());
    if let Some(load) = load.filter(|load| *load > 0.5) {
        eprintln!("the machine is busy (load average {load}): expect noise");
    }
}

fn cells(options: &CompareOptions) -> Vec<Cell> {
    if options.only.is_empty() {
        return plan::cells();
    }
    options.only.iter().flat_map(plan::Only::cells).collect()
}

fn measure(setting: &Setting, binaries: &Binaries, cell: Cell, pace: Pace) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for round in 0..pace.rounds {
        let mut reference = Side::start(setting, &binaries.reference, cell)?;
        let mut ours = Side::start(setting, &binaries.ours, cell)?;
        if !pace.warm_up.is_zero() {
            reference.slice(pace.warm_up)?;
            ours.slice(pace.warm_up)?;
        }
        for turn in 0..pace.pairs {
            pairs.push(if (round + turn) % 2 == 0 {
                let reference = reference.slice(pace.slice)?;
                let ours = ours.slice(pace.slice)?;
                Pair { reference, ours }
            } else {
                let ours = ours.slice(pace.slice)?;
                let reference = reference.slice(pace.slice)?;
                Pair { reference, ours }
            });
        }
        reference.finish().context("the reference")?;
        ours.finish().context("ours")?;
        eprint!(".");
        stderr().flush()?;
    }
    Ok(pairs)
}
