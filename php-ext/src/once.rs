//! Texts that were logged once in this process, whatever the request.

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// More than the mistakes in any settings. With this number all are forgotten, so that the memory of a process stays bounded.
const MAX_TEXTS: usize = 256;

thread_local! {
    /// Hashes of the texts, which may be long.
    static SAID: RefCell<HashSet<u64>> = RefCell::default();
}

/// Whether this is new.
pub(crate) fn first_time(text: &[u8]) -> bool {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let hash = hasher.finish();
    // As the thread ends, nothing is remembered.
    SAID.try_with(|said| {
        let mut said = said.borrow_mut();
        if said.len() >= MAX_TEXTS && !said.contains(&hash) {
            said.clear();
        }
        said.insert(hash)
    })
    .unwrap_or(true)
}

/// The process ends.
pub(crate) fn forget_all() {
    let _ = SAID.try_with(|said| said.borrow_mut().clear());
}
