//! Recordings in files.

use poolcounter::recording::Recording;
use poolcounter_sim::archive;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The last second of the year 9999: a later one cannot be written.
const LATEST: u64 = 253_402_300_799_000_000;

/// Reads a recording, which may be compressed with zstd. The refusal names the file.
pub(crate) fn read(file: &Path) -> Result<Recording, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let bytes = bytes(file).map_err(|error| told(&error))?;
    archive::read(&bytes).map_err(|error| told(&error))
}

/// The content of a file; of one that is no recording, only the beginning.
fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let (mut file, mut bytes) = (File::open(file)?, Vec::new());
    file.by_ref().take(archive::BEGINNING as u64).read_to_end(&mut bytes)?;
    if archive::may_be(&bytes) {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// `2026-11-27 09:00:00`, from microseconds since 1970.
pub(crate) fn wall_clock(micros: u64) -> String {
    let moment = SystemTime::UNIX_EPOCH + Duration::from_micros(micros.min(LATEST));
    humantime::format_rfc3339_seconds(moment).to_string().trim_end_matches('Z').replace('T', " ")
}
