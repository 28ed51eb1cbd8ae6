//! A recording in a file, which may be compressed with zstd.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use poolcounter::recording::{MAGIC, Recording, RecordingError};
use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::io::Read;

/// The first bytes of a file that is compressed with zstd.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How many bytes of a file [`may_be`] wants to see.
pub const BEGINNING: usize = MAGIC.len();

/// How large a recording may be when it is unpacked: a small file of zeros must not fill the memory.
const MOST_BYTES: usize = 1 << 30;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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

/// Whether a file that begins with these bytes may be a recording, also a compressed one. The rest of another file, which may have no end, need not be read: [`read`] refuses these bytes.
#[must_use]
pub fn may_be(beginning: &[u8]) -> bool {
    beginning.starts_with(&ZSTD) || beginning.starts_with(MAGIC) || MAGIC.starts_with(beginning)
}

/// Reads a recording; one that is compressed with zstd is unpacked.
///
/// # Errors
///
/// The bytes are no recording, and no recording compressed with zstd.
pub fn read(bytes: &[u8]) -> Result<Recording, FileError> {
    if bytes.starts_with(&ZSTD) {
        Ok(Recording::read(&unpack(bytes, MOST_BYTES)?)?)
    } else {
        Ok(Recording::read(bytes)?)
    }
}

/// All frames of a file.
fn unpack(mut packed: &[u8], most: usize) -> Result<Vec<u8>, FileError> {
    let mut unpacked = Vec::new();
    let mut decoder = FrameDecoder::new();
    while !packed.is_empty() {
        match decoder.reset(&mut packed) {
            Ok(()) => unpack_frame(&mut decoder, &mut packed, &mut unpacked, most)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                packed = packed.get(length..).ok_or_else(|| FileError::Damaged("a frame is cut off".to_string()))?;
            }
            Err(error) => return Err(FileError::Damaged(error.to_string())),
        }
    }
    Ok(unpacked)
}

fn unpack_frame(
    decoder: &mut FrameDecoder,
    packed: &mut &[u8],
    unpacked: &mut Vec<u8>,
    most: usize,
) -> Result<(), FileError> {
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
        if unpacked.len() + read > most {
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

#[cfg(test)]
mod tests {
    use super::*;
    use poolcounter::recording::{Naming, Scope, Title};
    use poolcounter::{HashSeed, LockTable, Timestamp};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn recording() -> Vec<u8> {
        let at = Timestamp::from_micros(0);
        let mut table = LockTable::new(HashSeed::new(1, 2), at);
        let title = Title { server: "pool1".into(), program: "test".into(), started: 0 };
        let recorder = table.add_recorder(&title, Scope { groups: None, naming: Naming::Plain }, 1 << 20);
        while table.recorder_advance(recorder, at, 0, 1000) {}
        let _ = table.connect();
        table.remove_recorder(recorder)
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    #[test]
    fn a_packed_recording_is_the_same() {
        let file = recording();
        let whole = Recording::read(&file);
        assert_eq!(read(&file).ok(), whole.clone().ok());
        assert_eq!(read(&packed(&file)).ok(), whole.clone().ok());
        // Several frames, and one that has no data.
        let (first, last) = file.split_at(file.len() / 2);
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        assert_eq!(read(&[packed(first), skipped, packed(last)].concat()).ok(), whole.ok());
    }

    #[test]
    fn what_cannot_be_unpacked_is_refused() {
        let file = packed(&recording());
        for length in 4..file.len() {
            assert!(matches!(read(&file[..length]), Err(FileError::Damaged(_))), "{length}");
        }
        assert!(matches!(read(&[&file[..], b"more"].concat()), Err(FileError::Damaged(_))));
        assert!(matches!(read(&packed(b"no recording")), Err(FileError::Recording(_))));
        let zeros = packed(&[0].repeat(100_000));
        assert_eq!(unpack(&zeros, 100_000).map(|bytes| bytes.len()), Ok(100_000));
        assert_eq!(unpack(&zeros, 99_999), Err(FileError::TooLarge));
    }
}
