//! `docs/options.md` names every option of a configuration and of a request.

#![allow(clippy::expect_used)]

use std::collections::BTreeSet;

const DOCUMENTED: &str = include_str!("../../docs/options.md");
const HEADER: &str = include_str!("../include/poolcounter.h");

/// The options that the column `C` has below a heading; a cell may have several.
fn documented(heading: &str) -> BTreeSet<&'static str> {
    let (_, section) = DOCUMENTED.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let (_, table) = section.split_once("\n| default |").expect("the table");
    let (table, _) = table.split_once("\n\n").expect("its end");
    let mut rows = table.lines().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let columns = rows.next().expect("a row of names");
    let c = columns.iter().position(|column| *column == "C").expect("a column for C");
    // A row begins with an empty cell and the default, which are cut off from that of the names.
    let cells = rows.filter_map(|row| row.get(c + 2).copied()).filter(|cell| cell.starts_with('`'));
    cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`')).collect()
}

#[test]
fn every_option_of_a_configuration_is_documented() {
    let functions = HEADER.lines().filter_map(|line| line.strip_prefix("pc_error pc_config_")?.split_once('('));
    let mut options: BTreeSet<_> =
        functions.map(|(name, _)| name).filter(|name| name.starts_with("set_") || name.starts_with("add_")).collect();
    // It stands in brackets, where others name the rule.
    assert!(options.remove("add_ring_server"));
    assert_eq!(documented("Options of a client"), options);
}

#[test]
fn every_option_of_a_request_is_documented() {
    let (body, _) = HEADER.split_once("} pc_request;").expect("the struct");
    let (_, body) = body.rsplit_once("typedef struct {").expect("its beginning");
    let fields = body.lines().filter_map(|line| line.strip_suffix(';')?.rsplit_once([' ', '*']));
    let mut options: BTreeSet<_> = fields.map(|(_, name)| name).collect();
    assert!(options.remove("size"));
    assert_eq!(documented("Options of a request"), options);
}
