//! The tables of `docs/farm.md` are those that `farm` prints.

#![allow(clippy::unwrap_used, reason = "a test ends at the first thing that is wrong")]

use std::fs;
use std::process::Command;

use poolcounter_test_support::{Deadline, PATIENCE, run_to_end};

#[test]
fn the_page_has_what_is_printed() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poolcounter-bench"));
    let output = run_to_end(command.arg("farm"), Deadline::after(PATIENCE * 12)).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/farm.md")).unwrap();
    let tables: Vec<&str> = printed.split("\n\n").collect();
    assert_eq!(tables.len(), 4, "{printed}");
    for table in tables {
        assert!(page.contains(table), "docs/farm.md needs this table:\n{table}");
    }
}
