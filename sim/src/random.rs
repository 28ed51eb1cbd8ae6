//! Chance, from a seed: the same numbers on every machine.

use crate::units::float;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Lcg64Xsh32;

/// A sequence of its own for each purpose, so that a change of one thing does not shift the others.
///
/// The sequences of parses are numbered by their requests, from 0; those of other purposes come from the other end.
#[derive(Clone, Debug)]
pub(crate) struct Chance(Lcg64Xsh32);

impl Chance {
    pub(crate) fn new(seed: u32, number: u32) -> Self {
        Self(Lcg64Xsh32::seed_from_u64(u64::from(seed) << 32 | u64::from(number)))
    }

    /// From 0, which never comes, to 1, which may.
    pub(crate) fn share(&mut self) -> f64 {
        (float(self.0.next_u64() >> 11) + 1.0) / float(1 << 53)
    }

    /// From 0 to `count` - 1.
    pub(crate) fn below(&mut self, count: u32) -> u32 {
        // The high half of a product: no division, and no bias that a simulation could see.
        ((u64::from(self.0.next_u32()) * u64::from(count)) >> 32) as u32
    }

    /// Exponential, of average 1: the gap between two things that have nothing to do with each other.
    pub(crate) fn gap(&mut self) -> f64 {
        -libm::log(self.share())
    }

    /// Lognormal, by its average and its standard deviation as a share of the average.
    pub(crate) fn lognormal(&mut self, mean: f64, spread: f64) -> f64 {
        let variance = libm::log(1.0 + spread * spread);
        let radius = libm::sqrt(-2.0 * libm::log(self.share()));
        let normal = radius * libm::cos(2.0 * core::f64::consts::PI * self.share());
        mean * libm::exp(libm::sqrt(variance) * normal - variance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_and_spreads_are_as_asked_for() {
        let mut chance = Chance::new(7, 0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..100_000 {
            let cost = chance.lognormal(3.0, 0.5);
            sum += cost;
            squares += cost * cost;
        }
        let mean = sum / 100_000.0;
        let deviation = libm::sqrt(squares / 100_000.0 - mean * mean);
        assert!((2.97..3.03).contains(&mean), "{mean}");
        assert!((1.45..1.55).contains(&deviation), "{deviation}");
    }

    #[test]
    fn neighbours_have_nothing_to_do_with_each_other() {
        // First numbers of neighbouring sequences, in pairs: each quarter of the square gets its share.
        let mut quarters = [0_u32; 4];
        for number in 0..40_000 {
            let half = |number| usize::from(Chance::new(1, number).share() > 0.5);
            quarters[half(number) * 2 + half(number + 1)] += 1;
        }
        assert!(quarters.iter().all(|count| (9_700..10_300).contains(count)), "{quarters:?}");
    }
}
