//! Sockets: listeners, clients' sockets, and the order in which bytes arrive.

pub(crate) mod closing;
pub(crate) mod listen_error;
pub(crate) mod listener;
pub(crate) mod open;
pub(crate) mod peer;
pub(crate) mod read_order;
pub(crate) mod socket;
pub(crate) mod tcp_options;

pub(crate) use open::open;
