//! The manual and `--help` describe the options with the same words.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Deadline, PATIENCE, Program, run_to_end};

use crate::systemd::workspace;

/// An option and its description, in small letters.
type Entry = (String, String);

fn output(command: &mut Command) -> Result<String> {
    let output = run_to_end(command, Deadline::after(PATIENCE))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && said.is_empty(), "{command:?}: {said}");
    Ok(String::from_utf8(output.stdout)?)
}

fn mandoc(arguments: &[&str]) -> Result<String> {
    output(Command::new("mandoc").args(arguments).arg(workspace().join("daemon/man/poolcounterd.8")))
}

/// The manual as plain text, without overstrikes.
fn manual() -> Result<String> {
    let text = mandoc(&["-T", "ascii", "-O", "width=100"])?;
    let mut plain = String::new();
    for character in text.chars() {
        if character == '\u{8}' {
            plain.pop();
        } else {
            plain.push(character);
        }
    }
    Ok(plain)
}

fn is_option(text: &str) -> bool {
    text.trim_start().starts_with('-')
}

/// `--help` has an option and its words on one line, in two columns.
fn entries_of_help(help: &str) -> Result<Vec<Entry>> {
    let lines = help.lines().filter(|line| line.starts_with("  -"));
    let column = help.lines().find_map(|line| line.find("listen on this")).context("the second column")?;
    let split = |line: &str| line.split_at_checked(column).map(|(name, words)| (name.to_owned(), words.to_owned()));
    lines.map(|line| Ok(lower(split(line).with_context(|| format!("a short line: {line:?}"))?))).collect()
}

fn lower((name, words): Entry) -> Entry {
    let folded = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    (folded(&name), folded(&words))
}

/// The manual has an option on its own line, indented less than its description. The description of a short option may be on the same line.
fn entries_of_manual(manual: &str) -> Vec<Entry> {
    let start = manual.lines().skip_while(|line| line.trim() != "The options are as follows:").skip(1);
    let mut entries: Vec<Entry> = Vec::new();
    for line in start.take_while(|line| !line.trim_start().starts_with("Without -l")) {
        let indent = line.len() - line.trim_start().len();
        match entries.last_mut() {
            _ if is_option(line) && indent < 8 => {
                let (name, words) = line.trim().split_once("  ").unwrap_or((line.trim(), ""));
                entries.push((name.to_owned(), words.to_owned()));
            }
            Some((_, words)) => *words = format!("{words} {line}"),
            None => {}
        }
    }
    entries.into_iter().map(lower).collect()
}

#[test]
fn every_option_is_in_both_with_the_same_words() -> Result<()> {
    let help = entries_of_help(&output(Program::ours()?.command().arg("--help"))?)?;
    let manual = entries_of_manual(&manual()?);
    let names = |entries: &[Entry]| entries.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&help), names(&manual));
    ensure!(help.len() >= 8, "{help:?}");
    for ((name, short), (_, long)) in help.iter().zip(&manual) {
        ensure!(!short.is_empty() && long.contains(short), "{name}: --help says {short:?}, the manual {long:?}");
    }
    Ok(())
}

#[test]
fn its_form_is_right() -> Result<()> {
    assert_eq!(mandoc(&["-T", "lint", "-W", "warning"])?, "");
    Ok(())
}
