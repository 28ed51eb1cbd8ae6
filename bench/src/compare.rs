//! The comparison: for each row both daemons are started, and work in turn, ABBA.

use std::io::{Write, stderr, stdout};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::binaries::Binaries;
use crate::namespace::Unshare;
use crate::options::CompareOptions;
use crate::plan::{self, Cell, Measure, Measures, Pace};
use crate::report::{Layout, Report, Row, thousands};
use crate::side::{Setting, Side};
use crate::{cpu, daemon};

const LAYOUT: Layout = Layout {
    preface: "",
    labels: &["mode", "connections"],
    words: 1,
    sides: ["reference", "ours", "ours/reference"],
    legend: "\
Each figure is the median of its slices; ours/reference is the median of the pairs' ratios, and half of the pairs
lie in the middle half. Latency: own, of each command; shared, from a RELEASE to the next client's LOCKED; stampede,
from the RELEASE to the last DONE; bystander, the slowest acquire of another client before that last DONE; connect, from the connect to the close (3 s: given up). In shared and stampede
there is one holder beside so many waiters.
",
};

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
    cpu::warn_if_busy();
    let start = Instant::now();
    let preface = if options.itself { "The reference against itself: \"ours\" is the reference too." } else { "" };
    let mut report = Report::new(Layout { preface, ..LAYOUT });
    for (index, cell) in cells.iter().enumerate() {
        eprint!("[{:2}/{}] {:9} {:6} ", index + 1, cells.len(), cell.mode, cell.connections);
        let pace = Pace::new(*cell, options.quick, options.rounds);
        let pairs = measure(&setting, &binaries, *cell, pace)
            .with_context(|| format!("{} with {} connections", cell.mode, cell.connections))?;
        let rows = rows(*cell, &pairs, options.itself);
        eprintln!(" ratio {:.3}", rows.first().map_or(f64::NAN, Row::ratio));
        report.add(rows);
    }
    eprintln!("took {} s", start.elapsed().as_secs());
    if let Some(path) = &options.json {
        report.save(path)?;
    }
    write!(stdout(), "{report}")?;
    Ok(())
}

fn cells(options: &CompareOptions) -> Vec<Cell> {
    if options.only.is_empty() {
        return plan::cells();
    }
    options.only.iter().flat_map(plan::Only::cells).collect()
}

/// The rows of a cell, one for each measure that its pairs have.
fn rows(cell: Cell, pairs: &[Pair], itself: bool) -> Vec<Row> {
    let row = |measure: Measure| {
        let figures = |pair: &Pair| Some((*pair.reference.get(&measure)?, *pair.ours.get(&measure)?));
        let figures: Vec<_> = pairs.iter().map(figures).collect::<Option<_>>()?;
        let labels = vec![cell.mode.to_string(), thousands(&cell.connections.to_string())];
        Some(Row::new(measure.title(), measure.decimals(), labels, figures, plan::goal(cell, measure, itself)))
    };
    Measure::ALL.into_iter().filter_map(row).collect()
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
