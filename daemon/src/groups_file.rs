use crate::system::file::open_regular;
use crate::system::reason::reason;
use poolcounter::key::{Groups, GroupsError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes. So that a wrong file does not fill the memory.
const LARGEST: u64 = 1024 * 1024;

/// Why the file of `--groups` has no rules.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupsFileError {
    #[error("--groups {}: it cannot be read: {}", .0.display(), reason(.1))]
    Read(PathBuf, #[source] io::Error),
    #[error("--groups {}: it has more than {LARGEST} bytes", .0.display())]
    Size(PathBuf),
    #[error("--groups {}: {}", .0.display(), .1)]
    Rule(PathBuf, #[source] GroupsError),
}

/// The rules for groups of keys: those of the file, or the usual ones without a file.
pub(crate) fn read(file: Option<&Path>) -> Result<Groups, GroupsFileError> {
    let Some(file) = file else { return Ok(Groups::default()) };
    let failed = |error| GroupsFileError::Read(file.to_owned(), error);
    let mut text = Vec::new();
    open_regular(file).and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut text)).map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(GroupsFileError::Size(file.to_owned()));
    }
    Groups::parse(&text).map_err(|error| GroupsFileError::Rule(file.to_owned(), error))
}
