use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};
use std::fmt;

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
#[derive(Debug)]
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// A table with these columns. A first one for the server comes before them if there are several.
    pub(crate) fn new(several_servers: bool, columns: &[Column]) -> Self {
        let server = several_servers.then_some(Column::Left("SERVER"));
        let columns: Vec<Column> = server.into_iter().chain(columns.iter().copied()).collect();
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(columns.iter().map(|column| column.heading()));
        for (index, column) in columns.iter().enumerate() {
            let Some(shown) = table.column_mut(index) else { continue };
            // One space on its other side comes from the next column.
            shown.set_padding((0, if index + 1 < columns.len() { 2 } else { 0 }));
            if matches!(column, Column::Right(_)) {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self(table)
    }

    /// Other headings.
    pub(crate) fn headings(&mut self, headings: impl IntoIterator<Item = String>) {
        self.0.set_header(headings.into_iter().collect::<Vec<String>>());
    }

    /// Lets the cells of a column stand on the left.
    pub(crate) fn left(&mut self, column: usize) {
        if let Some(column) = self.0.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Left);
        }
    }

    /// Adds a row, with the server before it if there are several.
    pub(crate) fn row(&mut self, server: Option<&dyn fmt::Display>, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(server.map(ToString::to_string).into_iter().chain(cells).collect::<Vec<String>>());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.lines() {
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
        let mut table = Table::new(true, &[Column::Left("KEY"), Column::Right("WAITERS")]);
        table.row(Some(&"pc1"), ["a".to_owned(), "12".to_owned()]);
        table.row(Some(&"pc2"), ["a-longer-key".to_owned(), "3".to_owned()]);
        let lines =
            ["SERVER  KEY           WAITERS", "pc1     a                  12", "pc2     a-longer-key        3", ""];
        assert_eq!(table.to_string(), lines.join("\n"));
    }
}
