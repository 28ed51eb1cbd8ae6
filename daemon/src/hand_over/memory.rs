use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::OwnedFd;

/// Bytes as a file that has no name, lives in memory and goes with its last descriptor; to be read from its start.
pub(crate) fn file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("poolcounterd", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}
