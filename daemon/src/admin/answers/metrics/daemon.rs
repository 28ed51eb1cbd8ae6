use super::exposition::{Exposition, Kind};
use crate::admin::answers::status::open_descriptors;
use crate::admin::moment::{Moment, seconds};
use crate::admin::shared::Admin;
use crate::constants::VERSION;
use crate::saved::SavedDisconnects;
use crate::server::UpgradeRecord;
use crate::system::{descriptors, process};
use poolcounter::stats::{Counters, Statistics, Times};

/// The figures of the daemon as a whole, of one moment.
#[derive(Debug)]
pub(super) struct Daemon {
    statistics: Statistics,
    keys: usize,
    clients: usize,
    max_clients: Option<usize>,
    ready: bool,
    upgrades: UpgradeRecord,
    disconnects: SavedDisconnects,
    drain_holders: u64,
    admin_connections: u32,
    events_lost: u64,
    open_descriptors: u64,
    started: f64,
}

impl Daemon {
    pub(super) async fn look(admin: &Admin) -> Self {
        let open_descriptors = open_descriptors().await;
        let (moment, server) = (Moment::now(), &admin.server);
        let ready = server.not_ready().is_none();
        server.view(|view| Self {
            statistics: view.table.statistics().clone(),
            keys: view.table.pools().len(),
            clients: view.table.clients().len(),
            max_clients: server.limit(),
            ready,
            upgrades: server.upgrades().record(),
            disconnects: server.disconnects(),
            drain_holders: server.drain_holders(),
            admin_connections: admin.connections.get(),
            events_lost: server.events_lost(),
            open_descriptors,
            started: moment.unix_seconds(view.table.statistics().started),
        })
    }

    pub(super) fn write(&self, to: &mut Exposition) {
        self.write_old(to);
        to.family("poolcounter_build_info", Kind::Gauge, "The version; the value is always 1.");
        to.sample(&[("version", VERSION)], 1);
        to.single("poolcounter_clients", Kind::Gauge, "Clients that are connected.", self.clients);
        if let Some(limit) = self.max_clients {
            to.single("poolcounter_max_clients", Kind::Gauge, "Clients that may be connected at once.", limit);
        }
        to.single("poolcounter_ready", Kind::Gauge, "1 if clients can connect.", u8::from(self.ready));
        let UpgradeRecord { count, failed, last_pause, .. } = &self.upgrades;
        to.single("poolcounter_upgrades_total", Kind::Counter, "Upgrades to another program.", count);
        let help = "Upgrades that failed: the old program continued.";
        to.single("poolcounter_upgrade_failures_total", Kind::Counter, help, failed);
        let help = "How long no client was served in the last upgrade.";
        to.single("poolcounter_upgrade_pause_seconds", Kind::Gauge, help, last_pause.map_or(0.0, seconds));
        let SavedDisconnects { overdue, by_hand } = self.disconnects;
        let help = "Clients that were disconnected by --max-hold or at an operator's request.";
        to.family("poolcounter_disconnects_total", Kind::Counter, help);
        to.sample(&[("reason", "max_hold")], overdue);
        to.sample(&[("reason", "kick")], by_hand);
        let help = "Locks that were held when draining began: their keys may have been held on another server, too.";
        to.single("poolcounter_drain_holders_total", Kind::Counter, help, self.drain_holders);
        let help = "Connections of the admin interface.";
        to.single("poolcounter_admin_connections", Kind::Gauge, help, self.admin_connections);
        let help = "Events that were not sent, because readers were too slow.";
        to.single("poolcounter_events_lost_total", Kind::Counter, help, self.events_lost);
        to.single("process_open_fds", Kind::Gauge, "Descriptors that are open.", self.open_descriptors);
        if let Some(maximum) = descriptors::maximum() {
            to.single("process_max_fds", Kind::Gauge, "Descriptors that may be open.", maximum);
        }
        let help = "When the daemon started, in seconds since 1970.";
        to.single("process_start_time_seconds", Kind::Gauge, help, self.started);
        if let Some(bytes) = process::resident_bytes() {
            to.single("process_resident_memory_bytes", Kind::Gauge, "Memory that is in use.", bytes);
        }
        let help = "Processor time of the daemon.";
        to.single("process_cpu_seconds_total", Kind::Counter, help, seconds(process::cpu_micros()));
    }

    /// What an exporter for the reference has, under the same names.
    fn write_old(&self, to: &mut Exposition) {
        let Statistics { counters, times, .. } = &self.statistics;
        let Times { processing, gained, waiting_for_me, waiting_for_anyone, .. } = *times;
        let Counters { processed_count, .. } = *counters;
        to.single("poolcounter_up", Kind::Gauge, "1: the daemon answers.", 1);
        let sums = [
            ("poolcounter_total_processing_time_seconds", "total processing time", processing),
            ("poolcounter_total_gained_time_seconds", "gained time", gained),
            ("poolcounter_total_excl_wait_time_seconds", "waiting time for me", waiting_for_me),
            ("poolcounter_total_shared_wait_time_seconds", "waiting time for anyone", waiting_for_anyone),
        ];
        for (name, statistic, micros) in sums {
            to.single(name, Kind::OldCounter, &format!("STATS: {statistic}."), seconds(micros));
        }
        let average = processing.checked_div(processed_count).unwrap_or_default();
        let help = "STATS: average processing time.";
        to.single("poolcounter_avg_processing_time_seconds", Kind::Gauge, help, seconds(average));
        let counts = [
            ("poolcounter_total_acquired", Kind::OldCounter, "total_acquired", counters.total_acquired),
            ("poolcounter_total_releases", Kind::OldCounter, "total_releases", counters.total_releases),
            ("poolcounter_connect_errors", Kind::OldCounter, "connect_errors", counters.connect_errors),
            ("poolcounter_lock_mismatch", Kind::OldCounter, "lock_mismatch", counters.lock_mismatch),
            ("poolcounter_release_mismatch", Kind::OldCounter, "release_mismatch", counters.release_mismatch),
            ("poolcounter_processed_count", Kind::OldCounter, "processed_count", processed_count),
            ("poolcounter_hashtable_entries", Kind::Gauge, "hashtable_entries", self.keys as u64),
            ("poolcounter_processing_workers", Kind::Gauge, "processing_workers", counters.processing_workers),
            ("poolcounter_waiting_workers", Kind::Gauge, "waiting_workers", counters.waiting_workers),
            ("poolcounter_full_queues", Kind::Gauge, "full_queues", counters.full_queues),
        ];
        for (name, kind, statistic, value) in counts {
            to.single(name, kind, &format!("STATS: {statistic}."), value);
        }
    }
}
