//! The wiki, its readers and its day.

use crate::field::{self, FIELDS};
use crate::{Curve, Invalid};
use alloc::format;
use alloc::string::ToString;
use serde::{Deserialize, Serialize};

/// The most requests that one run may expect: of readers and of the crawler, together.
pub const MOST_REQUESTS: f64 = 10_000_000.0;

/// If an hour at the rates of a scenario fits into [`MOST_REQUESTS`], the duration is too long; otherwise a rate is too high.
const HOUR: u32 = 3_600;

/// Everything about a run but the setting of the pool. [`FIELDS`] has the unit and the bounds of each value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// Decides everything that is drawn.
    pub seed: u32,
    /// How long, in seconds.
    pub duration: u32,
    /// Readers of the hot page, a second.
    pub hot_readers: Curve,
    /// Readers of the other pages, a second.
    pub readers: Curve,
    /// Requests of a crawler, a second: each for a page that nobody else asks for and that is not in the cache.
    pub crawler: Curve,
    /// How many other pages there are.
    pub pages: u32,
    /// Edits of the hot page, a minute.
    pub edits: Curve,
    /// Edits of the other pages, a minute, all together.
    pub other_edits: Curve,
    /// Whether the hot page is in the cache at the beginning.
    pub hot_cached: bool,
    /// Which share of the other pages is in the cache at the beginning.
    pub cached_share: f64,
    /// CPU seconds of a parse of the hot page, on average.
    pub parse_cpu: f64,
    /// CPU seconds of a parse of any other page, on average.
    pub other_parse_cpu: f64,
    /// Standard deviation of a parse's CPU time, as a share of the average.
    pub parse_spread: f64,
    /// CPU seconds that every request takes before the cache is asked.
    pub request_cpu: f64,
    /// Which share of the parses dies halfway.
    pub crash_share: f64,
    /// Web servers.
    pub servers: u32,
    /// Cores of each.
    pub cores: u32,
    /// Requests that each works on at a time (`pm.max_children`).
    pub web_workers: u32,
    /// Requests that wait for a web worker at the most, on each.
    pub backlog: u32,
    /// Seconds after which a reader gives up.
    pub patience: f64,
    /// How requests are spread over the servers.
    pub balance: Balance,
}

/// How requests are spread over the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Balance {
    /// In turn.
    RoundRobin,
    /// By chance.
    Random,
}

impl Scenario {
    /// Whether it can be played.
    ///
    /// # Errors
    ///
    /// The first field that is out of bounds. If there are too many requests, the duration; or the rate that brings most of them, if not even
    /// an hour could be played.
    pub fn check(&self) -> Result<(), Invalid> {
        let values = field::values(self);
        for field in FIELDS {
            field.check(&values[field.name]).map_err(|reason| Invalid::new(field.name, reason))?;
        }
        self.check_requests()
    }

    fn check_requests(&self) -> Result<(), Invalid> {
        let sum = self.expected(self.duration);
        if sum <= MOST_REQUESTS {
            return Ok(());
        }
        let what = format!("{sum:.0} requests in {} s, all together, are more than {MOST_REQUESTS}", self.duration);
        if self.expected(HOUR) <= MOST_REQUESTS {
            let longest = self.longest();
            return Err(Invalid::new("duration", format!("{what}: with these rates it may be {longest} s at most")));
        }
        let seconds = f64::from(self.duration);
        let most = self
            .rates()
            .into_iter()
            .max_by(|(_, one), (_, other)| one.expected(seconds).total_cmp(&other.expected(seconds)));
        Err(Invalid::new(most.map_or("duration", |(name, _)| name), what))
    }

    const fn rates(&self) -> [(&'static str, &Curve); 3] {
        [("hotReaders", &self.hot_readers), ("readers", &self.readers), ("crawler", &self.crawler)]
    }

    /// How many requests are expected in so many seconds.
    fn expected(&self, seconds: u32) -> f64 {
        self.rates().iter().map(|(_, curve)| curve.expected(f64::from(seconds))).sum()
    }

    /// The longest duration that is not too long.
    fn longest(&self) -> u32 {
        let (mut fits, mut too_long) = (0, self.duration);
        while too_long - fits > 1 {
            let middle = u32::midpoint(fits, too_long);
            if self.expected(middle) <= MOST_REQUESTS {
                fits = middle;
            } else {
                too_long = middle;
            }
        }
        fits
    }

    /// The same with one field changed; the text is that of an address.
    ///
    /// # Errors
    ///
    /// An unknown field, or a text that is no such value.
    pub fn with(&self, name: &str, text: &str) -> Result<Self, Invalid> {
        let field = field::named(name)?;
        let value = field.read(text).map_err(|reason| Invalid::new(name, reason))?;
        self.with_value(name, value)
    }

    pub(crate) fn with_value(&self, name: &str, value: serde_json::Value) -> Result<Self, Invalid> {
        field::named(name)?;
        let mut values = field::values(self);
        values.insert(name.into(), value);
        serde_json::from_value(values.into()).map_err(|error| Invalid::new(name, error.to_string()))
    }
}
