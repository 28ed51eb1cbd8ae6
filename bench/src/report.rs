//! The tables: one for each measure, one line for each row.

use std::fmt;

use serde::Serialize;

use crate::compare::Pair;
use crate::plan::{Cell, Goal, Measure, Mode, goal};

const HEADINGS: [&str; 8] =
    ["mode", "connections", "reference", "ours", "ours/reference", "middle half", "goal", "met"];

const LEGEND: &str = "\
Each figure is the median of its slices; ours/reference is the median of the pairs' ratios, and half of the pairs
lie in the middle half. Latency: own, of each command; shared, from a RELEASE to the next client's LOCKED; stampede,
from the RELEASE to the last DONE; connect, from the connect to the close (3 s: given up). In shared and stampede
there is one holder beside so many waiters.
";

/// All rows.
#[derive(Serialize)]
pub(crate) struct Report {
    itself: bool,
    rows: Vec<Row>,
}

/// One measure of one cell.
#[derive(Serialize)]
pub(crate) struct Row {
    measure: Measure,
    mode: Mode,
    connections: usize,
    reference: f64,
    ours: f64,
    ratio: f64,
    middle_half: (f64, f64),
    goal: Option<String>,
    met: Option<bool>,
    reference_slices: Vec<f64>,
    ours_slices: Vec<f64>,
}

impl Report {
    /// An empty report; `itself`: the reference stands on both sides.
    pub(crate) fn new(itself: bool) -> Report {
        Report { itself, rows: Vec::new() }
    }

    /// Adds a cell's rows.
    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }
}

impl Row {
    /// The rows of a cell, one for each measure that its pairs have.
    pub(crate) fn of(cell: Cell, pairs: &[Pair], itself: bool) -> Vec<Row> {
        let row = |measure| Row::new(cell, measure, pairs, goal(cell, measure, itself));
        Measure::ALL.into_iter().filter_map(row).collect()
    }

    /// Ours / reference.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratio
    }

    fn new(cell: Cell, measure: Measure, pairs: &[Pair], goal: Option<Goal>) -> Option<Row> {
        let slices = |side: fn(&Pair) -> &crate::plan::Measures| -> Option<Vec<f64>> {
            pairs.iter().map(|pair| side(pair).get(&measure).copied()).collect()
        };
        let reference_slices = slices(|pair| &pair.reference)?;
        let ours_slices = slices(|pair| &pair.ours)?;
        let pair = ours_slices.iter().zip(&reference_slices);
        let ratios: Vec<f64> = pair.map(|(ours, reference)| ours / reference).collect();
        let ours = quantile(&ours_slices, 0.5);
        let ratio = quantile(&ratios, 0.5);
        Some(Row {
            measure,
            mode: cell.mode,
            connections: cell.connections,
            reference: quantile(&reference_slices, 0.5),
            ours,
            ratio,
            middle_half: (quantile(&ratios, 0.25), quantile(&ratios, 0.75)),
            goal: goal.map(|goal| goal.to_string()),
            met: goal.map(|goal| goal.is_met(ours, ratio)),
            reference_slices,
            ours_slices,
        })
    }

    fn columns(&self) -> [String; 8] {
        let (low, high) = self.middle_half;
        let met = self.met.map(|met| if met { "yes" } else { "NO" });
        [
            self.mode.to_string(),
            thousands(&self.connections.to_string()),
            number(self.reference, decimals(self.measure, self.reference)),
            number(self.ours, decimals(self.measure, self.ours)),
            format!("{:.3}", self.ratio),
            format!("{low:.2} to {high:.2}"),
            self.goal.clone().unwrap_or_default(),
            met.unwrap_or_default().to_owned(),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.itself {
            writeln!(f, "\nThe reference against itself: \"ours\" is the reference too.")?;
        }
        for measure in Measure::ALL {
            let rows = self.rows.iter().filter(|row| row.measure == measure);
            let lines: Vec<_> = rows.map(Row::columns).collect();
            if !lines.is_empty() {
                writeln!(f, "\n{}", measure.title())?;
                table(f, &lines)?;
            }
        }
        write!(f, "\n{LEGEND}")
    }
}

/// Writes lines in columns: the first to the left, as words; the figures to the right.
fn table(f: &mut fmt::Formatter<'_>, lines: &[[String; 8]]) -> fmt::Result {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0).max(HEADINGS[column].len())
    };
    let headings = HEADINGS.map(str::to_owned);
    for line in std::iter::once(&headings).chain(lines) {
        let cell = |(column, cell): (usize, &String)| match width(column) {
            width if column == 0 => format!("  {cell:width$}"),
            width => format!("  {cell:>width$}"),
        };
        let text: String = line.iter().enumerate().map(cell).collect();
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}

fn decimals(measure: Measure, value: f64) -> usize {
    match measure {
        Measure::Cpu => 2,
        Measure::P50 | Measure::P99 | Measure::P999 if value < 1_000.0 => 1,
        _ => 0,
    }
}

/// A number with its thousands apart.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", thousands(whole)),
        None => thousands(&text),
    }
}

fn thousands(whole: &str) -> String {
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left.is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A quantile of some values, between two neighbours if need be.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into a short list"
)]
fn quantile(values: &[f64], quantile: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = quantile * last as f64;
    let below = place as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Measures;

    fn pairs(figures: &[(f64, f64)]) -> Vec<Pair> {
        let side = |value| Measures::from([(Measure::Cpu, value)]);
        let pair = |&(reference, ours)| Pair { reference: side(reference), ours: side(ours) };
        figures.iter().map(pair).collect()
    }

    const OWN: Cell = Cell { mode: Mode::Own, connections: 1_000 };

    #[test]
    fn the_ratio_is_the_median_of_the_pairs() {
        let rows = Row::of(OWN, &pairs(&[(10.0, 7.0), (20.0, 30.0), (5.0, 4.0)]), false);
        assert_eq!(rows.len(), 1);
        assert!((rows[0].ratio() - 0.8).abs() < 1e-9);
        assert_eq!(rows[0].met, Some(true));
    }

    #[test]
    fn a_missed_goal_is_said() {
        let mut report = Report::new(false);
        report.add(Row::of(OWN, &pairs(&[(1.0, 0.9)]), false));
        let text = report.to_string();
        assert!(text.contains("ratio <= 0.80   NO\n"), "{text}");
    }

    #[test]
    fn columns_are_aligned() {
        let mut report = Report::new(true);
        report.add(Row::of(OWN, &pairs(&[(1.0, 1.0)]), true));
        report.add(Row::of(OWN, &pairs(&[(12_345.0, 12_345.0)]), true));
        let text = report.to_string();
        let lines = text.lines().filter(|line| line.starts_with("  "));
        let widths: Vec<_> = lines.map(str::len).collect();
        assert_eq!(widths.len(), 3);
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn numbers_and_quantiles() {
        assert_eq!(number(1_234_567.0, 0), "1,234,567");
        assert_eq!(number(999.0, 0), "999");
        assert_eq!(number(-1_000.25, 1), "-1,000.2");
        assert!((quantile(&[4.0, 1.0, 2.0, 3.0], 0.5) - 2.5).abs() < 1e-9);
        assert!((quantile(&[3.0], 0.25) - 3.0).abs() < 1e-9);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
