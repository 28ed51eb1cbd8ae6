//! Files of the system.

use super::{FileError, FileReader};
use alloc::vec;
use poolcounter::recording::Recording;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// How many bytes are read between two looks at the progress.
const PIECE: usize = 1 << 18;

/// Why the recording in a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system refuses it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What it has is refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Reads the recording in a file or a pipe. After each piece `progress` is told how many bytes were read, and how many there are; a pipe has no length.
///
/// # Errors
///
/// The file cannot be read, or is no recording. The error does not name the file.
pub fn read_file(path: &Path, mut progress: impl FnMut(u64, Option<u64>)) -> Result<Recording, OpenError> {
    let mut file = File::open(path)?;
    let length = file.metadata().ok().map(|data| data.len()).filter(|&length| length > 0);
    let (mut reader, mut piece, mut done) = (FileReader::default(), vec![0; PIECE], 0);
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => return Ok(reader.finish()?),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        reader.add(&piece[..read])?;
        done += read as u64;
        progress(done, length);
    }
}
