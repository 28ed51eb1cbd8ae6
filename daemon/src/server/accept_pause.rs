use crate::system::descriptors::{keep_reserve, open_reserve};
use std::cell::Cell;
use tokio::sync::Notify;

/// Whether clients are accepted, and a signal to try again.
#[derive(Debug, Default)]
pub(crate) struct AcceptPause {
    paused: Cell<bool>,
    may_accept_again: Notify,
}

/// While it exists, the reserve of descriptors is open and no client is accepted, because a client would take a descriptor of the reserve.
#[derive(Debug)]
pub(crate) struct AcceptPaused<'a>(&'a AcceptPause);

impl AcceptPause {
    /// Opens the reserve of descriptors, and accepts no client until the guard is dropped.
    pub(crate) fn begin(&self) -> AcceptPaused<'_> {
        self.paused.set(true);
        open_reserve();
        AcceptPaused(self)
    }

    /// Whether no client is to be accepted now.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.get()
    }

    /// Resolves when a client has left, so that a descriptor is free, and when a pause has ended.
    pub(crate) async fn may_accept_again(&self) {
        self.may_accept_again.notified().await;
    }

    pub(super) fn try_again(&self) {
        self.may_accept_again.notify_waiters();
    }
}

impl Drop for AcceptPaused<'_> {
    fn drop(&mut self) {
        keep_reserve();
        self.0.paused.set(false);
        self.0.try_again();
    }
}
