//! Which server a key belongs to.
//!
//! Programs share a lock only if they choose servers by the same rule. Two rules are in use, and both are here: MediaWiki's
//! order ([`mediawiki_order`]) and python-poolcounter's ring ([`Ring`]). A pool of MediaWiki that has the setting `slots` maps all of its keys
//! to a few keys ([`slot_key`]).
//!
//! ```
//! use poolcounter::route::{Ring, mediawiki_order};
//!
//! // The server to ask first, and those to ask when it is away.
//! let servers = ["10.0.0.1", "10.0.0.2"];
//! let order: Vec<_> = mediawiki_order(&servers, b"page:1").collect();
//! assert_eq!(order.len(), 2);
//!
//! let ring = Ring::new([("pc1", 1), ("pc2", 1)]);
//! assert_eq!(ring.node(b"page:1"), Some(0));
//! ```

mod mediawiki;
mod ring;
mod slots;

pub use mediawiki::mediawiki_order;
pub use ring::{MAX_WEIGHT, Ring};
pub use slots::slot_key;
