//! Both outcomes of a comparison, as the page and the command give them out.

use crate::conf::Client;
use crate::{Comparison, Outcome};
use alloc::string::String;
use serde::Serialize;

/// A comparison and its results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The comparison.
    pub comparison: Comparison,
    /// Its address.
    pub query: String,
    /// The settings for LocalSettings.php, with this project's client.
    pub conf: Pair<String>,
    /// The result of the first setting.
    pub a: Outcome,
    /// The result of the second setting.
    pub b: Outcome,
}

/// Something of each setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// Of the first.
    pub a: T,
    /// Of the second.
    pub b: T,
}

impl Report {
    /// Puts it together.
    #[must_use]
    pub fn new(comparison: &Comparison, a: Outcome, b: Outcome) -> Self {
        let conf = Pair { a: comparison.a.conf(Client::Native), b: comparison.b.conf(Client::Native) };
        Self { comparison: comparison.clone(), query: comparison.to_query(), conf, a, b }
    }

    /// Compact JSON, the same on every machine.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, words and lists can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}
