use super::probes::reason;
use crate::admin::moment::{Moment, seconds};
use crate::admin::response::{Answer, json};
use crate::admin::shared::Admin;
use crate::constants::VERSION;
use crate::server::{BufferState, UpgradeRecord};
use crate::system::descriptors;
use poolcounter::figures::Figures;
use poolcounter::stats::Times;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::fs::read_dir;

#[derive(Serialize)]
struct Status<'a> {
    host: String,
    version: &'static str,
    pid: u32,
    now: String,
    started: String,
    uptime_seconds: f64,
    ready: bool,
    not_ready: Option<&'static str>,
    listeners: Vec<String>,
    admin: &'a [String],
    clients: usize,
    max_clients: Option<usize>,
    open_descriptors: u64,
    max_descriptors: Option<u64>,
    keys: usize,
    holders: u64,
    waiters: u64,
    disconnects: Disconnects,
    upgrades: Upgrades,
    record_buffer: Option<RecordBuffer>,
    statistics: Statistics,
}

/// Holders that were disconnected.
#[derive(Serialize)]
struct Disconnects {
    max_hold: u64,
    kick: u64,
}

#[derive(Serialize)]
struct Upgrades {
    count: u64,
    failed: u64,
    last: Option<String>,
    last_pause_seconds: Option<f64>,
    last_error: Option<String>,
}

/// The latest calls in memory.
#[derive(Serialize)]
struct RecordBuffer {
    bytes: usize,
    limit_bytes: usize,
    seconds: f64,
    left_out: u64,
}

#[derive(Serialize)]
struct Statistics {
    #[serde(serialize_with = "by_name")]
    counters: Vec<(&'static str, u64)>,
    times_seconds: TimesSeconds,
}

#[derive(Serialize)]
struct TimesSeconds {
    processing: f64,
    gained: f64,
    waiting: f64,
    waiting_for_me: f64,
    waiting_for_anyone: f64,
    waiting_for_good: f64,
    wasted_timeout: f64,
}

/// The daemon as a whole.
pub(in crate::admin) async fn status(admin: &Admin) -> Answer {
    let open_descriptors = open_descriptors().await;
    let moment = Moment::now();
    let server = &admin.server;
    let not_ready = server.not_ready().map(reason);
    let disconnects = server.disconnects();
    let upgrades = upgrades(&moment, server.upgrades().record());
    let record_buffer = server.record_buffer().map(|buffer| record_buffer(&moment, buffer));
    server.view(|view| {
        // The statistics keep a gauge of waiters that the reference has, and that drifts as it does there.
        let gauges = || view.table.figures().into_iter().flat_map(Figures::groups).map(|group| group.2.gauges);
        let statistics = view.table.statistics();
        json(&Status {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            version: VERSION,
            pid: std::process::id(),
            now: moment.calendar(moment.now),
            started: moment.calendar(statistics.started),
            uptime_seconds: moment.age(statistics.started),
            ready: not_ready.is_none(),
            not_ready,
            listeners: admin.gate.addresses(),
            admin: &admin.addresses,
            clients: view.table.clients().len(),
            max_clients: server.limit(),
            open_descriptors,
            max_descriptors: descriptors::maximum(),
            keys: view.table.pools().len(),
            holders: gauges().map(|gauges| gauges.holders).sum(),
            waiters: gauges().map(|gauges| gauges.waiters).sum(),
            disconnects: Disconnects { max_hold: disconnects.overdue, kick: disconnects.by_hand },
            upgrades,
            record_buffer,
            statistics: Statistics {
                counters: statistics.counters.listed(view.table.pools().len()).collect(),
                times_seconds: (&statistics.times).into(),
            },
        })
    })
}

/// How many descriptors the process has. A thread counts them where the system does not.
pub(super) async fn open_descriptors() -> u64 {
    let count = || read_dir("/proc/self/fd").map_or(0, |folder| folder.count().saturating_sub(1) as u64);
    match descriptors::count() {
        Some(count) => count,
        None => tokio::task::spawn_blocking(count).await.unwrap_or_default(),
    }
}

fn upgrades(moment: &Moment, record: UpgradeRecord) -> Upgrades {
    let UpgradeRecord { count, failed, last, last_pause, last_error } = record;
    Upgrades {
        count,
        failed,
        last: last.map(|last| moment.calendar(last)),
        last_pause_seconds: last_pause.map(seconds),
        last_error,
    }
}

fn record_buffer(moment: &Moment, buffer: BufferState) -> RecordBuffer {
    let BufferState { memory, limit, since, left_out } = buffer;
    let seconds = since.map_or(0.0, |since| moment.age(since));
    RecordBuffer { bytes: memory, limit_bytes: limit, seconds, left_out }
}

fn by_name<S: Serializer>(counters: &[(&'static str, u64)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(counters.len()))?;
    for (name, count) in counters {
        map.serialize_entry(name, count)?;
    }
    map.end()
}

impl From<&Times> for TimesSeconds {
    fn from(times: &Times) -> Self {
        Self {
            processing: seconds(times.processing),
            gained: seconds(times.gained),
            waiting: seconds(times.waiting),
            waiting_for_me: seconds(times.waiting_for_me),
            waiting_for_anyone: seconds(times.waiting_for_anyone),
            waiting_for_good: seconds(times.waiting_for_good),
            wasted_timeout: seconds(times.wasted_timeout),
        }
    }
}
