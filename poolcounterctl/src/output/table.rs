use super::{shortened, terminal_width};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};
use std::fmt;

/// What a key keeps of its line at the least.
const NARROWEST: usize = 16;

/// Spaces between two columns.
const GAP: u16 = 2;

/// A column: its heading and where its cells stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Left(&'static str),
    Right(&'static str),
}

impl Column {
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Left(heading) | Self::Right(heading) => heading,
        }
    }
}

/// Aligned columns for people.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<String>>,
    /// The index of a column of keys, which are shortened on a terminal that is too narrow.
    pub(crate) keys: Option<usize>,
}

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new(), keys: None }
    }

    /// A table with these columns. A first one for the server comes before them if there are several.
    pub(crate) fn of_servers(several: bool, columns: impl IntoIterator<Item = Column>) -> Self {
        let server = several.then_some(Column::Left("SERVER"));
        let table = Self::new(server.into_iter().chain(columns));
        let keys = table.columns.iter().position(|column| column.heading() == "KEY");
        Self { keys, ..table }
    }

    /// Adds a row, with the server before it if there are several.
    pub(crate) fn row(&mut self, server: Option<&dyn fmt::Display>, cells: impl IntoIterator<Item = String>) {
        self.rows.push(server.map(ToString::to_string).into_iter().chain(cells).collect());
    }

    /// What a column needs.
    pub(crate) fn width(&self, column: usize) -> usize {
        let heading = self.columns.get(column).map_or(0, |column| column.heading().len());
        let cells = self.rows.iter().filter_map(|cells| Some(cells.get(column)?.chars().count()));
        cells.max().unwrap_or_default().max(heading)
    }

    /// What is left for the column of keys on a line, with this many spaces between columns.
    pub(crate) fn room(&self, line: usize, gap: usize) -> usize {
        let others = (0..self.columns.len()).filter(|at| Some(*at) != self.keys);
        let others: usize = others.map(|at| self.width(at) + gap).sum();
        line.saturating_sub(others).max(NARROWEST)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = terminal_width().map(|line| self.room(line, GAP.into()));
        let cell = |(at, cell): (usize, &String)| match room {
            Some(room) if Some(at) == self.keys => shortened(cell, room),
            _ => cell.clone(),
        };
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().map(|column| column.heading()));
        for row in &self.rows {
            table.add_row(row.iter().enumerate().map(cell).collect::<Vec<String>>());
        }
        for (index, column) in self.columns.iter().enumerate() {
            let Some(shown) = table.column_mut(index) else { continue };
            shown.set_padding((0, if index + 1 < self.columns.len() { GAP } else { 0 }));
            if matches!(column, Column::Right(_)) {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.lines() {
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_on_the_right() {
        let mut table = Table::of_servers(true, [Column::Left("KEY"), Column::Right("WAITERS")]);
        table.row(Some(&"pc1"), ["a".to_owned(), "12".to_owned()]);
        table.row(Some(&"pc2"), ["a-longer-key".to_owned(), "3".to_owned()]);
        let lines =
            ["SERVER  KEY           WAITERS", "pc1     a                  12", "pc2     a-longer-key        3", ""];
        assert_eq!(table.to_string(), lines.join("\n"));
        assert_eq!((table.room(80, 2), table.room(10, 2)), (80 - 8 - 9, NARROWEST));
    }
}
