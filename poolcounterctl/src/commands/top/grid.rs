//! A table of `top`, before anyone knows how it is shown.

use crate::output::{Column, KeyWidth, Table};

/// What a row is, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emphasis {
    Plain,
    /// Somebody waits.
    Contended,
    /// A server that does not answer, or is not ready.
    Bad,
}

#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) columns: Vec<Column>,
    /// The index of the column that takes what the others leave, and is shortened to that.
    pub(super) flexible: usize,
    pub(super) rows: Vec<(Emphasis, Vec<String>)>,
    /// Lines below the rows, for what no cell has room for.
    pub(super) notes: Vec<String>,
}

impl Grid {
    /// As plain text.
    pub(super) fn text(&self) -> String {
        let others: usize =
            (0..self.columns.len()).filter(|at| *at != self.flexible).map(|at| self.width(at) + 2).sum();
        let width = KeyWidth::beside(others);
        let mut table = Table::new(false, &self.columns);
        for (_, cells) in &self.rows {
            let shown = |(at, cell): (usize, &String)| {
                if at == self.flexible { width.shorten(cell) } else { cell.clone() }
            };
            table.row(None, cells.iter().enumerate().map(shown));
        }
        let notes: String = self.notes.iter().map(|note| format!("{note}\n")).collect();
        format!("{table}{notes}")
    }

    /// What a column needs.
    pub(super) fn width(&self, column: usize) -> usize {
        let heading = self.columns.get(column).map_or(0, |column| column.heading().len());
        let cells = self.rows.iter().filter_map(|(_, cells)| Some(cells.get(column)?.chars().count()));
        cells.max().unwrap_or_default().max(heading)
    }
}
