//! MediaWiki's pool types, which operators know, and the groups of their keys, which recordings have.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Pool types whose keys have another name than they have.
const POOLS: &[(&str, &[&str])] = &[("ArticleView", &["pcache", "rcache"]), ("ApiParser", &["ApiParse"])];

/// The groups that a name means: those of a pool type, or the group of this name.
///
/// ```
/// use poolcounter_sim::replay::groups_of;
///
/// assert_eq!(groups_of("ArticleView"), ["pcache", "rcache"]);
/// assert_eq!(groups_of("FileRenderExpensive"), ["FileRenderExpensive"]);
/// ```
#[must_use]
pub fn groups_of(name: &str) -> Vec<String> {
    let found = POOLS.iter().find(|(pool, _)| *pool == name).map(|(_, groups)| groups.iter());
    // With slots the pool's own name is in the key.
    found.map_or_else(|| alloc::vec![name.to_string()], |groups| groups.map(ToString::to_string).collect())
}

/// The pool types whose keys are in a group. `other` and the groups of Thumbor have none.
#[must_use]
pub fn pools_of(group: &str) -> Vec<String> {
    if group == "other" || group.starts_with("thumbor-") {
        return Vec::new();
    }
    let known: Vec<_> =
        POOLS.iter().filter(|(_, groups)| groups.contains(&group)).map(|(pool, _)| pool.to_string()).collect();
    if known.is_empty() { alloc::vec![group.to_string()] } else { known }
}

/// The name that MediaWiki puts before the number of a slot.
pub(super) fn slot_name(group: &str) -> String {
    pools_of(group).into_iter().next().unwrap_or_else(|| group.to_string())
}
