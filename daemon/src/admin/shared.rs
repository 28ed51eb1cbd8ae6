use super::slices::Slices;
use super::users::Users;
use crate::drain::Gate;
use crate::running::Running;
use crate::server::Server;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What the connections of the admin interface share.
#[derive(Debug)]
pub(super) struct Admin {
    pub(super) server: Rc<Server>,
    pub(super) running: Rc<Running>,
    pub(super) gate: Rc<Gate>,
    /// Where the admin interface is, as options name it.
    pub(super) addresses: Vec<String>,
    pub(super) users: Users,
    pub(super) slices: Slices,
    /// Who reads the buffer of recorded calls: one at a time, because what is read stays in memory until it is sent.
    pub(super) reads_buffer: Arc<Mutex<()>>,
    /// How many connections there are.
    pub(super) connections: Cell<u32>,
}

/// How a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Tcp,
    Unix,
}
