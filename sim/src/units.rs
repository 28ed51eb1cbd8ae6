//! Between seconds, as people write them, and microseconds, as the lock table counts them.

const MICROS: f64 = 1_000_000.0;

/// Microseconds, rounded up.
pub(crate) fn micros(seconds: f64) -> u64 {
    whole(seconds * MICROS)
}

/// Rounded up: nothing ends before its time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are not negative, and far below 2^64"
)]
pub(crate) fn whole(number: f64) -> u64 {
    libm::ceil(number) as u64
}

/// Seconds.
pub(crate) fn seconds(micros: u64) -> f64 {
    float(micros) / MICROS
}

/// A count as a number to divide by or to show; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no count of a simulation reaches 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}
