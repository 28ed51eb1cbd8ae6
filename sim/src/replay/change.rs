//! New settings for groups.

use super::traffic::Traffic;
use super::{groups_of, pools_of};
use crate::Invalid;
use crate::conf::{Client, Entry};
use crate::field::whole;
use crate::setting::BOUNDS;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A new setting for the keys of one group, or of one pool type. What it does not name stays as it was in the recording.
///
/// ```
/// use poolcounter_sim::replay::Change;
///
/// let change: Change = "ArticleView: workers 4, maxqueue 50, fastStale".parse()?;
/// assert_eq!((change.workers, change.timeout, change.fast_stale), (Some(4), None, Some(true)));
/// assert_eq!(change.to_string(), "ArticleView: workers 4, maxqueue 50, fastStale");
/// # Ok::<(), poolcounter_sim::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Change {
    /// The name of the group, or a pool type of MediaWiki.
    pub group: String,
    /// There is no pool: everybody works at once. Nothing else is then of interest.
    pub none: bool,
    /// How many may hold a key.
    pub workers: Option<u32>,
    /// How many may hold it or wait for it.
    pub maxqueue: Option<u32>,
    /// How many seconds to wait at most.
    pub timeout: Option<u32>,
    /// Whether an old copy, if there is one, is shown where one would have to wait.
    pub fast_stale: Option<bool>,
    /// Into how many keys all keys of the group are put together; 0: none.
    pub slots: Option<u32>,
}

/// What a recording tells of a group's setting. It can be read from a [`GroupInfo`](super::GroupInfo) in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// The limits that were asked for most often.
    pub limits: super::Limits,
    /// Whether it asked with fastStale.
    pub fast_stale: bool,
    /// Whether its keys are known, and are not those of slots.
    pub slots: bool,
}

/// The words of settings. A comma separates two of them.
const WORDS: [&str; 6] = ["workers", "maxqueue", "timeout", "slots", "fastStale", "none"];

/// Without its slots, a pool that has some would use other keys.
const SLOTS: &str = "// If this pool has 'slots', keep them: the recording does not tell how many.\n";

/// What column B plays, and by which chance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Plan {
    /// Decides everything that is drawn.
    pub seed: u32,
    /// So many cores are shared by all work; `None`: work lasts as long as it was seen to last.
    pub cores: Option<u32>,
    /// At most one for each group.
    pub changes: Vec<Change>,
}

impl Default for Plan {
    /// The recorded settings.
    fn default() -> Self {
        Self { seed: 1, cores: None, changes: Vec::new() }
    }
}

impl Change {
    /// Whether it can be played.
    ///
    /// # Errors
    ///
    /// The first value that is out of bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        let values = [self.workers, self.maxqueue, self.timeout, self.slots];
        for ((name, min, max), value) in BOUNDS.into_iter().zip(values) {
            if let Some(value) = value.filter(|value| !(min..=max).contains(value)) {
                return Err(self.invalid(name, format!("must be from {min} to {max}, not {value}")));
            }
        }
        Ok(())
    }

    /// The block for LocalSettings.php, for each pool type. What the change does not name stays as it was in the recording.
    #[must_use]
    pub fn conf(&self, recorded: Recorded, client: Client) -> String {
        let Recorded { limits, fast_stale, slots } = recorded;
        let groups = groups_of(&self.group);
        let mut pools: Vec<String> = groups.iter().flat_map(|group| pools_of(group)).collect();
        pools.dedup();
        if self.none {
            let no = |pool: String| format!("// No pool: $wgPoolCounterConf has no entry '{pool}'.\n");
            return pools.into_iter().map(no).collect();
        }
        let entry = Entry {
            workers: self.workers.unwrap_or(limits.workers),
            maxqueue: self.maxqueue.unwrap_or(limits.maxqueue),
            timeout: self.timeout.unwrap_or(limits.timeout),
            slots: self.slots.unwrap_or(0),
            fast_stale: self.fast_stale.unwrap_or(fast_stale),
        };
        // A key of a slot begins with the name of its pool, so the group has that name.
        let unknown = !slots && self.slots.is_none() && pools.iter().all(|pool| *pool == self.group);
        let remark = if unknown { SLOTS } else { "" };
        client.head() + remark + &pools.iter().map(|pool| entry.of(pool, client)).collect::<String>()
    }

    /// Gives the setting that the part names.
    fn apply<'a>(&mut self, part: &'a str) -> Result<&'a str, Invalid> {
        if part.is_empty() {
            return Err(Invalid::new(self.group.as_str(), "a setting is missing, such as `workers 4`"));
        }
        let (word, value) = part.split_once([' ', ':', '=']).map_or((part, ""), |(word, value)| (word, value.trim()));
        match (word, value) {
            ("none", "") => self.none = true,
            ("none", _) => return Err(self.invalid(word, "takes no value")),
            ("fastStale", "" | "on" | "true") => self.fast_stale = Some(true),
            ("fastStale", "off" | "false") => self.fast_stale = Some(false),
            ("fastStale", _) => return Err(self.invalid(word, format!("is on or off, not {value:?}"))),
            ("workers" | "maxqueue" | "timeout" | "slots", "") => {
                return Err(self.invalid(word, "needs a number, such as `workers 4`"));
            }
            ("workers" | "maxqueue" | "timeout" | "slots", _) if WORDS.iter().any(|word| value.contains(word)) => {
                return Err(self.invalid(word, "needs a comma after its number: `workers 4, maxqueue 50`"));
            }
            ("workers" | "maxqueue" | "timeout" | "slots", _) => {
                let (_, min, max) = BOUNDS.into_iter().find(|bounds| bounds.0 == word).unwrap_or((word, 0, u32::MAX));
                let number = Some(whole(value, min, max).map_err(|reason| self.invalid(word, reason))?);
                *match word {
                    "workers" => &mut self.workers,
                    "maxqueue" => &mut self.maxqueue,
                    "timeout" => &mut self.timeout,
                    _ => &mut self.slots,
                } = number;
            }
            _ => {
                let words = "the settings are workers, maxqueue, timeout, slots, fastStale and none";
                return Err(self.invalid(word, words));
            }
        }
        Ok(word)
    }

    fn invalid(&self, field: &str, reason: impl Into<String>) -> Invalid {
        Invalid::new(field, reason).within(&self.group)
    }
}

