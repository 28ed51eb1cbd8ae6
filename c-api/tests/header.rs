//! Compares the header in the tree with the header that is made from the sources. `UPDATE=1 cargo test -p poolcounter_c --test header` writes a new one.
//!
//! Also checks that the sources have no exported function without the panic boundary.

#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Replaces the beginning of a function like `#[c_function]`, because cbindgen does not expand attributes.
const MADE: [(&str, &str); 2] = [
    ("#[c_function]\npub unsafe fn ", "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn "),
    ("#[c_function]\npub fn ", "#[unsafe(no_mangle)]\npub extern \"C\" fn "),
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("the file is in the tree")
}

#[test]
fn the_header_is_that_of_the_sources() {
    let sources = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header");
    fs::create_dir_all(&sources).expect("the build folder can be written to");
    let config = cbindgen::Config::from_root_or_default(folder());
    let mut builder = cbindgen::Builder::new().with_config(config);
    // In the order of the header.
    let root = read(&folder().join("src/lib.rs"));
    for module in root.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        let file = format!("{module}.rs");
        let source = read(&folder().join("src").join(&file));
        let made = MADE.iter().fold(source, |source, (written, made)| source.replace(written, made));
        assert!(!made.contains("#[c_function]"), "{file} has a function that is not understood");
        fs::write(sources.join(&file), made).expect("the build folder can be written to");
        builder = builder.with_src(sources.join(&file));
    }
    let mut made = Vec::new();
    builder.generate().expect("the sources can be read").write(&mut made);
    let made = String::from_utf8(made).expect("a header is text");
    let file = folder().join("include/poolcounter.h");
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &made).expect("the header can be written");
    }
    assert!(read(&file) == made, "include/poolcounter.h is not up to date: run this test with UPDATE=1");
}

/// The code of a source, without comments, in one line.
fn code(file: &Path) -> String {
    let source = read(file);
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn sources() -> Vec<PathBuf> {
    let files = fs::read_dir(folder().join("src")).expect("the sources are in the tree");
    files.map(|file| file.expect("a folder can be read").path()).collect()
}

#[test]
fn every_function_for_c_is_behind_the_panic_boundary() {
    for file in sources() {
        let code = code(&file);
        for name in ["no_mangle", "export_name", "global_asm", "naked"] {
            assert!(!code.contains(name), "{} has `{name}`: only #[c_function] exports", file.display());
        }
        for rest in code.split("extern").skip(1) {
            let is_type = rest.trim_start().starts_with("\"C\" fn(");
            assert!(is_type, "{} defines an `extern{rest:.30}`: only #[c_function] does", file.display());
        }
    }
}

#[test]
fn the_panic_boundary_is_in_one_place() {
    let mut catching: Vec<PathBuf> = sources();
    catching.retain(|file| code(file).contains("catch_unwind("));
    assert_eq!(catching, [folder().join("src/boundary.rs")]);
    let boundary = code(&catching[0]);
    assert_eq!(boundary.matches("catch_unwind(").count(), 1, "only `caught` catches a panic");
}
