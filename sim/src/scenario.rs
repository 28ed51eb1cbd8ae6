//! The wiki, its readers and its day.

use crate::field::{self, FIELDS};
use crate::{Curve, Invalid};
use alloc::format;
use alloc::string::ToString;
use serde::{Deserialize, Serialize};

/// The most requests that one run may expect: of readers and of the crawler, together.
pub const MOST_REQUESTS: f64 = 5_000_000.0;

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
    /// The first field that is out of bounds; of the three rates, the one that brings most requests.
    pub fn check(&self) -> Result<(), Invalid> {
        let values = field::values(self);
        for field in FIELDS {
            field.check(&values[field.name]).map_err(|reason| Invalid::new(field.name, reason))?;
        }
        let seconds = f64::from(self.duration);
        let curves = [("hotReaders", &self.hot_readers), ("readers", &self.readers), ("crawler", &self.crawler)];
        let curves = curves.map(|(name, curve)| (name, curve.expected(seconds)));
        let sum: f64 = curves.iter().map(|(_, expected)| expected).sum();
        match curves.into_iter().max_by(|one, other| one.1.total_cmp(&other.1)) {
            Some((most, _)) if sum > MOST_REQUESTS => {
                let reason = format!("{sum:.0} requests in {seconds} s, all together, are more than {MOST_REQUESTS}");
                Err(Invalid::new(most, reason))
            }
            _ => Ok(()),
        }
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
