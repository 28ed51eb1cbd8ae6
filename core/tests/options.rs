//! `docs/options.md` names every option of a client and of a request.

#![allow(clippy::expect_used)]

use std::collections::BTreeSet;

const DOCUMENTED: &str = include_str!("../../docs/options.md");

/// The options that the column `core` has below a heading.
fn documented(heading: &str) -> BTreeSet<&'static str> {
    let (_, section) = DOCUMENTED.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let (_, table) = section.split_once("\n| default |").expect("the table");
    let (table, _) = table.split_once("\n\n").expect("its end");
    let mut rows = table.lines().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let columns = rows.next().expect("a row of names");
    let core = columns.iter().position(|column| *column == "core").expect("a column for core");
    // A row begins with an empty cell and the default, which are cut off from that of the names.
    let cells = rows.filter_map(|row| row.get(core + 2).copied()).filter(|cell| cell.starts_with('`'));
    cells.map(|cell| cell.trim_matches('`')).collect()
}

/// The functions of a source that set something: they give what they got.
fn setters(source: &'static str, header: &str, result: &str) -> BTreeSet<&'static str> {
    let lines =
        source.lines().filter_map(|line| line.strip_prefix("    pub ")?.strip_suffix(&format!("-> {result} {{")));
    lines
        .filter_map(|line| line.strip_prefix(header)?.split_once('('))
        .filter(|(_, arguments)| arguments.contains("self"))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_option_of_a_client_is_documented() {
    let mut options = setters(include_str!("../src/client/settings.rs"), "fn ", "&mut Self");
    // One of them, and all.
    assert!(options.remove("add_server") && options.insert("servers"));
    assert_eq!(documented("Options of a client"), options);
}

#[test]
fn every_option_of_a_request_is_documented() {
    let mut options = setters(include_str!("../src/client/command.rs"), "const fn ", "Self");
    // A request begins with it.
    assert!(options.insert("key"));
    assert_eq!(documented("Options of a request"), options);
}
