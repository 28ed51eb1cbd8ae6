//! Loads for replays: readers whose work sleeps, so that no outcome depends on the machine's CPU.

use poolcounter::protocol::Mode;
use poolcounter_sim::replay::Limits;
use std::time::Duration;

/// Readers of one key, and what changes.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    pub(crate) mode: Mode,
    /// Without its revision.
    pub(crate) key: &'static str,
    pub(crate) arrivals: Vec<Duration>,
    /// When the page is edited.
    pub(crate) edits: &'static [u64],
    pub(crate) old: Setting,
    pub(crate) new: Setting,
    /// The new setting for the replay.
    pub(crate) change: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) limits: Limits,
    pub(crate) fast_stale: bool,
}

const fn setting(workers: u32, maxqueue: u32, timeout: u32) -> Setting {
    Setting { limits: Limits { workers, maxqueue, timeout }, fast_stale: false }
}

/// One reader every so many milliseconds, until a moment.
fn every(millis: u64, until: u64) -> Vec<Duration> {
    (1..=until / millis).map(|reader| Duration::from_millis(reader * millis)).collect()
}

pub(crate) fn all() -> [Load; 3] {
    [
        Load {
            name: "a longer queue and more patience",
            mode: Mode::ForAnyone,
            key: "wiki:pcache:idhash:1-0!canonical",
            arrivals: every(40, 5_000),
            edits: &[1_700, 3_400],
            old: setting(1, 12, 1),
            new: setting(1, 25, 5),
            change: "ArticleView: maxqueue 25, timeout 5",
        },
        Load {
            name: "more workers for me",
            mode: Mode::ForMe,
            key: "wiki:ApiParse:a:192.0.2.1",
            arrivals: every(60, 5_000),
            edits: &[],
            old: setting(1, 4, 1),
            new: setting(4, 9, 3),
            change: "ApiParser: workers 4, maxqueue 9, timeout 3",
        },
        Load {
            name: "fastStale",
            mode: Mode::ForAnyone,
            key: "wiki:pcache:idhash:2-0!canonical",
            arrivals: every(40, 5_000),
            edits: &[1_700, 3_400],
            old: setting(1, 100, 8),
            new: Setting { fast_stale: true, ..setting(1, 100, 8) },
            change: "ArticleView: fastStale",
        },
    ]
}
