//! The command line, the ways to a listening socket, and signals.

mod compared;
mod inherited;
mod listen;
mod options;
mod signals;
mod unix_socket;
