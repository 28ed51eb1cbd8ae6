//! The header in the tree is the one that the sources make. `UPDATE=1 cargo test -p poolcounter_c --test header` writes it anew.

#![allow(clippy::expect_used)]

use std::path::Path;
use std::{env, fs};

#[test]
fn the_header_is_that_of_the_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bindings = cbindgen::generate(folder).expect("the sources can be read");
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).expect("a header is text");
    let file = folder.join("include/poolcounter.h");
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &made).expect("the header can be written");
    }
    let there = fs::read_to_string(&file).expect("the header is in the tree");
    assert!(there == made, "include/poolcounter.h is not up to date: run this test with UPDATE=1");
}
