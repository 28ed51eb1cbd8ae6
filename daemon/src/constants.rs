//! Constants that several modules share.

/// The version of this program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How many connections of the admin interface there may be. Descriptors are kept for them.
pub(crate) const MAX_ADMIN_CONNECTIONS: u32 = 64;

/// How many sockets the runtime looks at in one turn.
///
/// A high number means that many ready clients are served between two looks at the sockets. This and [`TASKS_A_TURN`] save 2 to 4 % of the CPU time with
/// 10,000 clients (measured).
pub(crate) const EVENTS_A_TURN: usize = 4096;

/// How many tasks the runtime runs before it looks at the sockets again.
pub(crate) const TASKS_A_TURN: u32 = 1024;
