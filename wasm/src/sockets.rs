//! The sockets: a number for each, and the events that core has not taken yet.

use std::cell::RefCell;
use std::rc::Rc;

use slab::Slab;

use crate::engine::LockNumber;

/// The longest inbox. More bytes than this are no answer, and core will report that.
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
    /// By closing its side: bytes can still be sent.
    Closed,
    /// By an error, in the system's words.
    Broken(String),
}

/// The state of a socket.
#[derive(Debug, Default)]
pub(crate) struct SocketState {
    /// The call that waits for something to happen on it.
    pub(crate) call: Option<usize>,
    /// The lock that it holds.
    pub(crate) lock: Option<LockNumber>,
    /// Bytes that core has not taken yet.
    inbox: Vec<u8>,
    pub(crate) end: Option<End>,
    /// Where it is connected to; a Unix socket has none.
    pub(crate) address: Option<Rc<str>>,
}

impl SocketState {
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if self.inbox.len() <= INBOX {
            self.inbox.extend_from_slice(bytes);
        }
    }

    /// The bytes that have come, if there are any.
    pub(crate) fn take_inbox(&mut self) -> Option<Vec<u8>> {
        (!self.inbox.is_empty()).then(|| std::mem::take(&mut self.inbox))
    }
}

/// All sockets. A number is given again once its socket was [taken](Sockets::take_dropped).
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    sockets: Slab<SocketState>,
    dropped: Rc<RefCell<Vec<usize>>>,
}

impl Sockets {
    /// A socket that is to be connected, for a call.
    pub(crate) fn open(&mut self, call: Option<usize>) -> Socket {
        let number = self.sockets.insert(SocketState { call, ..SocketState::default() });
        Socket { number, dropped: Rc::clone(&self.dropped) }
    }

    pub(crate) fn get(&mut self, number: usize) -> Option<&mut SocketState> {
        self.sockets.get_mut(number)
    }

    /// A socket that was dropped since: its number and state.
    pub(crate) fn take_dropped(&mut self) -> Option<(usize, SocketState)> {
        let number = self.dropped.borrow_mut().pop()?;
        self.sockets.try_remove(number).map(|state| (number, state))
    }
}
