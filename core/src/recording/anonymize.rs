//! Makes a plain recording anonymous.

use super::record::{Head, Name, Record};
use super::write::append;
use super::{MAGIC, Naming, RecordingError, VERSION, block};
use alloc::vec::Vec;

/// Replaces the keys of a plain recording by numbers, one block at a time.
///
/// ```
/// use poolcounter::recording::{Anonymizer, Naming, Scope, Title, head};
///
/// let title = Title { server: "pool1".into(), program: "test".into(), started: 0 };
/// let [plain, anonymous] = [Naming::Plain, Naming::Anonymous(1, 2)].map(|naming| head(&title, &Scope { groups: None, naming }));
/// let (block, length) = Anonymizer::new(1, 2).block(&plain)?.expect("a whole block");
/// assert_eq!((block, length), (anonymous, plain.len()));
/// # Ok::<(), poolcounter::recording::RecordingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Anonymizer {
    naming: Naming,
    /// The number of the next block.
    number: usize,
}

impl Anonymizer {
    /// The numbers are made with these secret random bits, as those of [`Naming::Anonymous`].
    #[must_use]
    pub const fn new(high: u64, low: u64) -> Self {
        Self { naming: Naming::Anonymous(high, low), number: 0 }
    }

    /// Replaces the keys of the first block of `bytes`, which may begin with [`MAGIC`] and a head. Gives the new bytes, and the length of the old ones; `None` if the block is not complete.
    ///
    /// # Errors
    ///
    /// If the block is damaged, or has another version.
    pub fn block(&mut self, bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, RecordingError> {
        if MAGIC.starts_with(bytes) {
            return Ok(None);
        }
        let damaged = RecordingError::Record(self.number);
        let begun = bytes.strip_prefix(MAGIC);
        let mut rest = begun.unwrap_or(bytes);
        let Some(mut content) = block::next(&mut rest, self.number)? else { return Ok(None) };
        let mut open = block::open();
        if begun.is_some() {
            let Some((&version, after)) = content.split_first() else { return Err(damaged) };
            if version != VERSION {
                return Err(RecordingError::Version(version));
            }
            let (head, after) = postcard::take_from_bytes::<Head<'_>>(after).map_err(|_| damaged.clone())?;
            open.push(VERSION);
            append(&mut open, &Head { anonymous: true, ..head });
            content = after;
        }
        while !content.is_empty() {
            let (record, after) = postcard::take_from_bytes(content).map_err(|_| damaged.clone())?;
            match record {
                Record::Key { group, name: Name::Plain(key) } => {
                    append(&mut open, &Record::Key { group, name: self.naming.name(key) });
                }
                // No other record has a key.
                _ => open.extend_from_slice(&content[..content.len() - after.len()]),
            }
            content = after;
        }
        self.number += 1;
        let begun = begun.map_or(&[][..], |_| MAGIC);
        Ok(Some(([begun, &block::close(open)].concat(), bytes.len() - rest.len())))
    }
}
