//! Blocks: a length, a checksum, and the content.

use super::RecordingError;
use alloc::vec::Vec;

/// Bytes before the content.
const FRONT: usize = 8;

/// The largest content that is accepted: no written block has so much. The largest is that of a key with very many waiters.
const MAX_CONTENT: usize = 256 << 20;

/// An empty block, to which content is appended until [`close`].
pub(super) fn open() -> Vec<u8> {
    Vec::from([0; FRONT])
}

/// Whether nothing was appended.
pub(super) fn is_empty(block: &[u8]) -> bool {
    block.len() <= FRONT
}

/// Fills in the length and the checksum.
pub(super) fn close(mut block: Vec<u8>) -> Vec<u8> {
    let content = block.get(FRONT..).unwrap_or_default();
    // A block is always far smaller than 4 GiB.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let checksum = crc32fast::hash(content);
    for (place, byte) in block.iter_mut().zip(length.to_le_bytes().into_iter().chain(checksum.to_le_bytes())) {
        *place = byte;
    }
    block
}

/// The content of the next block. `None` at the end, or if the block is not complete.
pub(super) fn next<'a>(bytes: &mut &'a [u8], number: usize) -> Result<Option<&'a [u8]>, RecordingError> {
    let Some((front, rest)) = bytes.split_first_chunk::<FRONT>() else { return Ok(None) };
    let (length, checksum) = numbers(*front);
    let length = length as usize;
    if length > MAX_CONTENT {
        return Err(RecordingError::Checksum(number));
    }
    let Some((content, rest)) = rest.split_at_checked(length) else { return Ok(None) };
    if crc32fast::hash(content) != checksum {
        return Err(RecordingError::Checksum(number));
    }
    *bytes = rest;
    Ok(Some(content))
}

/// Goes to the end of the next block. Returns whether the block was complete.
pub(super) fn skip(bytes: &mut &[u8]) -> bool {
    let Some((front, rest)) = bytes.split_first_chunk::<FRONT>() else { return false };
    let (length, _) = numbers(*front);
    let Some(rest) = rest.get(length as usize..) else { return false };
    *bytes = rest;
    true
}

/// The two numbers before a block's content.
#[expect(clippy::cast_possible_truncation, reason = "these are the halves")]
fn numbers(front: [u8; FRONT]) -> (u32, u32) {
    let both = u64::from_le_bytes(front);
    (both as u32, (both >> 32) as u32)
}
