//! Deadlines: every wait of the tests ends.

use std::time::{Duration, Instant};

/// How long the tests wait for something that should happen at once. On a busy machine Valgrind needed more than ten seconds to start.
pub const PATIENCE: Duration = Duration::from_secs(30);

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

    /// Calls `look` every few milliseconds until it finds something or the deadline has passed.
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
