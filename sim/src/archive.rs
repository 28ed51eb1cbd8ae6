//! A recording in a file, which may be compressed with zstd.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use poolcounter::recording::{Recording, RecordingError};
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::io::Read;

/// The first bytes of a file that is compressed with zstd.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How large a recording may be when it is unpacked: a small file of zeros must not fill the memory.
const MOST_BYTES: usize = 1 << 30;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// What it has is no recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It cannot be unpacked.
    #[error("the zstd file is damaged or ends too early: {0}")]
    Damaged(String),
    /// It is too large.
    #[error("the zstd file unpacks to more than {MOST_BYTES} bytes")]
    TooLarge,
}

/// Reads a recording; one that is compressed with zstd is unpacked.
///
/// # Errors
///
/// The bytes are no recording, and no recording compressed with zstd.
pub fn read(bytes: &[u8]) -> Result<Recording, FileError> {
    if bytes.starts_with(&ZSTD) { Ok(Recording::read(&unpack(bytes)?)?) } else { Ok(Recording::read(bytes)?) }
}

/// All frames of a file.
fn unpack(mut packed: &[u8]) -> Result<Vec<u8>, FileError> {
    let mut unpacked = Vec::new();
    let mut decoder = FrameDecoder::new();
    while !packed.is_empty() {
        match decoder.reset(&mut packed) {
            Ok(()) => unpack_frame(&mut decoder, &mut packed, &mut unpacked)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                packed = packed.get(length..).ok_or_else(|| FileError::Damaged("a frame is cut off".to_string()))?;
            }
            Err(error) => return Err(FileError::Damaged(error.to_string())),
        }
    }
    Ok(unpacked)
}

fn unpack_frame(decoder: &mut FrameDecoder, packed: &mut &[u8], unpacked: &mut Vec<u8>) -> Result<(), FileError> {
    use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;
    let mut piece = [0; 1 << 14];
    loop {
        if decoder.can_collect() == 0 {
            if decoder.is_finished() {
                break;
            }
            decoder
                .decode_blocks(&mut *packed, UptoBlocks(1))
                .map_err(|error| FileError::Damaged(error.to_string()))?;
            continue;
        }
        let read = decoder.read(&mut piece).map_err(|error| FileError::Damaged(error.to_string()))?;
        if unpacked.len() + read > MOST_BYTES {
            return Err(FileError::TooLarge);
        }
        unpacked.extend_from_slice(&piece[..read]);
    }
    match decoder.get_checksum_from_data() {
        Some(checksum) if decoder.get_calculated_checksum() != Some(checksum) => {
            Err(FileError::Damaged("its checksum is another".to_string()))
        }
        _ => Ok(()),
    }
}
