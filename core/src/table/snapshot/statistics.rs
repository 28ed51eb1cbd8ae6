use crate::Timestamp;
use crate::stats::{Counters, Statistics, Times};
use serde::{Deserialize, Serialize};

/// The statistics as numbers in an order that never changes. New ones get a section of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedStatistics {
    started: Timestamp,
    counters: [u64; 11],
    times: [u64; 7],
}

impl From<&Statistics> for SavedStatistics {
    fn from(statistics: &Statistics) -> Self {
        let Statistics { started, counters, times } = statistics;
        Self {
            started: *started,
            counters: [
                counters.total_acquired,
                counters.total_releases,
                counters.processing_workers,
                counters.waiting_workers,
                counters.connect_errors,
                counters.failed_sends,
                counters.full_queues,
                counters.lock_mismatch,
                counters.lock_while_waiting,
                counters.release_mismatch,
                counters.processed_count,
            ],
            times: [
                times.processing,
                times.gained,
                times.waiting,
                times.waiting_for_me,
                times.waiting_for_anyone,
                times.waiting_for_good,
                times.wasted_timeout,
            ],
        }
    }
}

impl From<SavedStatistics> for Statistics {
    fn from(saved: SavedStatistics) -> Self {
        let [
            total_acquired,
            total_releases,
            processing_workers,
            waiting_workers,
            connect_errors,
            failed_sends,
            full_queues,
            lock_mismatch,
            lock_while_waiting,
            release_mismatch,
            processed_count,
        ] = saved.counters;
        let [processing, gained, waiting, waiting_for_me, waiting_for_anyone, waiting_for_good, wasted_timeout] =
            saved.times;
        Self {
            started: saved.started,
            counters: Counters {
                total_acquired,
                total_releases,
                processing_workers,
                waiting_workers,
                connect_errors,
                failed_sends,
                full_queues,
                lock_mismatch,
                lock_while_waiting,
                release_mismatch,
                processed_count,
            },
            times: Times {
                processing,
                gained,
                waiting,
                waiting_for_me,
                waiting_for_anyone,
                waiting_for_good,
                wasted_timeout,
            },
        }
    }
}
