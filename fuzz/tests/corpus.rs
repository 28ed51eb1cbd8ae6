//! What the fuzzer keeps, and everything that it has found, is played again.

#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// One at a time: `hand_over` looks whether the process has as many descriptors as before.
static ALONE: Mutex<()> = Mutex::new(());

fn files(folder: &str, target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(target);
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

fn replay(target: &str) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, check) = poolcounter_fuzz::TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let kept = files("corpus", target);
    assert!(!kept.is_empty(), "there is no corpus of {target}");
    for file in kept.into_iter().chain(files("found", target)) {
        println!("{}", file.display());
        check(&std::fs::read(&file).expect("a readable file"));
    }
}

#[test]
fn lines() {
    replay("lines");
}

#[test]
fn keys() {
    replay("keys");
}

#[test]
fn table() {
    replay("table");
}

#[test]
fn snapshot() {
    replay("snapshot");
}

#[test]
fn recording() {
    replay("recording");
}

#[test]
fn hand_over() {
    replay("hand_over");
}

#[test]
fn conversation() {
    replay("conversation");
}

#[test]
fn admin() {
    replay("admin");
}

#[test]
fn c_api() {
    replay("c_api");
}