impl core::str::FromStr for Change {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let example = "expected a group and its settings, such as `ArticleView: workers 4, maxqueue 50`";
        let (group, parts) = text.split_once(':').ok_or_else(|| Invalid::new(text, example))?;
        let mut change = Self { group: group.trim().to_string(), ..Self::default() };
        if change.group.is_empty() {
            return Err(Invalid::new("group", example));
        }
        let mut named = Vec::new();
        for part in parts.split(',') {
            let word = change.apply(part.trim())?;
            if named.contains(&word) {
                return Err(change.invalid(word, "is named twice"));
            }
            named.push(word);
        }
        if change.none && named.len() > 1 {
            return Err(change.invalid("none", "means no pool, so no other setting can be named"));
        }
        change.check()?;
        Ok(change)
    }
}

impl core::fmt::Display for Change {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(to, "{}:", self.group)?;
        if self.none {
            return write!(to, " none");
        }
        let numbers =
            [("workers", self.workers), ("maxqueue", self.maxqueue), ("timeout", self.timeout), ("slots", self.slots)];
        let mut before = " ";
        for (name, number) in numbers {
            if let Some(number) = number {
                write!(to, "{before}{name} {number}")?;
                before = ", ";
            }
        }
        match self.fast_stale {
            Some(true) => write!(to, "{before}fastStale"),
            Some(false) => write!(to, "{before}fastStale off"),
            None => Ok(()),
        }
    }
}

impl Plan {
    /// The same with one change more.
    ///
    /// # Errors
    ///
    /// The text is no [`Change`].
    pub fn with(mut self, change: &str) -> Result<Self, Invalid> {
        self.changes.push(change.parse()?);
        Ok(self)
    }

    /// The change of each group of the traffic.
    ///
    /// # Errors
    ///
    /// A change that the recordings do not allow, or two for one group.
    pub(super) fn resolve<'a>(&'a self, traffic: &Traffic) -> Result<Vec<Option<&'a Change>>, Invalid> {
        if self.cores == Some(0) {
            return Err(Invalid::new("cores", "must be from 1, not 0"));
        }
        let mut resolved = alloc::vec![None; traffic.groups.len()];
        for change in &self.changes {
            change.check()?;
            let groups: Vec<usize> =
                groups_of(&change.group).iter().filter_map(|name| traffic.group_named(name)).collect();
            if groups.is_empty() {
                let names: Vec<&str> = traffic.groups.iter().map(|group| &*group.name).collect();
                let names = if names.is_empty() { "none".to_string() } else { names.join(", ") };
                let reason =
                    format!("the recordings have no key of this group or pool type; their groups are: {names}");
                return Err(Invalid::new(change.group.as_str(), reason));
            }
            for number in groups {
                let group = &traffic.groups[number];
                if change.slots.is_some() && group.anonymous {
                    let reason = "slots cannot be tried on an anonymous recording: they follow from the keys";
                    return Err(change.invalid("slots", reason));
                }
                if change.slots.is_some() && group.in_slots {
                    let reason = "other slots cannot be tried: the recorded keys are slots, and not those of pages";
                    return Err(change.invalid("slots", reason));
                }
                if resolved[number].replace(change).is_some() {
                    return Err(Invalid::new(&*group.name, "there are two settings for this group"));
                }
            }
        }
        Ok(resolved)
    }
}
