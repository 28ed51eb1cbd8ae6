//! What all recordings of the server say of themselves.

use crate::constants::VERSION;
use poolcounter::recording::Title;
use std::time::SystemTime;

/// The title of a recording that began at this time.
pub(super) fn title(started: u64) -> Title {
    let server = rustix::system::uname().nodename().to_string_lossy().into();
    Title { server, program: VERSION.into(), started }
}

/// Microseconds since 1970.
pub(super) fn wall() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}
