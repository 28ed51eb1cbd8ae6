//! The sockets, as seen from here: a number, and what has come of them that nobody has asked for yet.

use std::cell::RefCell;
use std::rc::Rc;

use slab::Slab;

use crate::engine::LockNumber;

/// More than this is no answer, and core will say so: the rest need not be kept.
const INBOX: usize = 64 * 1024;

/// A socket of JavaScript, by its number. Dropping it asks for it to be closed.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) number: usize,
    dropped: Rc<RefCell<Vec<usize>>>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.dropped.borrow_mut().push(self.number);
    }
}

/// How the other side of a socket ended it.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// In good order: what is sent to it is still accepted.
    Closed,
    /// By an error, in the system's words.
    Broken(String),
}

/// What is known of a socket.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// The call that waits for something to happen on it.
    pub(crate) call: Option<usize>,
    /// The lock that it holds.
    pub(crate) lock: Option<LockNumber>,
    /// What has come and was not asked for yet.
    inbox: Vec<u8>,
    pub(crate) end: Option<End>,
    /// Where it is connected to; a Unix socket has none.
    pub(crate) address: Option<Rc<str>>,
}

impl Wire {
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if self.inbox.len() <= INBOX {
            self.inbox.extend_from_slice(bytes);
        }
    }

    /// What has come, if anything has.
    pub(crate) fn take_inbox(&mut self) -> Option<Vec<u8>> {
        (!self.inbox.is_empty()).then(|| std::mem::take(&mut self.inbox))
    }
}

/// All sockets. A number is given again once its socket was [taken](Wires::take_dropped).
#[derive(Debug, Default)]
pub(crate) struct Wires {
    wires: Slab<Wire>,
    dropped: Rc<RefCell<Vec<usize>>>,
}

impl Wires {
    /// A socket that is to be connected, for a call.
    pub(crate) fn open(&mut self, call: Option<usize>) -> Socket {
        let number = self.wires.insert(Wire { call, ..Wire::default() });
        Socket { number, dropped: Rc::clone(&self.dropped) }
    }

    pub(crate) fn get(&mut self, number: usize) -> Option<&mut Wire> {
        self.wires.get_mut(number)
    }

    /// A socket that was dropped since: its number, and what was known of it.
    pub(crate) fn take_dropped(&mut self) -> Option<(usize, Wire)> {
        let number = self.dropped.borrow_mut().pop()?;
        self.wires.try_remove(number).map(|wire| (number, wire))
    }
}
