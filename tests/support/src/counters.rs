//! The counters of `STATS FULL`.

use std::collections::BTreeMap;
use std::ops::Index;

use anyhow::{Result, ensure};

use crate::client::Client;

/// The counters of a daemon.
#[derive(Debug, PartialEq, Eq)]
pub struct Counters(BTreeMap<String, u64>);

impl Counters {
    /// Asks for them.
    pub fn ask(client: &mut Client) -> Result<Self> {
        client.send(b"STATS FULL\n")?;
        let mut text = String::new();
        while !text.ends_with("\n\n") {
            text.push_str(&client.line()?);
        }
        Self::parse(&text)
    }

    /// Takes them from what `STATS FULL` says.
    pub fn parse(text: &str) -> Result<Self> {
        let counter = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            // The times are not numbers.
            Some((name.to_owned(), value.parse().ok()?))
        };
        let counters: BTreeMap<String, u64> = text.lines().filter_map(counter).collect();
        ensure!(counters.len() == 12, "twelve counters were expected: {counters:?}");
        Ok(Self(counters))
    }

    /// Whether every granted lock is still held or has ended.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self["total_acquired"] == self["processing_workers"] + self["processed_count"]
    }

    /// Whether no lock is held and no client waits.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        ["processing_workers", "waiting_workers", "hashtable_entries"].iter().all(|name| self[name] == 0)
    }
}

impl Index<&str> for Counters {
    type Output = u64;

    fn index(&self, name: &str) -> &u64 {
        &self.0[name]
    }
}
