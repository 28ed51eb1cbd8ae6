//! Recordings in files.

use poolcounter::recording::Recording;
use poolcounter_sim::archive::read_file;
use poolcounter_sim::progress::Progress;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The last second of the year 9999: a later one cannot be written.
const LATEST: u64 = 253_402_300_799_000_000;

/// Reads a recording, which may be compressed with zstd. The refusal names the file.
pub(crate) fn read(path: &Path, progress: &mut Progress) -> Result<Recording, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let show = |done, length: Option<u64>| {
        let of = length.map(|length| format!(" of {}", megabytes(length))).unwrap_or_default();
        progress.say(|| format!("reading {name}: {}{of} MB", megabytes(done)));
    };
    read_file(path, show).map_err(|error| format!("{}: {error}", path.display()))
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// `2026-11-27 09:00:00`, from microseconds since 1970.
pub(crate) fn wall_clock(micros: u64) -> String {
    let moment = SystemTime::UNIX_EPOCH + Duration::from_micros(micros.min(LATEST));
    humantime::format_rfc3339_seconds(moment).to_string().trim_end_matches('Z').replace('T', " ")
}
