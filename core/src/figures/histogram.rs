/// The number of bounds of a [`Histogram`].
pub const BOUNDS: usize = 18;

/// The first bound, in microseconds. Each further one is twice the one before.
const FIRST: u64 = 1_000;

/// How many times were how long: 18 buckets, whose upper bounds double from 1 ms to 131.072 s, and one for what is longer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    pub(super) counts: [u64; BOUNDS + 1],
    /// In microseconds.
    pub(super) sum: u64,
}

impl Histogram {
    /// Counts a time, in microseconds.
    pub(super) fn count_time(&mut self, micros: u64) {
        self.counts[bucket(micros)] += 1;
        self.sum = self.sum.saturating_add(micros);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, other) in self.counts.iter_mut().zip(other.counts) {
            *count += other;
        }
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// How many times were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The sum of all times, in microseconds.
    #[must_use]
    pub fn sum_micros(&self) -> u64 {
        self.sum
    }

    /// For each bound, in microseconds, how many times were no longer than it. The times that are longer than the last bound are in [`count`](Self::count) alone.
    #[must_use]
    pub fn cumulative(&self) -> impl ExactSizeIterator<Item = (u64, u64)> + '_ {
        let mut count = 0;
        self.counts[..BOUNDS].iter().enumerate().map(move |(bound, counted)| {
            count += counted;
            (FIRST << bound, count)
        })
    }
}

/// The first bucket whose bound is no shorter than this.
fn bucket(micros: u64) -> usize {
    let firsts = micros.saturating_sub(1) / FIRST;
    // At most 64.
    ((u64::BITS - firsts.leading_zeros()) as usize).min(BOUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_counted_below_the_first_bound_that_it_does_not_exceed() {
        let naive = |micros| (0..BOUNDS).position(|bound| micros <= FIRST << bound).unwrap_or(BOUNDS);
        let near = |bound: u64| [bound - 1, bound, bound + 1, bound + 999, bound + 1_000];
        let times = (0..BOUNDS).flat_map(|bound| near(FIRST << bound)).chain([0, 1, 131_072_001, u64::MAX]);
        for micros in times {
            assert_eq!(bucket(micros), naive(micros), "{micros} us");
        }
    }

    #[test]
    fn buckets_add_up() {
        let mut histogram = Histogram::default();
        for micros in [0, 1_000, 1_001, 131_072_000, 131_072_001] {
            histogram.count_time(micros);
        }
        assert_eq!((histogram.count(), histogram.sum_micros()), (5, 262_146_002));
        let cumulative: alloc::vec::Vec<_> = histogram.cumulative().collect();
        assert_eq!(cumulative[..2], [(1_000, 2), (2_000, 3)]);
        assert_eq!(cumulative[17], (131_072_000, 4));
    }
}
