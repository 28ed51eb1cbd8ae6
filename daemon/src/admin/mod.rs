//! The admin interface: HTTP for operators, beside the protocol, and off unless `--admin` asks for it.
//!
//! `docs/admin-api/` describes it. A connection (`connection`) is accepted (`acceptor`) and asks (`request`); `routes` finds who answers (`answers/`). All of it
//! reads the server and changes nothing. It runs on the thread that serves the clients, so whatever takes long is done in `slices`.

mod acceptor;
mod answers;
mod body;
mod connection;
mod deadline;
mod first;
mod host;
mod list;
mod moment;
mod page;
mod request;
mod response;
mod routes;
mod shared;
mod slices;
mod stream;
mod users;

use crate::drain::Gate;
use crate::net::listener::Listener;
use crate::running::Running;
use crate::server::Server;
use shared::Admin;
use slices::Slices;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use users::Users;

/// Serves the admin interface, if there are listeners for it.
pub(crate) fn start(server: &Rc<Server>, running: &Rc<Running>, gate: &Rc<Gate>, listeners: &[Rc<Listener>]) {
    if listeners.is_empty() {
        return;
    }
    let addresses = |listeners: &[Rc<Listener>]| listeners.iter().map(|listener| listener.address()).collect();
    let admin = Rc::new(Admin {
        server: Rc::clone(server),
        running: Rc::clone(running),
        gate: Rc::clone(gate),
        addresses: addresses(listeners),
        users: Users::read(),
        slices: Slices::default(),
        reads_buffer: Arc::default(),
        connections: Cell::new(0),
    });
    for listener in listeners {
        tokio::task::spawn_local(acceptor::run(Rc::clone(&admin), Rc::clone(listener)));
    }
}
