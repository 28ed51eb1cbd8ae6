//! A recording in a file, which may be compressed with zstd.

#[cfg(feature = "std")]
mod file;

#[cfg(feature = "std")]
pub use file::{OpenError, read_file};

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use poolcounter::recording::{Reader, Recording, RecordingError};
use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::io::Read;

/// The first bytes of a file that is compressed with zstd.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How large a recording may be when it is unpacked: a small file of zeros must not fill the memory.
const MOST_BYTES: usize = 1 << 30;

/// How many bytes are read at once.
const PIECE: usize = 1 << 16;

/// No part of a zstd file that must be read at once is longer: a block of 128 KiB, with the header and the checksum of its frame.
const MOST_OF_A_BLOCK: usize = (128 << 10) + 32;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// What it has is no recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It cannot be unpacked.
    #[error("the zstd file is damaged or ends too early")]
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
    let mut reader = FileReader::default();
    for piece in bytes.chunks(PIECE) {
        reader.add(piece)?;
    }
    reader.finish()
}

/// A file that is read in pieces, so that its reader can show progress and be stopped between two of them.
#[derive(Debug, Default)]
pub struct FileReader {
    /// `None` while the first bytes are missing.
    packing: Option<Packing>,
    unpacked: Unpacked,
    /// Bytes that wait for those that follow.
    rest: Vec<u8>,
}

#[derive(Debug)]
enum Packing {
    Plain,
    Zstd(Box<Unpacker>),
}

impl FileReader {
    /// Takes the next bytes of the file.
    ///
    /// # Errors
    ///
    /// The file is no recording, and no recording compressed with zstd.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.rest.extend_from_slice(bytes);
        self.go_on(false)
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn finish(mut self) -> Result<Recording, FileError> {
        self.go_on(true)?;
        let Self { unpacked: Unpacked { reader, rest, .. }, rest: plain, .. } = self;
        Ok(reader.finish(if plain.is_empty() { &rest } else { &plain })?)
    }

    fn go_on(&mut self, is_end: bool) -> Result<(), FileError> {
        let Self { packing, unpacked, rest } = self;
        if packing.is_none() && (is_end || rest.len() >= ZSTD.len()) {
            let is_packed = rest.starts_with(&ZSTD);
            *packing = Some(if is_packed { Packing::Zstd(Box::default()) } else { Packing::Plain });
        }
        let read = match packing {
            Some(Packing::Plain) => unpacked.reader.add(rest)?,
            Some(Packing::Zstd(unpacker)) => unpacker.unpack(rest, is_end, unpacked)?,
            None => 0,
        };
        rest.drain(..read);
        Ok(())
    }
}

/// What was unpacked, on its way to the recording.
#[derive(Debug)]
struct Unpacked {
    reader: Reader,
    rest: Vec<u8>,
    /// How many bytes may follow.
    room: usize,
}

impl Default for Unpacked {
    fn default() -> Self {
        Self { reader: Reader::default(), rest: Vec::new(), room: MOST_BYTES }
    }
}

impl Unpacked {
    fn add(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.room = self.room.checked_sub(bytes.len()).ok_or(FileError::TooLarge)?;
        self.rest.extend_from_slice(bytes);
        if self.rest.len() >= PIECE {
            let read = self.reader.add(&self.rest)?;
            self.rest.drain(..read);
        }
        Ok(())
    }
}

/// The state between two pieces of a zstd file.
#[derive(Default)]
struct Unpacker {
    decoder: FrameDecoder,
    in_frame: bool,
    /// How many bytes belong to a frame that has no data.
    skip: usize,
}

impl core::fmt::Debug for Unpacker {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Unpacker").field("in_frame", &self.in_frame).finish_non_exhaustive()
    }
}

impl Unpacker {
    /// Unpacks what is complete, and gives its length.
    fn unpack(&mut self, packed: &[u8], is_end: bool, to: &mut Unpacked) -> Result<usize, FileError> {
        let damaged = |error: &dyn core::fmt::Display| FileError::Damaged(error.to_string());
        let mut left = packed;
        loop {
            let skipped = self.skip.min(left.len());
            left = &left[skipped..];
            self.skip -= skipped;
            if left.is_empty() || self.skip > 0 || !is_end && left.len() < MOST_OF_A_BLOCK {
                break;
            }
            if !self.in_frame {
                match self.decoder.reset(&mut left) {
                    Ok(()) => self.in_frame = true,
                    Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                        length, ..
                    })) => self.skip = usize::try_from(length).unwrap_or(usize::MAX),
                    Err(error) => return Err(damaged(&error)),
                }
                continue;
            }
            self.decoder.decode_blocks(&mut left, UptoBlocks(1)).map_err(|error| damaged(&error))?;
            self.collect(to)?;
        }
        if is_end && self.skip > 0 {
            return Err(damaged(&"a frame is cut off"));
        }
        if is_end && self.in_frame {
            return Err(damaged(&"its last frame is cut off"));
        }
        Ok(packed.len() - left.len())
    }

    /// Takes what the decoder has unpacked.
    fn collect(&mut self, to: &mut Unpacked) -> Result<(), FileError> {
        let mut piece = [0; 1 << 14];
        while self.decoder.can_collect() > 0 {
            let read = self.decoder.read(&mut piece).map_err(|error| FileError::Damaged(error.to_string()))?;
            to.add(&piece[..read])?;
        }
        if !self.decoder.is_finished() {
            return Ok(());
        }
        self.in_frame = false;
        match self.decoder.get_checksum_from_data() {
            Some(checksum) if self.decoder.get_calculated_checksum() != Some(checksum) => {
                Err(FileError::Damaged("its checksum is another".to_string()))
            }
            _ => Ok(()),
        }
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
    }

    #[test]
    fn a_small_file_does_not_fill_the_memory() {
        // Zeros are empty blocks.
        let file = [recording(), [0].repeat(100_000)].concat();
        let read = |room: usize| {
            let mut reader = FileReader::default();
            reader.unpacked.room = room;
            reader.add(&packed(&file)).and_then(|()| reader.finish()).map(|_| ())
        };
        assert_eq!(read(file.len()), Ok(()));
        assert_eq!(read(file.len() - 1), Err(FileError::TooLarge));
    }

    #[test]
    fn the_pieces_of_a_file_may_be_of_any_size() {
        // Random bytes make large blocks, which end within pieces.
        let mut seed = 1_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        };
        let noise: Vec<u8> = (0..300_000).map(|_| noise()).collect();
        let file = recording();
        let skipped =
            [&[0x50, 0x2a, 0x4d, 0x18][..], &u32::try_from(noise.len()).unwrap().to_le_bytes(), &noise].concat();
        let (first, last) = file.split_at(file.len() / 2);
        let zstd = [packed(first), skipped.clone(), packed(last)].concat();
        let whole = Recording::read(&file).unwrap();
        for file in [&file, &zstd] {
            for size in [1, 2, 3, 7, 100, 1 << 16, file.len()] {
                let mut reader = FileReader::default();
                assert!(file.chunks(size).all(|piece| reader.add(piece) == Ok(())), "{size}");
                assert_eq!(reader.finish().as_ref(), Ok(&whole), "{size}");
            }
        }
        let cut = [packed(first), skipped].concat();
        assert!(matches!(read(&cut[..cut.len() - 1]), Err(FileError::Damaged(_))));
    }
}
