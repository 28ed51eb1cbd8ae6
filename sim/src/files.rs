//! Recordings in files.

use crate::progress::Progress;
use poolcounter::recording::Recording;
use poolcounter_sim::archive::FileReader;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The last second of the year 9999: a later one cannot be written.
const LATEST: u64 = 253_402_300_799_000_000;

/// How many bytes are read between two looks at the clock.
const PIECE: usize = 1 << 18;

/// Reads a recording, which may be compressed with zstd. The refusal names the file.
pub(crate) fn read(path: &Path, progress: &mut Progress) -> Result<Recording, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(|error| told(&error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A pipe has no length.
    let length = file.metadata().map_or(0, |data| data.len());
    let (mut reader, mut piece, mut done) = (FileReader::default(), vec![0; PIECE], 0);
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => return reader.finish().map_err(|error| told(&error)),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(told(&error)),
        };
        reader.add(&piece[..read]).map_err(|error| told(&error))?;
        done += read as u64;
        let of = if length > 0 { format!(" of {}", megabytes(length)) } else { String::new() };
        progress.say(|| format!("reading {name}: {}{of} MB", megabytes(done)));
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// `2026-11-27 09:00:00`, from microseconds since 1970.
pub(crate) fn wall_clock(micros: u64) -> String {
    let moment = SystemTime::UNIX_EPOCH + Duration::from_micros(micros.min(LATEST));
    humantime::format_rfc3339_seconds(moment).to_string().trim_end_matches('Z').replace('T', " ")
}
