//! Two outcomes side by side, for a terminal.

use poolcounter_sim::Report;
use poolcounter_sim::outcome::{Totals, Waits};

type Row = (&'static str, fn(&Totals) -> String);

const ROWS: &[Row] = &[
    ("requests", |totals| count(totals.requests)),
    ("fresh answers", |totals| count(totals.fresh)),
    ("stale answers", |totals| count(totals.stale)),
    ("errors", |totals| count(totals.errors)),
    ("  queue full", |totals| count(totals.errors_by.queue_full)),
    ("  timeout", |totals| count(totals.errors_by.timeout)),
    ("  parse died", |totals| count(totals.errors_by.crashed)),
    ("  refused by a server", |totals| count(totals.errors_by.refused)),
    ("  reader gave up", |totals| count(totals.errors_by.gave_up)),
    ("  to the crawler", |totals| count(totals.crawler_errors)),
    ("unfinished", |totals| count(totals.unfinished)),
    ("parses", |totals| count(totals.parses)),
    ("  of what was there already", |totals| count(totals.repeated_parses)),
    ("  at once, at the most", |totals| count(totals.most_parses)),
    ("CPU seconds", |totals| count_of(totals.cpu_seconds)),
    ("CPU busy", |totals| format!("{:.1} %", totals.cpu_busy * 100.0)),
    ("longest queue", |totals| count(totals.longest_queue)),
    ("longest backlog", |totals| count(totals.longest_backlog)),
    ("wait, p50", |totals| seconds(&totals.wait, totals.wait.p50)),
    ("  p95", |totals| seconds(&totals.wait, totals.wait.p95)),
    ("  p99", |totals| seconds(&totals.wait, totals.wait.p99)),
    ("  longest", |totals| seconds(&totals.wait, totals.wait.max)),
    ("wait after a miss, p50", |totals| seconds(&totals.miss_wait, totals.miss_wait.p50)),
    ("  p95", |totals| seconds(&totals.miss_wait, totals.miss_wait.p95)),
    ("  p99", |totals| seconds(&totals.miss_wait, totals.miss_wait.p99)),
];

pub(crate) fn of(report: &Report) -> String {
    let lab = &report.comparison;
    let mut text = format!("{}\n\na: {}\nb: {}\n\n", report.query, lab.a, lab.b);
    text += &line("", "a", "b");
    for (label, show) in ROWS {
        text += &line(label, &show(&report.a.totals), &show(&report.b.totals));
    }
    text
}

fn line(label: &str, a: &str, b: &str) -> String {
    format!("{label:<28}{a:>14}{b:>14}\n")
}

fn seconds(waits: &Waits, value: f64) -> String {
    if waits.count == 0 { "-".into() } else { format!("{value:.3} s") }
}

fn count_of(value: f64) -> String {
    let text = format!("{value:.0}");
    text.parse().map_or(text, count)
}

/// With commas, in threes.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
