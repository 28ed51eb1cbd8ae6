//! The tasks that call the server. They do not import each other, except that the acceptor starts the readers.

pub(crate) mod acceptor;
pub(crate) mod buffering;
pub(crate) mod delivery;
pub(crate) mod expiry;
pub(crate) mod idle;
pub(crate) mod overdue;
pub(crate) mod reader;
