//! What the sources make of manual and completions is what stands in the tree. `UPDATE=1 cargo test -p poolcounterctl --test ctl generated` writes them anew.

use crate::program::ran;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn manual_and_completions_are_those_of_the_sources() -> Result<()> {
    for (what, file) in [
        ("man", "man/poolcounterctl.1"),
        ("bash", "completions/poolcounterctl.bash"),
        ("zsh", "completions/_poolcounterctl"),
        ("fish", "completions/poolcounterctl.fish"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let made = ran(&["generate", what])?;
        ensure!(made.status == Some(0) && !made.stdout.is_empty(), "{made:?}");
        if env::var_os("UPDATE").is_some() {
            fs::write(&path, &made.stdout)?;
        }
        let stands = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ensure!(made.stdout == stands, "{file} is not up to date: run this test with UPDATE=1");
    }
    Ok(())
}

#[test]
fn the_form_of_the_manual_is_right() -> Result<()> {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/poolcounterctl.1");
    let output = Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(manual).output()?;
    assert_eq!(String::from_utf8(output.stdout)?, "");
    Ok(())
}
