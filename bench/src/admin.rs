//! What the admin interface costs: our daemon without and with it.

use std::time::Instant;

use anyhow::Result;

use crate::compare::{Contest, measure};
use crate::options::Sides;
use crate::plan::{self, Goal, Measure, Mode};
use crate::report::{Layout, Report};
use crate::worker::{Options, Watch};
use crate::{cpu, daemon};

const LAYOUT: Layout = Layout {
    preface: "",
    labels: &["mode", "connections"],
    words: 1,
    sides: ["without", "with", "with/without"],
    legend: "\
Our daemon without --admin and with it. Latency: own, of each command; scraped, of each acquire of another client during a
stampede while 20,000 keys are held: with --admin, four clients ask for /metrics and /v1/keys at its beginning.
recorded and buffered are the load of own, with --admin on both sides: \"with\" is while somebody reads /v1/recording, and with
--record-buffer 64M.
",
};

/// Measures every row and prints the tables.
pub(crate) fn run(sides: &Sides) -> Result<()> {
    let program = daemon::ours(sides.common.ours.as_deref())?;
    let cells = plan::admin_cells();
    let began = Instant::now();
    let preface = if sides.itself { "The side without it on both sides." } else { "" };
    let mut report = Report::new(Layout { preface, ..LAYOUT });
    let (load_cpu, daemon_cpu) = cpu::two_cores()?;
    let options = |cell: plan::Cell, with| {
        let watch = match (cell.mode, with && !sides.itself) {
            (Mode::Recorded, true) => Watch::Recording,
            (Mode::Buffered, true) => Watch::Buffer,
            (Mode::Recorded | Mode::Buffered, false) | (_, true) => Watch::Admin,
            (_, false) => Watch::Nobody,
        };
        Options { program: program.clone(), cell, daemon_cpu, load_cpu, watch }
    };
    measure(&Contest { cells: &cells, sides, options: &options, goal: &goal }, &mut report)?;
    eprintln!("took {} s", began.elapsed().as_secs());
    report.publish(sides.common.json.as_deref())
}

fn goal(cell: plan::Cell, measure: Measure) -> Option<Goal> {
    match (cell.mode, measure) {
        (Mode::Own | Mode::Recorded | Mode::Buffered, Measure::Cpu) => Some(Goal::RatioAtMost(1.05)),
        (Mode::Scraped, Measure::P99) => Some(Goal::AtMostMore(1_000.0)),
        (Mode::Memory, Measure::IdleBytes) => Some(Goal::AtMostMore(16.0)),
        _ => None,
    }
}
