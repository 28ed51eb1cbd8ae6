//! `poolcounter-sim verify`: replays recordings on a lock table, and compares the answers.

use crate::files;
use poolcounter::recording::verify;
use poolcounter_sim::progress::Progress;
use std::fmt::Write;
use std::path::Path;

/// What is printed of a recording, and whether it was true.
pub(crate) fn verify_file(file: &Path, progress: &mut Progress) -> Result<(String, bool), String> {
    let recording = files::read(file, progress)?;
    let verified = verify(&recording).map_err(|error| format!("{}: {error}", file.display()))?;
    let title = &recording.title;
    let mut text = format!(
        "{}: {} from {} UTC, {} calls, {} left out",
        file.display(),
        title.server.escape_debug(),
        files::wall_clock(title.started),
        verified.calls,
        recording.left_out(),
    );
    // Writing to a string cannot fail.
    let parts = recording.segments.iter().filter(|segment| !segment.continues).count();
    if parts > 1 {
        let _ = write!(text, ", {parts} parts");
    }
    if recording.is_cut {
        text.push_str(", cut off");
    }
    let _ = match &verified.first {
        None => writeln!(text, ": {} answers and {} messages are the same", verified.answers, verified.told),
        Some(first) => writeln!(
            text,
            ": {} DIFFERENCES\n  the first, at call {} of segment {}: recorded \"{}\", played \"{}\"",
            verified.differences, first.call, first.segment, first.recorded, first.played,
        ),
    };
    Ok((text, verified.first.is_none()))
}
