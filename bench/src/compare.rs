//! The comparison: for each row, starts both daemons, which work in turn.

use std::time::Instant;

use anyhow::{Context, Result};
use poolcounter_test_support::{Program, allow_descriptors};

use crate::options::{CompareOptions, Sides};
use crate::plan::{self, Cell, Goal, Measure, Measures, Pace};
use crate::report::{Layout, Report, Row, thousands};
use crate::rounds;
use crate::worker::{Options, Watch, Worker};
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

/// Measures every row and prints the tables.
pub(crate) fn run(options: &CompareOptions) -> Result<()> {
    let cells = match &options.only[..] {
        [] => plan::cells(),
        only => only.iter().flat_map(|only| only.0.clone()).collect(),
    };
    let itself = options.sides.itself;
    let reference = options.reference.as_deref().map_or_else(Program::reference, Program::at)?.path().to_owned();
    let ours = if itself { reference.clone() } else { daemon::ours(options.sides.common.ours.as_deref())? };
    eprintln!("reference: {}", reference.display());
    eprintln!("ours:      {}", ours.display());
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    let began = Instant::now();
    let preface = if itself { "The reference against itself: \"ours\" is the reference too." } else { "" };
    let mut report = Report::new(Layout { preface, ..LAYOUT });
    let worker = |cell, is_ours| {
        let program = if is_ours { &ours } else { &reference }.clone();
        Options { program, cell, daemon_cpu, load_cpu, watch: Watch::Nobody }
    };
    let goal = |cell, measure| plan::goal(cell, measure, itself);
    measure(&Contest { cells: &cells, sides: &options.sides, options: &worker, goal: &goal }, &mut report)?;
    eprintln!("took {} s", began.elapsed().as_secs());
    report.publish(options.sides.common.json.as_deref())
}

/// What is compared.
pub(crate) struct Contest<'a> {
    pub(crate) cells: &'a [Cell],
    pub(crate) sides: &'a Sides,
    /// What a side's worker does; the second side is ours.
    pub(crate) options: &'a dyn Fn(Cell, bool) -> Options,
    pub(crate) goal: &'a dyn Fn(Cell, Measure) -> Option<Goal>,
}

/// Measures every cell, and adds its rows to a report.
pub(crate) fn measure(contest: &Contest<'_>, report: &mut Report) -> Result<()> {
    let Contest { cells, sides, options, goal } = *contest;
    allow_descriptors(cells.iter().map(Cell::descriptors).max().unwrap_or_default())?;
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    eprintln!("daemons on core {daemon_cpu}, load on core {load_cpu}");
    cpu::warn_if_busy();
    for (index, &cell) in cells.iter().enumerate() {
        eprint!("[{:2}/{}] {:9} {:6} ", index + 1, cells.len(), cell.mode, cell.connections);
        let pace = Pace::new(cell, sides.common.quick, sides.rounds(3));
        let pairs = rounds::pairs(pace.rounds, pace.pairs, |is_ours| Worker::start(options(cell, is_ours), pace))
            .with_context(|| format!("{} with {} connections", cell.mode, cell.connections))?;
        report.add(rows(cell, &pairs, goal));
    }
    Ok(())
}

/// The rows of a cell, one for each measure that its pairs have.
fn rows(cell: Cell, pairs: &[(Measures, Measures)], goal: &dyn Fn(Cell, Measure) -> Option<Goal>) -> Vec<Row> {
    let row = |measure: Measure| {
        let figures =
            |(reference, ours): &(Measures, Measures)| Some((*reference.get(&measure)?, *ours.get(&measure)?));
        let figures: Vec<_> = pairs.iter().map(figures).collect::<Option<_>>()?;
        let labels = vec![cell.mode.to_string(), thousands(&cell.connections.to_string())];
        Some(Row::new(measure.heading(), labels, figures, goal(cell, measure)))
    };
    Measure::ALL.into_iter().filter_map(row).collect()
}
