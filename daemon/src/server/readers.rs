use super::events::Events;
use std::cell::{Cell, RefCell};
use tokio::sync::Notify;

/// What readers share.
#[derive(Debug, Default)]
pub(super) struct Readers {
    pub(super) events: RefCell<Events>,
    pub(super) count: Cell<usize>,
    pub(super) more: Notify,
    /// How many events were lost to readers that were too slow.
    pub(super) lost: Cell<u64>,
}
