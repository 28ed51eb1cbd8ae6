//! `poolcounter-sim replay`: recordings with the recorded settings and with new ones.

use crate::files;
use crate::table::count;
use poolcounter_sim::progress::Progress;
use poolcounter_sim::replay::{Figures, GroupReport, KeyCounts, Plan, Replay, Report, TrafficReading};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// How many events pass between two looks at the clock.
const SLICE: u32 = 100_000;

type Row = (&'static str, fn(&Figures) -> String);

const ROWS: &[Row] = &[
    ("requests", |figures| count(figures.requests)),
    ("  found the result at once", |figures| count(figures.found)),
    ("  missing in the recording", |figures| count(figures.missing)),
    ("LOCKED", |figures| count(figures.granted)),
    ("  after a wait", |figures| count(figures.granted_later)),
    ("DONE", |figures| count(figures.done)),
    ("QUEUE_FULL", |figures| count(figures.refused)),
    ("TIMEOUT after a wait", |figures| count(figures.timed_out)),
    ("TIMEOUT at once", |figures| count(figures.not_free)),
    ("clients that left their wait", |figures| count(figures.left)),
    ("old copies shown", |figures| known(figures.stale)),
    ("errors: no copy at all", |figures| known(figures.errors)),
    ("work done", |figures| count(figures.works)),
    ("  twice", |figures| count(figures.repeated)),
    ("  died", |figures| count(figures.died)),
    ("  at once, at the most", |figures| count(figures.most_works)),
    ("unfinished", |figures| count(figures.unfinished)),
    ("waits", |figures| count(figures.wait.count)),
    ("  at once, at the most", |figures| count(figures.most_waiting)),
    ("  p50", |figures| seconds(figures, figures.wait.p50)),
    ("  p95", |figures| seconds(figures, figures.wait.p95)),
    ("  p99", |figures| seconds(figures, figures.wait.p99)),
    ("  longest", |figures| seconds(figures, figures.wait.max)),
];

pub(crate) fn replay(files: &[PathBuf], plan: &Plan) -> Result<Report, String> {
    let mut progress = Progress::begin();
    let recordings = files.iter().map(|file| files::read(file, &mut progress)).collect::<Result<Vec<_>, _>>()?;
    let mut reading = TrafficReading::new(recordings).map_err(|error| error.to_string())?;
    loop {
        let share = reading.advance(SLICE);
        progress.show_of("finding the requests", share);
        if share >= 1.0 {
            break;
        }
    }
    let mut replay = Replay::new(&Arc::new(reading.finish()), plan).map_err(|invalid| invalid.to_string())?;
    loop {
        let column = if replay.plays_b() { "column B" } else { "column A" };
        let share = replay.advance(SLICE);
        progress.show_of(column, share);
        if share >= 1.0 {
            return Ok(replay.report());
        }
    }
}

/// The report for a terminal. Writing to a string cannot fail.
pub(crate) fn table(report: &Report) -> String {
    let mut text = String::new();
    for source in &report.sources {
        let _ = write!(
            text,
            "{}: {} calls, {} left out",
            source.server.escape_debug(),
            count(source.calls),
            count(source.left_out)
        );
        text += if source.is_cut { ", cut off\n" } else { "\n" };
    }
    let _ = write!(
        text,
        "{:.1} s from {} UTC, seed {}",
        report.seconds,
        files::wall_clock(report.started_micros),
        report.plan.seed
    );
    text += &report.plan.cores.map_or_else(|| "\n".to_owned(), |cores| format!(", {} cores\n", count(cores.into())));
    for group in &report.groups {
        text += &of_group(group);
    }
    if report.groups.is_empty() {
        text += "\nThe recordings have no requests.\n";
    }
    for warning in &report.warnings {
        let _ = write!(text, "\nwarning: {warning}\n");
    }
    text
}

fn of_group(group: &GroupReport) -> String {
    let info = &group.info;
    let limits = info.limits;
    let mut recorded = format!("workers {}, maxqueue {}, timeout {}", limits.workers, limits.maxqueue, limits.timeout);
    if info.fast_stale {
        recorded += ", fastStale";
    }
    if info.other_limits > 0 {
        let _ = write!(recorded, ", and {} other settings", count(info.other_limits));
    }
    let change =
        group.change.as_ref().and_then(|change| change.split_once(": ")).map_or("as recorded", |(_, change)| change);
    let mut text = format!("\n{}\na: {recorded}\nb: {change}\n\n", info.title());
    text += &line("", ["recorded", "a", "b"].map(str::to_owned));
    for (label, show) in ROWS {
        text += &line(label, [&group.recorded, &group.a, &group.b].map(show));
    }
    if !group.keys.is_empty() {
        text += "\nthe keys that change most\n";
    }
    for key in &group.keys {
        let _ = write!(text, "  {}\n    a: {}\n    b: {}\n", key.key, of_key(&key.a), of_key(&key.b));
    }
    text
}

fn of_key(counts: &KeyCounts) -> String {
    let parts = [
        ("LOCKED", counts.granted),
        ("DONE", counts.done),
        ("QUEUE_FULL", counts.refused),
        ("TIMEOUT", counts.timed_out),
        ("old copies", counts.stale),
    ];
    let parts =
        parts.iter().filter(|(_, number)| *number > 0).map(|(word, number)| format!("{word} {}", count(*number)));
    let waited = std::time::Duration::from_micros(counts.waited_micros).as_secs_f64();
    parts.chain([format!("waited {waited:.3} s")]).collect::<Vec<_>>().join(", ")
}

fn line(label: &str, columns: [String; 3]) -> String {
    let [recorded, a, b] = columns;
    format!("{label:<30}{recorded:>14}{a:>14}{b:>14}\n")
}

fn seconds(figures: &Figures, value: f64) -> String {
    if figures.wait.count == 0 { "-".into() } else { format!("{value:.3} s") }
}

/// `?`: the recording cannot tell.
fn known(number: Option<u64>) -> String {
    number.map_or_else(|| "?".into(), count)
}
