use std::cell::Cell;
use std::time::Duration;
use tokio::sync::Notify;

/// What the operator allows clients. It may change while the daemon runs.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) max_clients: Cell<usize>,
    pub(super) idle_timeout: Cell<Option<Duration>>,
    pub(super) idle_limit_changed: Notify,
    /// How many locks were held when draining began.
    pub(super) drain_holders: Cell<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_clients: usize::MAX.into(),
            idle_timeout: None.into(),
            idle_limit_changed: Notify::new(),
            drain_holders: 0.into(),
        }
    }
}
