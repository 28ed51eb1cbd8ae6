use crate::command_line::address::Address;
use crate::net::closing::{Ending, give_back};
use crate::net::listener::Listener;
use crate::saved::SavedListener;
use crate::server::Server;
use crate::tasks::acceptor;
use rustix::io::Errno;
use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use tokio::task::AbortHandle;

/// A listener for clients, or where there was one.
#[derive(Debug)]
pub(super) enum Door {
    /// Clients are accepted, or turned away.
    Open { listener: Rc<Listener>, acceptor: AbortHandle, turns_away: Rc<Cell<bool>> },
    /// A listener that was given to the daemon is shut down.
    Shut(OwnedFd, String),
    /// Nobody listens at this address.
    Closed(Address),
}

impl Door {
    /// Accepts the listener's clients.
    pub(super) fn open(server: &Rc<Server>, listener: Rc<Listener>) -> Self {
        let turns_away = Rc::new(Cell::new(false));
        let task = acceptor::run(Rc::clone(server), Rc::clone(&listener), Rc::clone(&turns_away));
        let acceptor = tokio::task::spawn_local(task).abort_handle();
        Self::Open { listener, acceptor, turns_away }
    }

    /// Where it is, as options name it.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Open { listener, .. } => listener.address(),
            Self::Shut(_, address) => address.clone(),
            Self::Closed(address) => address.to_string(),
        }
    }

    /// Accepts whoever waits in the queue.
    pub(super) fn accept_all(&self, server: &Rc<Server>) {
        if let Self::Open { listener, turns_away, .. } = self
            && !turns_away.get()
        {
            acceptor::accept_all(server, listener);
        }
    }

    /// Closes an open door. Nobody should be in its queue any more.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let Self::Open { listener, acceptor, turns_away } = self else { return Ok(()) };
        match listener.ending() {
            Ending::TurnAway => turns_away.set(true),
            Ending::Close => {
                // One that this daemon has opened has an address that it understands.
                let address = Address::extended(listener.address().as_ref());
                let address = address.ok_or(io::ErrorKind::InvalidInput)?;
                acceptor.abort();
                // The task that accepts is dropped later, and has the socket until then.
                listener.end()?;
                *self = Self::Closed(address);
            }
            Ending::ShutDown => {
                let (socket, address) = (listener.shut_down()?, listener.address());
                acceptor.abort();
                *self = Self::Shut(socket, address);
            }
        }
        Ok(())
    }

    pub(super) fn give_back(&self) -> io::Result<()> {
        match self {
            Self::Shut(socket, _) => give_back(socket),
            Self::Open { listener, .. } if listener.inherited => listener.let_in().or_else(without_filter),
            _ => Ok(()),
        }
    }

    /// What another program needs, and the socket; nothing of a door that is closed.
    pub(super) fn saved(&self) -> io::Result<Option<(SavedListener, OwnedFd)>> {
        Ok(match self {
            Self::Open { listener, .. } => Some((listener.saved(), listener.socket.as_fd().try_clone_to_owned()?)),
            Self::Shut(socket, _) => Some((SavedListener { inherited: true, file: None }, socket.try_clone()?)),
            Self::Closed(_) => None,
        })
    }
}

/// There may be no filter to detach.
pub(super) fn without_filter(error: io::Error) -> io::Result<()> {
    if Errno::from_io_error(&error) == Some(Errno::NOENT) { Ok(()) } else { Err(error) }
}
