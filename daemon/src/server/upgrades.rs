use crate::saved::SavedUpgrades;
use crate::system::clock;
use poolcounter::Timestamp;
use std::cell::RefCell;

/// What has come of requests for an upgrade since the start, for the admin interface.
#[derive(Debug, Default)]
pub(crate) struct Upgrades(RefCell<UpgradeRecord>);

#[derive(Clone, Debug, Default)]
pub(crate) struct UpgradeRecord {
    /// How many have succeeded.
    pub(crate) count: u64,
    /// How many have failed.
    pub(crate) failed: u64,
    /// When the last one succeeded.
    pub(crate) last: Option<Timestamp>,
    /// How long no client was served then, in microseconds.
    pub(crate) last_pause: Option<u64>,
    /// Why the last one failed, if none has succeeded since.
    pub(crate) last_error: Option<String>,
}

impl Upgrades {
    /// The upgrade by which this program took over has succeeded: clients are served again.
    pub(super) fn succeeded(&self, saved: &SavedUpgrades) {
        let now = clock::now();
        self.0.replace(UpgradeRecord {
            count: saved.count.saturating_add(1),
            failed: saved.failed,
            last: Some(now),
            last_pause: Some(now.micros_since(saved.paused)),
            last_error: None,
        });
    }

    /// What [`succeeded`](Self::succeeded) needs. From now on no client is served.
    pub(super) fn saved(&self) -> SavedUpgrades {
        let UpgradeRecord { count, failed, .. } = *self.0.borrow();
        SavedUpgrades { count, failed, paused: clock::now() }
    }

    /// An upgrade has failed.
    pub(crate) fn failed(&self, why: &str) {
        let mut record = self.0.borrow_mut();
        record.failed += 1;
        record.last_error = Some(why.to_owned());
    }

    pub(crate) fn record(&self) -> UpgradeRecord {
        self.0.borrow().clone()
    }
}
