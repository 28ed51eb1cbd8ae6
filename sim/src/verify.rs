//! `poolcounter-sim verify`: replays recordings on a lock table, and compares the answers.

use poolcounter::recording::{Recording, verify};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The last second of the year 9999: a later one cannot be written.
const LATEST: u64 = 253_402_300_799_000_000;

/// What is printed, and whether all recordings were true.
pub(crate) fn verify_files(files: &[impl AsRef<Path>]) -> Result<(String, bool), String> {
    let mut text = String::new();
    let mut all_true = true;
    for file in files {
        let file = file.as_ref();
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let bytes = std::fs::read(file).map_err(|error| told(&error))?;
        let recording = Recording::read(&bytes).map_err(|error| told(&error))?;
        let verified = verify(&recording).map_err(|error| told(&error))?;
        let title = &recording.title;
        let began = SystemTime::UNIX_EPOCH + Duration::from_micros(title.started.min(LATEST));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{}: {} from {} UTC, {} calls, {} left out",
            file.display(),
            title.server.escape_debug(),
            humantime::format_rfc3339_seconds(began).to_string().trim_end_matches('Z').replace('T', " "),
            verified.calls,
            recording.left_out(),
        );
        if recording.is_cut {
            text.push_str(", cut off");
        }
        match &verified.first {
            None => {
                let _ = writeln!(text, ": {} answers and {} messages are the same", verified.answers, verified.told);
            }
            Some(first) => {
                all_true = false;
                let _ = writeln!(
                    text,
                    ": {} DIFFERENCES\n  the first, at call {} of segment {}: recorded \"{}\", played \"{}\"",
                    verified.differences, first.call, first.segment, first.recorded, first.played,
                );
            }
        }
    }
    Ok((text, all_true))
}
