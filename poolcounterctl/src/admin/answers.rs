//! The answers of the admin interface, as far as they are shown. What a server leaves out is empty, so that another version of it can be shown too.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub(crate) host: String,
    pub(crate) version: String,
    pub(crate) pid: u64,
    pub(crate) uptime_seconds: f64,
    pub(crate) ready: bool,
    pub(crate) not_ready: Option<String>,
    pub(crate) listeners: Vec<String>,
    pub(crate) clients: u64,
    pub(crate) max_clients: Option<u64>,
    pub(crate) open_descriptors: u64,
    pub(crate) max_descriptors: u64,
    pub(crate) keys: u64,
    pub(crate) holders: u64,
    pub(crate) waiters: u64,
    pub(crate) upgrades: Upgrades,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Upgrades {
    pub(crate) count: u64,
    pub(crate) failed: u64,
    pub(crate) last: Option<String>,
    pub(crate) last_pause_seconds: Option<f64>,
    pub(crate) last_error: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Groups {
    pub(crate) groups: Vec<Group>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) keys: u64,
    pub(crate) holders: u64,
    pub(crate) waiters: u64,
    pub(crate) oldest_contended_hold_seconds: Option<f64>,
    /// By their names.
    pub(crate) outcomes: BTreeMap<String, u64>,
    pub(crate) wait_seconds: Histogram,
    pub(crate) hold_seconds: Histogram,
}

impl Group {
    pub(crate) fn outcome(&self, name: &str) -> u64 {
        self.outcomes.get(name).copied().unwrap_or_default()
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Histogram {
    pub(crate) count: u64,
    /// Upper bounds in seconds and how many are not above them.
    pub(crate) buckets: Vec<(f64, u64)>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Keys {
    pub(crate) keys: Vec<HotKey>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HotKey {
    pub(crate) key: String,
    pub(crate) group: String,
    pub(crate) holders: u64,
    pub(crate) waiters: u64,
    pub(crate) held_seconds: Option<f64>,
    pub(crate) waiting_seconds: Option<f64>,
    pub(crate) holder: Option<Holder>,
    pub(crate) count: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Holder {
    pub(crate) client: u64,
    pub(crate) address: String,
    pub(crate) pid: Option<u64>,
    pub(crate) user: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Key {
    #[serde(rename = "key")]
    pub(crate) text: String,
    pub(crate) group: String,
    pub(crate) holders: Vec<Claim>,
    pub(crate) waiters: Vec<Claim>,
    pub(crate) holders_total: u64,
    pub(crate) waiters_total: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Claim {
    #[serde(flatten)]
    pub(crate) who: Holder,
    pub(crate) requested_seconds: f64,
    pub(crate) held_seconds: Option<f64>,
    pub(crate) mode: String,
    pub(crate) workers: u64,
    pub(crate) maxqueue: u64,
    pub(crate) timeout_seconds: u64,
    pub(crate) deadline_seconds: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Clients {
    pub(crate) clients: Vec<Client>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Client {
    #[serde(flatten)]
    pub(crate) who: Holder,
    pub(crate) connected_seconds: f64,
    pub(crate) unsent_bytes: u64,
    pub(crate) claims: Vec<ClientClaim>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ClientClaim {
    pub(crate) key: String,
    pub(crate) state: String,
    pub(crate) seconds: f64,
}

impl fmt::Display for Holder {
    /// `12 10.0.0.1:4444`, or with what the kernel says of a client on a Unix socket: `12 unix:/run/s pid 7 www-data`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.client, self.address)?;
        if let Some(pid) = self.pid {
            write!(formatter, " pid {pid}")?;
        }
        if let Some(user) = &self.user {
            write!(formatter, " {user}")?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Kicked {
    pub(crate) client: u64,
    pub(crate) address: String,
    pub(crate) claims: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Drained {
    pub(crate) clients: u64,
    pub(crate) drained: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Undrained {
    pub(crate) ready: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reloaded {
    pub(crate) changed: Vec<String>,
    pub(crate) needs_restart: Vec<String>,
}

/// Figures of the last ten minutes, in steps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct History {
    pub(crate) step_seconds: f64,
    pub(crate) groups: Vec<GroupHistory>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GroupHistory {
    /// Refusals within each step, the oldest first; none where the daemon did not run.
    pub(crate) refused: Vec<Option<f64>>,
}
