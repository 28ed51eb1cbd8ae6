//! Keys as people and programs see them: a form of text for their bytes, and the groups that they belong to.
//!
//! ```
//! use poolcounter::key::{Groups, KeyText};
//!
//! let key = b"enwiki:pcache:idhash:3-0!canonical \xc3\xa9";
//! assert_eq!(KeyText(key).to_string(), "enwiki:pcache:idhash:3-0!canonical%20%C3%A9");
//!
//! let mut groups = Groups::default();
//! let group = groups.of(key);
//! assert_eq!(groups.name(group), "pcache");
//! ```

mod groups;
mod pattern;
mod text;

pub use groups::{GroupError, GroupId, Groups, GroupsError, MAX_GROUPS, MAX_RULES};
pub use pattern::PatternError;
pub use text::{KeyText, KeyTextError, Shortened};
