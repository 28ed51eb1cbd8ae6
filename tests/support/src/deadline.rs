//! Every wait of the harness ends.

use std::time::{Duration, Instant};

/// How long the harness waits for something that should come at once.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The instant at which a wait is given up.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline this far from now.
    #[must_use]
    pub fn after(wait: Duration) -> Self {
        Self(Instant::now() + wait)
    }

    /// What is left of it; nothing once it has passed.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Looks every few milliseconds until `look` finds something or the deadline has passed.
    pub fn poll<T>(self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            let found = look();
            if found.is_some() || self.left().is_none() {
                return found;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
