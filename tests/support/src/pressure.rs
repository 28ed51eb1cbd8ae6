//! Whether the machine was so busy that a timing proves nothing.

use std::fs;
use std::time::{Duration, Instant};

/// The share of the time in which some task waited for a processor.
const BUSY: f64 = 0.5;

/// Measures how busy the processors are, from its creation on.
#[derive(Debug)]
pub struct Pressure {
    begin: Instant,
    waited: Option<Duration>,
}

impl Pressure {
    /// Begins to measure.
    #[must_use]
    pub fn measure() -> Self {
        Self { begin: Instant::now(), waited: waited() }
    }

    /// Whether some task waited for a processor for at least half of the time. `false` if the kernel does not count this.
    #[must_use]
    pub fn was_high(&self) -> bool {
        let (Some(before), Some(after)) = (self.waited, waited()) else { return false };
        after.saturating_sub(before).as_secs_f64() > BUSY * self.begin.elapsed().as_secs_f64()
    }
}

/// The time since the start of the system in which some task waited for a processor.
fn waited() -> Option<Duration> {
    total(&fs::read_to_string("/proc/pressure/cpu").ok()?)
}

fn total(text: &str) -> Option<Duration> {
    let some = text.lines().find(|line| line.starts_with("some "))?;
    let total = some.split_ascii_whitespace().find_map(|field| field.strip_prefix("total="))?;
    Some(Duration::from_micros(total.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_that_of_some_task() {
        let text =
            "some avg10=1.09 avg60=1.37 avg300=3.47 total=78006595\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n";
        assert_eq!(total(text), Some(Duration::from_micros(78_006_595)));
        assert_eq!(total("full avg10=0.00 total=5\n"), None);
    }
}
