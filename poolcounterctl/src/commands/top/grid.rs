//! A table of `top`, before anyone knows how it is shown.

use crate::output::Table;
use std::fmt;

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
    pub(super) table: Table,
    /// Of each row.
    pub(super) emphases: Vec<Emphasis>,
    /// Lines below the rows, for what no cell has room for.
    pub(super) notes: Vec<String>,
}

impl Grid {
    pub(super) fn new(table: Table) -> Self {
        Self { table, emphases: Vec::new(), notes: Vec::new() }
    }

    pub(super) fn row(&mut self, emphasis: Emphasis, cells: Vec<String>) {
        self.table.row(None, cells);
        self.emphases.push(emphasis);
    }

    /// How many lines it takes, with the headings.
    pub(super) fn height(&self) -> usize {
        1 + self.emphases.len() + self.notes.len()
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(formatter)?;
        self.notes.iter().try_for_each(|note| writeln!(formatter, "{note}"))
    }
}
