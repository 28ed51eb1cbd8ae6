//! The result of a run.

use alloc::vec::Vec;
use serde::Serialize;

/// Totals, and how they came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Of the whole run.
    pub totals: Totals,
    /// Over time.
    pub series: Series,
}

/// `requests` = `fresh` + `stale` + `errors` + `unfinished`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Requests that came.
    pub requests: u64,
    /// Answers with the revision that was newest when the cache was asked, or a newer one.
    pub fresh: u64,
    /// Answers with an older one.
    pub stale: u64,
    /// Answers without the page.
    pub errors: u64,
    /// Why.
    pub errors_by: Errors,
    /// How many of the errors went to the crawler.
    pub crawler_errors: u64,
    /// Requests without an answer at the end.
    pub unfinished: u64,
    /// Answers that came from the cache at once.
    pub hits: u64,
    /// Parses that ended well.
    pub parses: u64,
    /// Those of them whose revision was in the cache already when they ended.
    pub repeated_parses: u64,
    /// Parses that died halfway.
    pub crashes: u64,
    /// The most parses that ran at once.
    pub most_parses: u64,
    /// CPU time of all servers.
    pub cpu_seconds: f64,
    /// Its share of what the servers have.
    pub cpu_busy: f64,
    /// The most readers that waited in the pool at once, for all keys together.
    pub longest_queue: u64,
    /// The most requests that waited for a web worker at once.
    pub longest_backlog: u64,
    /// How long requests waited, all but the refused: until their answer, or their error.
    pub wait: Waits,
    /// How long those waited whom the cache could not answer at once.
    pub miss_wait: Waits,
}

/// Why there was no page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Errors {
    /// The pool's queue was full, and there was no old copy.
    pub queue_full: u64,
    /// The wait in the pool was too long, and there was no old copy.
    pub timeout: u64,
    /// The parse died.
    pub crashed: u64,
    /// Too many waited for a web worker already.
    pub refused: u64,
    /// The answer took longer than the reader's patience.
    pub gave_up: u64,
}

/// Seconds from the request to its answer, exact to the microsecond. All 0 if nobody was answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waits {
    /// How many were answered.
    pub count: u64,
    /// On average.
    pub mean: f64,
    /// Half of them waited no longer.
    pub p50: f64,
    /// 95 per cent of them waited no longer.
    pub p95: f64,
    /// 99 per cent of them waited no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// The run in intervals of equal length. Rates and counts are averages over an interval, unless they say something else.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// The length of an interval, in seconds.
    pub interval: f64,
    /// Requests a second.
    pub requests: Vec<f64>,
    /// Parses that run.
    pub parses: Vec<f64>,
    /// Readers that wait in the pool.
    pub waiting: Vec<f64>,
    /// Requests that wait for a web worker.
    pub backlog: Vec<f64>,
    /// Which share of all cores is busy, from 0 to 1.
    pub cpu_busy: Vec<f64>,
    /// Fresh answers a second.
    pub fresh: Vec<f64>,
    /// Stale answers a second.
    pub stale: Vec<f64>,
    /// Errors a second.
    pub errors: Vec<f64>,
    /// The most parses that ran at once in the interval. The highest is [`Totals::most_parses`].
    pub most_parses: Vec<u64>,
    /// The most readers that waited in the pool at once. The highest is [`Totals::longest_queue`].
    pub most_waiting: Vec<u64>,
    /// The most requests that waited for a web worker at once. The highest is [`Totals::longest_backlog`].
    pub most_backlog: Vec<u64>,
    /// Of the requests that got their answer or error in the interval, 95 per cent waited no longer; nothing if there was none.
    pub wait_p95: Vec<Option<f64>>,
}
