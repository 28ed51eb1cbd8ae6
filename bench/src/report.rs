//! The tables: one for each measure, one line for each row.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::{Write as _, stdout};
use std::iter::once;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::plan::Goal;

/// The texts of a table.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// Above the first table.
    pub(crate) preface: &'static str,
    /// The headings of the columns before the figures.
    pub(crate) labels: &'static [&'static str],
    /// How many of these columns hold words; the rest are numbers.
    pub(crate) words: usize,
    /// The headings of the two sides and of their ratio.
    pub(crate) sides: [&'static str; 3],
    /// Below the last table.
    pub(crate) legend: &'static str,
}

/// All rows.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Report {
    #[serde(skip)]
    layout: Layout,
    rows: Vec<Row>,
}

/// One line of one table.
#[derive(Serialize)]
pub(crate) struct Row {
    /// The title of its table.
    measure: &'static str,
    labels: Vec<String>,
    theirs: f64,
    ours: f64,
    ratio: f64,
    middle_half: (f64, f64),
    goal: Option<String>,
    met: Option<bool>,
    /// Each pair's figures, theirs and ours.
    pairs: Vec<(f64, f64)>,
    #[serde(skip)]
    decimals: fn(f64) -> usize,
}

impl Report {
    /// An empty report.
    pub(crate) fn new(layout: Layout) -> Report {
        Report { layout, rows: Vec::new() }
    }

    /// Adds rows, and prints the first as progress. The tables are in the order of their first rows.
    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        eprintln!(" ratio {:.3}", rows.first().map_or(f64::NAN, |row| row.ratio));
        self.rows.extend(rows);
    }

    /// Prints the tables, and writes every pair's figures to a file if one is given.
    pub(crate) fn publish(&self, json: Option<&Path>) -> Result<()> {
        json.map_or(Ok(()), |path| save(self, path))?;
        Ok(write!(stdout(), "{self}")?)
    }
}

impl Row {
    /// The row of some pairs of figures, theirs and ours.
    pub(crate) fn new(
        (measure, decimals): (&'static str, fn(f64) -> usize),
        labels: Vec<String>,
        pairs: Vec<(f64, f64)>,
        goal: Option<Goal>,
    ) -> Row {
        let ratios: Vec<f64> = pairs.iter().map(|(theirs, ours)| ours / theirs).collect();
        let (theirs, ours): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let (theirs, ours) = (quantile(&theirs, 0.5), quantile(&ours, 0.5));
        let ratio = quantile(&ratios, 0.5);
        Row {
            measure,
            labels,
            theirs,
            ours,
            ratio,
            middle_half: (quantile(&ratios, 0.25), quantile(&ratios, 0.75)),
            goal: goal.map(|goal| goal.to_string()),
            met: goal.map(|goal| goal.is_met(ours, ratio)),
            pairs,
            decimals,
        }
    }

    fn columns(&self) -> Vec<String> {
        let (low, high) = self.middle_half;
        let met = self.met.map_or("", word);
        let figures = [
            number(self.theirs, (self.decimals)(self.theirs)),
            number(self.ours, (self.decimals)(self.ours)),
            format!("{:.3}", self.ratio),
            format!("{low:.2} to {high:.2}"),
            self.goal.clone().unwrap_or_default(),
            met.to_owned(),
        ];
        self.labels.iter().cloned().chain(figures).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.layout.preface.is_empty() {
            writeln!(f, "\n{}", self.layout.preface)?;
        }
        let Layout { labels, sides, words, .. } = self.layout;
        let headings = labels.iter().chain(&sides).chain(&["middle half", "goal", "met"]);
        let headings: Vec<_> = headings.map(|&heading| heading.to_owned()).collect();
        let mut titles: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !titles.contains(&row.measure) {
                titles.push(row.measure);
            }
        }
        for title in titles {
            let rows = self.rows.iter().filter(|row| row.measure == title);
            let lines: Vec<_> = once(headings.clone()).chain(rows.map(Row::columns)).collect();
            writeln!(f, "\n{title}")?;
            table(f, words, &lines)?;
        }
        write!(f, "\n{}", self.layout.legend)
    }
}

/// Writes figures to a file.
pub(crate) fn save(figures: &impl Serialize, path: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(figures)?;
    fs::write(path, text + "\n").with_context(|| path.display().to_string())
}

/// Writes lines in columns, the first `words` of them to the left, figures to the right.
pub(crate) fn table(out: &mut impl fmt::Write, words: usize, lines: &[Vec<String>]) -> fmt::Result {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    for line in lines {
        let mut text = String::new();
        for (column, cell) in line.iter().enumerate() {
            match width(column) {
                width if column < words => write!(text, "  {cell:width$}")?,
                width => write!(text, "  {cell:>width$}")?,
            }
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// A mark for a goal: a missed goal is visible.
pub(crate) fn word(met: bool) -> &'static str {
    if met { "yes" } else { "NO" }
}

/// A number with separated thousands.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", thousands(whole)),
        None => thousands(&text),
    }
}

/// Digits in groups of three.
pub(crate) fn thousands(whole: &str) -> String {
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    format!("{sign}{}", groups.join(","))
}

/// A quantile of some values, interpolated between two neighbours if necessary.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into a list"
)]
pub(crate) fn quantile(values: &[f64], quantile: f64) -> f64 {
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

    const LAYOUT: Layout = Layout {
        preface: "",
        labels: &["mode", "connections"],
        words: 1,
        sides: ["theirs", "ours", "ratio"],
        legend: "",
    };

    fn row(pairs: &[(f64, f64)]) -> Row {
        let labels = vec!["own".to_owned(), "1,000".to_owned()];
        Row::new(("CPU", |_| 2), labels, pairs.to_vec(), Some(Goal::RatioAtMost(0.8)))
    }

    #[test]
    fn the_ratio_is_the_median_of_the_pairs() {
        let row = row(&[(10.0, 7.0), (20.0, 30.0), (5.0, 4.0)]);
        assert!((row.ratio - 0.8).abs() < 1e-9);
        assert_eq!(row.met, Some(true));
    }

    #[test]
    fn a_missed_goal_is_said() {
        let mut report = Report::new(LAYOUT);
        report.add(vec![row(&[(1.0, 0.9)])]);
        let text = report.to_string();
        assert!(text.contains("ratio <= 0.80   NO\n"), "{text}");
    }

    #[test]
    fn columns_are_aligned() {
        let mut report = Report::new(LAYOUT);
        report.add(vec![row(&[(1.0, 1.0)]), row(&[(12_345.0, 12_345.0)])]);
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
