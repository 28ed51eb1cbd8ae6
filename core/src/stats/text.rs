//! Prints numbers like the reference. The reference converts in single precision at every step, and so does this module: a double would
//! print other digits.

// The reference's conversions lose precision, and these must lose the same.
#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use crate::Timestamp;
use alloc::format;
use alloc::string::String;
use core::fmt::Write;

const MINUTE: f32 = 60.0;
const HOUR: f32 = 3_600.0;
const DAY: f32 = 86_400.0;

pub(super) fn uptime(started: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_secs().saturating_sub(started.as_secs());
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    format!("uptime: {days} days, {hours}h {}m {}s\n", seconds / 60 % 60, seconds % 60)
}

pub(super) fn counter(name: &str, value: u64) -> String {
    format!("{name}: {value}\n")
}

pub(super) fn time(name: &str, micros: u64, to: &mut String) {
    line(name, seconds(micros), to);
}

pub(super) fn average(name: &str, micros: u64, count: u64, to: &mut String) {
    let sum = seconds(micros);
    line(name, if count == 0 { sum } else { sum / count as f32 }, to);
}

fn seconds(micros: u64) -> f32 {
    (micros / 1_000_000) as f32 + (micros % 1_000_000) as f32 * 1e-6
}

fn line(name: &str, mut seconds: f32, to: &mut String) {
    let whole = seconds;
    // Writing to a String cannot fail, so the results are ignored.
    let _ = write!(to, "{name}: ");
    for (unit, suffix) in [(DAY, " days "), (HOUR, "h "), (MINUTE, "m ")] {
        if whole >= unit {
            let _ = write!(to, "{}{suffix}", (seconds / unit) as u64);
            seconds %= unit;
        }
    }
    let _ = writeln!(to, "{seconds:.6}s");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(micros: u64) -> String {
        let mut text = String::new();
        time("t", micros, &mut text);
        text
    }

    /// Values that the reference printed.
    #[test]
    fn single_precision_to_the_digit() {
        let cases = [
            (0, "0.000000s"),
            (957_994, "0.957994s"),
            (8_979_857, "8.979856s"),
            (59_999_999, "1m 0.000000s"),
            (174_617_836, "2m 54.617828s"),
            (3_659_000_000, "1h 0m 59.000000s"),
            (86_400_000_000, "1 days 0h 0m 0.000000s"),
            (38_062_693_484_230, "440 days 12h 58m 12.000000s"),
        ];
        for (micros, text) in cases {
            assert_eq!(printed(micros), format!("t: {text}\n"), "{micros} us");
        }
    }

    #[test]
    fn the_average_is_not_divided_by_nothing() {
        let mut text = String::new();
        average("a", 3_000_000, 0, &mut text);
        average("a", 3_000_000, 4, &mut text);
        assert_eq!(text, "a: 3.000000s\na: 0.750000s\n");
    }

    #[test]
    fn uptime_counts_the_seconds_that_a_clock_shows() {
        let at = Timestamp::from_micros;
        assert_eq!(uptime(at(900_000), at(1_100_000)), "uptime: 0 days, 0h 0m 1s\n");
        assert_eq!(uptime(at(0), at(93_784_000_000)), "uptime: 1 days, 2h 3m 4s\n");
    }
}
