//! Texts that were logged once in this process, in any request and thread.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// More than the mistakes in any settings. With this number all are forgotten, so that the memory of a process stays bounded.
const MAX_TEXTS: usize = 256;

/// Hashes of the texts, which may be long; then zeros. There is no mutex: after a fork in another thread it could stay locked.
static SAID: [AtomicU64; MAX_TEXTS] = [const { AtomicU64::new(0) }; MAX_TEXTS];

/// Whether this is new.
pub(crate) fn first_time(text: &[u8]) -> bool {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let hash = hasher.finish().max(1);
    if let Some(new) = enter(hash) {
        return new;
    }
    forget_all();
    enter(hash).unwrap_or(true)
}

/// Whether this hash is new; `None` if it is new and no place is left.
fn enter(hash: u64) -> Option<bool> {
    SAID.iter().find_map(|place| {
        let known = match place.load(Ordering::Relaxed) {
            0 => match place.compare_exchange(0, hash, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(true),
                Err(other) => other,
            },
            known => known,
        };
        (known == hash).then_some(false)
    })
}

/// The process ends.
pub(crate) fn forget_all() {
    for place in &SAID {
        place.store(0, Ordering::Relaxed);
    }
}
