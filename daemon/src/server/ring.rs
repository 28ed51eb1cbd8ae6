//! The latest pieces of a recording. The oldest are dropped, so that the memory has a limit.

use poolcounter::Timestamp;
use std::collections::VecDeque;
use std::rc::Rc;

/// What a chunk takes beside its bytes: the pointer to it, its counters, and the allocator's own.
const CHUNK: usize = 6 * size_of::<usize>();

/// A piece is about this part of the limit, so that the oldest ones can be dropped.
pub(super) const PIECES: usize = 16;

/// After this time a piece ends earlier, so that not much more is read than was asked for.
const LONGEST: u64 = 60 * 1_000_000;

/// The recording of `--record-buffer`. A piece is a segment, so it can be read without those before it.
#[derive(Debug)]
pub(super) struct Ring {
    /// The limit of its memory, in bytes.
    limit: usize,
    /// Oldest first. The last one is being written.
    pieces: VecDeque<Piece>,
    /// The bytes of the pieces, and what they take beside them.
    memory: usize,
    /// Chunks of pieces that were dropped while somebody reads them.
    leaving: Vec<Rc<[u8]>>,
}

/// A segment.
#[derive(Debug)]
struct Piece {
    began: Began,
    /// Whole blocks.
    chunks: Vec<Rc<[u8]>>,
    memory: usize,
    /// How much memory was needed when all was written that stood at its beginning; `None`: it is not written yet.
    standing: Option<usize>,
}

/// When a piece began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Began {
    pub(super) at: Timestamp,
    /// By the wall clock: microseconds since 1970.
    pub(super) wall: u64,
}

impl Ring {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, pieces: VecDeque::new(), memory: 0, leaving: Vec::new() }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Begins a piece.
    pub(super) fn begin(&mut self, began: Began) {
        self.pieces.push_back(Piece { began, chunks: Vec::new(), memory: size_of::<Piece>(), standing: None });
        self.memory += size_of::<Piece>();
    }

    /// Appends whole blocks to the last piece.
    pub(super) fn push(&mut self, blocks: &[u8]) {
        if let Some(piece) = self.pieces.back_mut().filter(|_| !blocks.is_empty()) {
            piece.chunks.push(blocks.into());
            piece.memory += blocks.len() + CHUNK;
            self.memory += blocks.len() + CHUNK;
        }
    }

    /// All is written that stood when the last piece began. The recorder needs `more` bytes beside the piece.
    pub(super) fn standing_is_complete(&mut self, more: usize) {
        if let Some(piece) = self.pieces.back_mut() {
            piece.standing.get_or_insert(piece.memory + more);
        }
    }

    /// Whether the last piece has enough calls: for a sixteenth of the limit, or for a minute. Each piece repeats what stands, so there must also be some calls for it.
    pub(super) fn is_full(&self, more: usize, now: Timestamp) -> bool {
        let Some(Piece { began, memory, standing: Some(standing), .. }) = self.pieces.back() else { return false };
        let calls = (memory + more).saturating_sub(*standing);
        calls >= (self.limit / PIECES).max(standing / 2) || now.micros_since(began.at) >= LONGEST && calls >= *standing
    }

    /// Drops the oldest pieces until the memory is within its limit, together with `more` bytes that the recorder needs. Returns whether the last piece alone is too large.
    pub(super) fn shrink(&mut self, more: usize) -> bool {
        self.leaving.retain(is_shared);
        while self.memory + more > self.limit && self.pieces.len() > 1 {
            let Some(piece) = self.pieces.pop_front() else { break };
            self.drop_piece(piece);
        }
        self.memory + more > self.limit
    }

    /// Drops all pieces.
    pub(super) fn clear(&mut self) {
        while let Some(piece) = self.pieces.pop_front() {
            self.drop_piece(piece);
        }
    }

    fn drop_piece(&mut self, piece: Piece) {
        self.memory -= piece.memory;
        self.leaving.extend(piece.chunks.into_iter().filter(is_shared));
    }

    /// The memory in use, also by chunks that were dropped while somebody reads them.
    pub(super) fn memory(&self) -> usize {
        let leaving = self.leaving.iter().filter(|chunk| is_shared(chunk));
        self.memory + leaving.map(|chunk| chunk.len() + CHUNK).sum::<usize>()
    }

    /// When the oldest piece began.
    pub(super) fn oldest(&self) -> Option<Began> {
        self.pieces.front().map(|piece| piece.began)
    }

    /// The pieces from the newest one that began at this moment or before, or from the oldest: when the first of them began, and their chunks.
    pub(super) fn since(&self, moment: Timestamp) -> Option<(Began, Vec<Rc<[u8]>>)> {
        let later = self.pieces.partition_point(|piece| piece.began.at <= moment);
        let pieces = || self.pieces.range(later.saturating_sub(1)..);
        let began = pieces().next()?.began;
        Some((began, pieces().flat_map(|piece| piece.chunks.iter().cloned()).collect()))
    }
}

