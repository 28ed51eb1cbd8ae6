//! The answers of the admin interface, as far as they are shown. A server may say more. An answer without a member that the documentation requires is no answer: a
//! table of zeros would look like a good one.

use super::{AdminAddress, AskError};
use crate::output::plain;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What an answer says, in text that no terminal obeys.
pub(crate) fn understood<T: DeserializeOwned>(server: &AdminAddress, answer: Value) -> Result<T, AskError> {
    let no_answer = |cause: String| AskError::NoAnswer { server: server.clone(), cause };
    // A list would be read as the members of an object, in their order.
    if !answer.is_object() {
        return Err(no_answer("its answer is no JSON object".to_owned()));
    }
    let fault = |error: serde_json::Error| no_answer(format!("its answer is not understood: {error}"));
    serde_json::from_value(in_plain_text(answer)).map_err(fault)
}

/// JSON whose texts have their control characters escaped.
pub(crate) fn in_plain_text(json: Value) -> Value {
    match json {
        Value::String(text) => plain(&text).into(),
        Value::Array(entries) => entries.into_iter().map(in_plain_text).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (plain(&name), in_plain_text(value))).collect()
        }
        value => value,
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
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
pub(crate) struct Upgrades {
    pub(crate) count: u64,
    pub(crate) failed: u64,
    pub(crate) last: Option<String>,
    pub(crate) last_pause_seconds: Option<f64>,
    pub(crate) last_error: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Groups {
    pub(crate) groups: Vec<Group>,
}

#[derive(Clone, Debug, Default, Deserialize)]
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
pub(crate) struct Histogram {
    pub(crate) count: u64,
    /// Upper bounds in seconds and how many are not above them.
    pub(crate) buckets: Vec<(f64, u64)>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Keys {
    pub(crate) keys: Vec<HotKey>,
}

#[derive(Clone, Debug, Default, Deserialize)]
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
pub(crate) struct Holder {
    pub(crate) client: u64,
    pub(crate) address: String,
    pub(crate) pid: Option<u64>,
    pub(crate) user: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
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
pub(crate) struct Clients {
    pub(crate) clients: Vec<Client>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Client {
    #[serde(flatten)]
    pub(crate) who: Holder,
    pub(crate) connected_seconds: f64,
    pub(crate) unsent_bytes: u64,
    pub(crate) claims: Vec<ClientClaim>,
}

#[derive(Clone, Debug, Default, Deserialize)]
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
pub(crate) struct Kicked {
    pub(crate) client: u64,
    pub(crate) address: String,
    pub(crate) claims: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Drained {
    pub(crate) clients: u64,
    pub(crate) drained: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Undrained {
    pub(crate) ready: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Reloaded {
    pub(crate) changed: Vec<String>,
    pub(crate) needs_restart: Vec<String>,
}

/// Figures of the last ten minutes, in steps.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct History {
    pub(crate) step_seconds: f64,
    pub(crate) groups: Vec<GroupHistory>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct GroupHistory {
    /// Refusals within each step, the oldest first; none where the daemon did not run.
    pub(crate) refused: Vec<Option<f64>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_has_all_its_members() {
        let server: AdminAddress = "pc1:80".parse().unwrap();
        let fault = |answer| understood::<Keys>(&server, answer).unwrap_err().to_string();
        assert_eq!(fault(json!({})), "pc1:80: its answer is not understood: missing field `keys`");
        assert_eq!(fault(json!([])), "pc1:80: its answer is no JSON object");
        assert_eq!(
            understood::<Reloaded>(&server, json!([[], []])).unwrap_err().exit(),
            crate::failure::Exit::NoAnswer
        );
        assert!(understood::<Keys>(&server, json!({ "keys": [], "new": 1 })).unwrap().keys.is_empty());
    }

    #[test]
    fn texts_are_plain_wherever_they_stand() {
        let answer = json!({ "a\u{7}": ["\u{1b}[31m", { "b": "x\ny" }, 1, null] });
        assert_eq!(in_plain_text(answer), json!({ "a\\u0007": ["\\u001b[31m", { "b": "x\\u000ay" }, 1, null] }));
    }
}
