//! `poolcounter-sim verify`: replays recordings on a lock table, and compares the answers.

use crate::files;
use crate::progress::Progress;
use poolcounter::recording::verify;
use std::fmt::Write;
use std::path::Path;

/// What is printed, and whether all recordings were true.
pub(crate) fn verify_files(files: &[impl AsRef<Path>]) -> Result<(String, bool), String> {
    let mut text = String::new();
    let mut all_true = true;
    let mut progress = Progress::begin();
    for file in files {
        let file = file.as_ref();
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let recording = files::read(file, &mut progress)?;
        let verified = verify(&recording).map_err(|error| told(&error))?;
        let title = &recording.title;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{}: {} from {} UTC, {} calls, {} left out",
            file.display(),
            title.server.escape_debug(),
            files::wall_clock(title.started),
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
