//! Writes the records of usual calls, byte for byte as [`postcard`] does, with a third of the instructions.

use super::record::{Answer, Record};
use crate::protocol::Mode;
use alloc::vec::Vec;

/// More than any of these records takes: it has at most six numbers of five bytes, one of ten, and three bytes.
const MOST: usize = 48;

/// A record on the stack.
struct Brief {
    bytes: [u8; MOST],
    length: usize,
}

/// Appends the record of a usual call. Returns `false` for other records, of which nothing is written.
#[inline]
pub(super) fn append(to: &mut Vec<u8>, record: &Record<'_>) -> bool {
    let mut brief = Brief { bytes: [0; MOST], length: 0 };
    match *record {
        Record::Acquire { after, client, key, mode, workers, maxqueue, timeout, answer } => {
            brief.call(4, after, client);
            brief.number(key.into());
            brief.byte(match mode {
                Mode::ForMe => 0,
                Mode::ForAnyone => 1,
            });
            brief.number(workers.into());
            brief.number(maxqueue.into());
            brief.number(timeout.into());
            brief.answer(answer);
        }
        Record::Release { after, client, answer } => {
            brief.call(5, after, client);
            brief.answer(answer);
        }
        Record::Read { after, client } => brief.call(6, after, client),
        Record::Left { after, client } => brief.call(7, after, client),
        Record::Told { client, answer } => {
            brief.byte(12);
            brief.number(client.into());
            brief.answer(answer);
        }
        _ => return false,
    }
    to.extend_from_slice(brief.bytes.get(..brief.length).unwrap_or_default());
    true
}

impl Brief {
    #[inline]
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Seven bits in each byte, the lowest first; all but the last have the eighth bit.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "these are the lowest bits")]
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    #[inline]
    fn call(&mut self, kind: u8, after: i64, client: u32) {
        self.byte(kind);
        // Small numbers of either sign are short.
        self.number(((after << 1) ^ (after >> 63)).cast_unsigned());
        self.number(client.into());
    }

    #[inline]
    fn answer(&mut self, answer: Answer) {
        self.byte(answer as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_postcard() {
        let answers = [Answer::None, Answer::Locked, Answer::WrongStat];
        for (after, number) in [(0, 0), (-1, 127), (64, 128), (i64::MIN, u32::MAX), (i64::MAX, 1 << 21)] {
            for answer in answers {
                let acquire = |mode| Record::Acquire {
                    after,
                    client: number,
                    key: number / 2,
                    mode,
                    workers: number,
                    maxqueue: u32::MAX - number,
                    timeout: number / 3,
                    answer,
                };
                for record in [
                    acquire(Mode::ForMe),
                    acquire(Mode::ForAnyone),
                    Record::Release { after, client: number, answer },
                    Record::Read { after, client: number },
                    Record::Left { after, client: number },
                    Record::Told { client: number, answer },
                ] {
                    let mut bytes = Vec::new();
                    assert!(append(&mut bytes, &record));
                    assert_eq!(Ok(bytes), postcard::to_allocvec(&record), "{record:?}");
                }
            }
        }
        assert!(!append(&mut Vec::new(), &Record::Complete));
    }
}
