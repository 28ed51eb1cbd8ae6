//! Bytes in sections, each with a tag and a length. The snapshot of a table consists of them, and a program may put it into sections of its own.

use super::SnapshotError;
use alloc::vec::Vec;

/// Appends a section to `to`.
///
/// # Errors
///
/// If there is no memory for it.
pub fn write_section(tag: u8, content: &[u8], mut to: Vec<u8>) -> Result<Vec<u8>, SnapshotError> {
    to = postcard::to_extend(&(tag, content.len() as u64), to)?;
    to.extend_from_slice(content);
    Ok(to)
}

/// The next section of `bytes`, its tag and its content; `None` at their end.
///
/// # Errors
///
/// If the bytes end in the middle of a section.
pub fn read_section<'a>(bytes: &mut &'a [u8]) -> Result<Option<(u8, &'a [u8])>, SnapshotError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let ((tag, length), rest): ((u8, u64), _) = postcard::take_from_bytes(bytes)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (content, rest) =
        rest.split_at_checked(length).ok_or(SnapshotError::Damaged(postcard::Error::DeserializeUnexpectedEnd))?;
    *bytes = rest;
    Ok(Some((tag, content)))
}
