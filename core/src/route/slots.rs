use alloc::format;
use alloc::string::String;
use core::num::NonZeroU32;
use sha1::{Digest, Sha1};

/// The key that MediaWiki asks for in place of `key` if its pool is configured with `slots`: all keys of the pool share that many.
///
/// The number of the slot comes from 16 bits of the key's sha1, so more than 65,536 slots are never used.
///
/// ```
/// use core::num::NonZeroU32;
/// use poolcounter::route::slot_key;
///
/// let slots = NonZeroU32::new(7).expect("not 0");
/// assert_eq!(slot_key("ArticleView", b"wiki:pcache:idhash:3-0!canonical:revid:3", slots), "ArticleView:2");
/// ```
#[must_use]
pub fn slot_key(pool: &str, key: &[u8], slots: NonZeroU32) -> String {
    let digest = Sha1::digest(key);
    let number = u32::from(digest[0]) << 8 | u32::from(digest[1]);
    format!("{pool}:{}", number % slots)
}
