//! The tasks that drive the server. None of them knows another, but that the acceptor starts the readers.

pub(crate) mod acceptor;
pub(crate) mod delivery;
pub(crate) mod expiry;
pub(crate) mod idle;
pub(crate) mod reader;
