//! The first process of a container becomes the parent of processes that have lost theirs. When such a process has ended, it stays until its parent asks for its status.

use rustix::process::{WaitOptions, wait};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

const INTERVAL: Duration = Duration::from_secs(5);

static OWN_CHILDREN: AtomicUsize = AtomicUsize::new(0);

/// A child of the daemon's own, whose status is asked for elsewhere. Make it before the child.
#[derive(Debug)]
pub(crate) struct OwnChild(());

impl OwnChild {
    pub(crate) fn new() -> Self {
        OWN_CHILDREN.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for OwnChild {
    fn drop(&mut self) {
        OWN_CHILDREN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lets them go, as long as the daemon runs.
pub(crate) async fn run() {
    if std::process::id() != 1 {
        return;
    }
    loop {
        sleep(INTERVAL).await;
        // Any child may be the one that is asked about.
        if OWN_CHILDREN.load(Ordering::Relaxed) == 0 {
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        }
    }
}
