//! Draining: new clients are refused, and those who are here finish.
//!
//! A client that asks a server which refuses it asks the next one. So a host can be taken out without a change of any client's configuration. `net/closing`
//! knows how a listener stops without losing those who have connected already.

mod door;

use crate::command_line::address::Address;
use crate::net::listen_error::ListenError;
use crate::net::listener::Listener;
use crate::net::open::bind;
use crate::saved::{SavedDrain, SavedListener};
use crate::server::Server;
use crate::system::reason::reason;
use door::Door;
use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

/// How long handshakes may take that had begun when new clients were stopped.
const HANDSHAKES: Duration = Duration::from_secs(1);

/// The same for a listener that was given to the daemon: its clients wait for a second if they connect in this time.
const GIVEN_HANDSHAKES: Duration = Duration::from_millis(200);

/// The listeners for clients, and whether they are open.
#[derive(Debug)]
pub(crate) struct Gate {
    server: Rc<Server>,
    doors: RefCell<Vec<Door>>,
    unix_mode: u32,
    /// The tasks that close the doors.
    closing: RefCell<Vec<AbortHandle>>,
    /// How many doors are still to be closed.
    open: Cell<usize>,
}

/// Why the daemon still drains.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UndrainError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("a socket that was given to the daemon cannot listen again: {}", reason(.0))]
    Given(#[source] std::io::Error),
}

impl Gate {
    /// The gate with these listeners. `drain` is what an old program has handed over, if it was draining.
    pub(crate) fn new(
        server: &Rc<Server>,
        listeners: Vec<Rc<Listener>>,
        unix_mode: u32,
        closed: Option<&[String]>,
    ) -> Rc<Self> {
        let gate = Rc::new(Self {
            server: Rc::clone(server),
            doors: RefCell::default(),
            unix_mode,
            closing: RefCell::default(),
            open: Cell::new(0),
        });
        let mut doors: Vec<Door> = listeners.into_iter().map(|listener| Door::open(server, listener)).collect();
        if let Some(closed) = closed {
            server.set_draining(true);
            for door in &mut doors {
                door.accept_all(server);
                if let Err(error) = door.close() {
                    warn!("a listener cannot be closed: {}", reason(&error));
                }
            }
            doors.extend(closed.iter().filter_map(|text| Address::extended(text.as_ref())).map(Door::Closed));
        }
        gate.doors.replace(doors);
        gate
    }

    /// Where clients connect, as options name it, whether the doors are open or not.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.doors.borrow().iter().map(Door::address).collect()
    }

    /// Begins to drain. The locks that are held now are counted: their keys may be held on another server at the same time.
    pub(crate) fn drain(self: &Rc<Self>) {
        if self.server.is_draining() {
            return;
        }
        self.server.set_draining(true);
        let held = self.server.count_drain_holders();
        info!("draining, clients: {}, locks held: {held}", self.server.clients());
        self.closing.borrow_mut().clear();
        self.open.set(self.doors.borrow().len());
        for (index, door) in self.doors.borrow().iter().enumerate() {
            let Door::Open { listener, .. } = door else {
                self.open.set(self.open.get() - 1);
                continue;
            };
            if let Err(error) = listener.stop_new() {
                warn!("{}: new connections cannot be stopped gently: {}", door.address(), reason(&error));
            }
            let handshakes = if listener.inherited { GIVEN_HANDSHAKES } else { HANDSHAKES };
            let gate = Rc::clone(self);
            let task = tokio::task::spawn_local(async move {
                sleep(handshakes).await;
                gate.close(index).await;
            });
            self.closing.borrow_mut().push(task.abort_handle());
        }
    }

    async fn close(&self, index: usize) {
        let pause = self.server.accept_pause();
        while pause.is_paused() {
            pause.may_accept_again().await;
        }
        if let Some(door) = self.doors.borrow_mut().get_mut(index) {
            door.accept_all(&self.server);
            if let Err(error) = door.close() {
                warn!("a listener cannot be closed: {}", reason(&error));
            }
        }
        self.open.set(self.open.get() - 1);
    }

    /// Waits until the doors that are being closed are closed.
    pub(crate) async fn is_settled(&self) {
        while self.open.get() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until no client is left and nobody can come, but not longer than until `deadline`. Gives whether it has come to that.
    pub(crate) async fn drained(&self, deadline: Instant) -> bool {
        let gone = async {
            while self.open.get() > 0 || self.server.clients() > 0 {
                // Clients that are dropped by the server are noticed with the next round.
                tokio::select! {
                    () = self.server.accept_pause().may_accept_again() => {}
                    () = sleep(Duration::from_millis(100)) => {}
                }
                if !self.server.is_draining() {
                    return false;
                }
            }
            self.server.is_draining()
        };
        timeout_at(deadline, gone).await.unwrap_or(false)
    }

    /// Ends draining: clients can connect again when this returns. After an error, the daemon drains on.
    pub(crate) fn undrain(&self) -> Result<(), UndrainError> {
        if !self.server.is_draining() {
            return Ok(());
        }
        for task in self.closing.take() {
            task.abort();
        }
        self.open.set(0);
        let doors = &mut *self.doors.borrow_mut();
        // What is not closed yet cannot be opened again without a privilege.
        for door in doors.iter_mut().filter(|door| matches!(door, Door::Open { listener, .. } if !listener.inherited)) {
            door.accept_all(&self.server);
            door.close().map_err(UndrainError::Given)?;
        }
        let mut opened = Vec::new();
        for (index, door) in doors.iter().enumerate() {
            if let Door::Closed(address) = door {
                opened.push((index, Rc::new(bind(address, self.unix_mode)?)));
            }
        }
        for (index, listener) in opened {
            doors[index] = Door::open(&self.server, listener);
        }
        for door in doors.iter_mut() {
            match door {
                Door::Open { listener, turns_away, .. } => {
                    turns_away.set(false);
                    if listener.inherited {
                        listener.let_in().or_else(door::without_filter).map_err(UndrainError::Given)?;
                    }
                }
                Door::Shut(socket, _) => {
                    let socket = socket.try_clone().map_err(UndrainError::Given)?;
                    let listener = Listener::listen_again(socket).map_err(UndrainError::Given)?;
                    *door = Door::open(&self.server, Rc::new(listener));
                }
                Door::Closed(_) => {}
            }
        }
        self.server.set_draining(false);
        info!("no longer draining");
        Ok(())
    }

    /// Listeners that are another's listen again, for whoever has them next.
    pub(crate) fn give_back(&self) {
        for door in &*self.doors.borrow() {
            if let Err(error) = door.give_back() {
                warn!("{}: it cannot listen again: {}", door.address(), reason(&error));
            }
        }
    }

    /// What another program needs to go on: the listeners that are there, with their sockets, and the addresses of those that are closed.
    pub(crate) fn saved(&self) -> std::io::Result<(Vec<SavedListener>, Vec<OwnedFd>, SavedDrain)> {
        let (mut listeners, mut sockets, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        for door in &*self.doors.borrow() {
            match door.saved()? {
                Some((listener, socket)) => {
                    listeners.push(listener);
                    sockets.push(socket);
                }
                None => closed.push(door.address()),
            }
        }
        let closed = self.server.is_draining().then_some(closed);
        Ok((listeners, sockets, SavedDrain { holders: self.server.drain_holders(), closed }))
    }
}
