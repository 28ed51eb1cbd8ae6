//! The command line, inherited and passed sockets, and signals.

mod compared;
mod inherited;
mod listen;
mod options;
mod signals;
mod unix_socket;
