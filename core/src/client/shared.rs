//! The state that the clients of a process share.

use super::name::SharedName;
use super::server::Target;
use super::standing::SharedStanding;
use crate::Timestamp;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// A value that several clients use. With the feature `sockets` they may be in different threads.
#[derive(Debug)]
pub(super) struct Shared<T>(Kept<T>);

#[cfg(feature = "sockets")]
type Kept<T> = alloc::sync::Arc<crate::sockets::Brief<T>>;
#[cfg(not(feature = "sockets"))]
type Kept<T> = alloc::rc::Rc<core::cell::RefCell<T>>;

impl<T: Default> Shared<T> {
    /// Does something with the value, briefly.
    #[cfg(feature = "sockets")]
    pub(super) fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        self.0.with(body)
    }

    /// Does something with the value, briefly.
    #[cfg(not(feature = "sockets"))]
    pub(super) fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        body(&mut self.0.borrow_mut())
    }

    fn is_used(&self) -> bool {
        Kept::strong_count(&self.0) > 1
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self(Kept::default())
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Kept::clone(&self.0))
    }
}

/// When more servers than this are known, those that no client uses any more are forgotten. The same holds for names.
const MAX_KNOWN: usize = 1_000;

/// The state of servers and the addresses of names. Clients that are made with the same knowledge share them: one that finds a server silent spares the others the wait.
#[derive(Debug, Default)]
pub struct Knowledge {
    servers: Vec<(Target, SharedStanding)>,
    names: Vec<(String, SharedName)>,
}

impl Knowledge {
    /// Without any server or name.
    #[must_use]
    pub const fn new() -> Self {
        Self { servers: Vec::new(), names: Vec::new() }
    }

    /// A look-up of this host has ended, with its addresses or with the system's text. It serves all clients.
    pub fn looked_up(&mut self, host: &str, found: Result<Vec<String>, String>, now: Timestamp) {
        self.name(host).with(|name| name.looked_up(found, now));
    }

    pub(super) fn server(&mut self, target: &Target) -> SharedStanding {
        of(&mut self.servers, target)
    }

    /// The addresses of a name. An address needs no look-up.
    pub(super) fn name(&mut self, host: &str) -> SharedName {
        let name = of(&mut self.names, host);
        name.with(|name| name.read(host));
        name
    }
}

/// The entry of a server or name; a new one if there is none. They are few, and this runs only when a client is made.
fn of<K: PartialEq<Q>, Q: ToOwned<Owned = K> + ?Sized, T: Default>(
    known: &mut Vec<(K, Shared<T>)>,
    one: &Q,
) -> Shared<T> {
    if let Some((_, shared)) = known.iter().find(|(other, _)| other == one) {
        return shared.clone();
    }
    if known.len() >= MAX_KNOWN {
        known.retain(|(_, shared)| shared.is_used());
    }
    let shared = Shared::default();
    known.push((one.to_owned(), shared.clone()));
    shared
}