/// Whether somebody reads it.
fn is_shared(chunk: &Rc<[u8]>) -> bool {
    Rc::strong_count(chunk) > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn began(second: u64) -> Began {
        Began { at: Timestamp::from_micros(second * 1_000_000), wall: second }
    }

    /// Pieces of one chunk of 1,000 bytes, which begin a second after each other.
    fn ring(limit: usize, pieces: std::ops::Range<u8>) -> Ring {
        let mut ring = Ring::new(limit);
        for piece in pieces {
            ring.begin(began(piece.into()));
            ring.push(&[piece; 1_000]);
            assert!(!ring.shrink(100));
        }
        ring
    }

    /// The first bytes of the chunks from this second on.
    fn since(ring: &Ring, second: u64) -> Option<(u64, Vec<u8>)> {
        let (began, chunks) = ring.since(began(second).at)?;
        Some((began.wall, chunks.iter().map(|chunk| chunk[0]).collect()))
    }

    #[test]
    fn it_begins_with_the_newest_piece_that_is_old_enough() {
        let ring = ring(10_000, 3..6);
        assert_eq!(since(&ring, 2), Some((3, vec![3, 4, 5])));
        assert_eq!(since(&ring, 3), Some((3, vec![3, 4, 5])));
        assert_eq!(since(&ring, 4), Some((4, vec![4, 5])));
        assert_eq!(since(&ring, 99), Some((5, vec![5])));
        assert_eq!(since(&Ring::new(10_000), 1), None);
    }

    #[test]
    fn the_oldest_pieces_are_dropped() {
        let ring = ring(4_700, 0..100);
        assert_eq!(since(&ring, 0), Some((96, vec![96, 97, 98, 99])));
        assert_eq!(ring.oldest(), Some(began(96)));
        assert!((4_000..4_600).contains(&ring.memory()), "{}", ring.memory());
    }

    #[test]
    fn a_piece_that_is_read_is_counted_until_it_is_read() {
        let mut ring = ring(4_700, 0..4);
        let read = ring.since(began(0).at);
        for piece in 4..100 {
            ring.begin(began(piece));
            ring.push(&[1; 1_000]);
            ring.shrink(100);
        }
        assert!((8_000..9_200).contains(&ring.memory()), "{}", ring.memory());
        drop(read);
        assert!(ring.memory() < 4_600, "{}", ring.memory());
    }

    #[test]
    fn the_last_piece_may_be_too_large() {
        let mut ring = ring(4_700, 0..4);
        ring.push(&[3; 5_000]);
        assert!(ring.shrink(100));
        assert_eq!(since(&ring, 0), Some((3, vec![3, 3])));
        ring.clear();
        assert_eq!((ring.memory(), ring.oldest()), (0, None));
    }

    #[test]
    fn a_piece_ends_when_it_has_calls_enough() {
        let is_full = |limit, more: usize, second| {
            let mut ring = ring(limit, 1..2);
            assert!(!ring.is_full(99_999, began(99).at), "what stands is not written");
            ring.standing_is_complete(500);
            ring.standing_is_complete(900);
            ring.is_full(500 + more, began(second).at)
        };
        // A sixteenth of the limit, and half of what stood, which is 1,600 bytes.
        assert!(!is_full(64_000, 3_999, 2) && is_full(64_000, 4_000, 2));
        assert!(!is_full(8_000, 700, 2) && is_full(8_000, 900, 2));
        // After a minute as much as what stood.
        assert!(!is_full(64_000, 1_400, 61) && is_full(64_000, 1_800, 61) && !is_full(64_000, 1_800, 60));
    }
}
