//! Process 1 of a container becomes the parent of orphaned processes. When such a process ends, it remains as a zombie until its parent reads its status.

use rustix::process::{WaitOptions, wait};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

const INTERVAL: Duration = Duration::from_secs(5);

static OWN_CHILDREN: AtomicUsize = AtomicUsize::new(0);

/// A guard for a child of the daemon, whose status other code reads. Create it before the child.
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

/// Reaps zombies as long as the daemon runs.
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
