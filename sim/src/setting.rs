//! The setting of the pool.

use crate::Invalid;
use crate::field::whole;
use alloc::format;
use serde::{Deserialize, Serialize};

/// How parses are protected: an entry of `$wgPoolCounterConf`, or none.
///
/// ```
/// use poolcounter_sim::Setting;
/// use poolcounter_sim::conf::Client;
///
/// let setting: Setting = "forAnyone,workers:1,fastStale".parse()?;
/// assert_eq!(setting.to_string(), "forAnyone,workers:1,maxqueue:100,timeout:15,fastStale");
/// assert!(setting.conf(Client::Native).contains("'workers' => 1"));
/// # Ok::<(), poolcounter_sim::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Setting {
    /// Whether there is a pool, and how its clients ask.
    pub mode: Mode,
    /// How many may parse one revision at a time.
    pub workers: u32,
    /// How many may parse it or wait for it.
    pub maxqueue: u32,
    /// Seconds to wait at the most.
    pub timeout: u32,
    /// Whether an old copy, if there is one, is shown at once where one would have to wait. Only for anyone.
    pub fast_stale: bool,
    /// Into how many keys all pages are put together; 0: each revision of each page has its own.
    pub slots: u32,
}

/// How a parse asks for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// There is no pool: a request that misses the cache parses at once.
    None,
    /// `ACQ4ANY`: a request that waits is served by the parse of another.
    ForAnyone,
    /// `ACQ4ME`: a request that waits parses for itself later.
    ForMe,
}

/// The least and the most of each number, in the order in which they are written.
pub(crate) const BOUNDS: [(&str, u32, u32); 4] =
    [("workers", 1, 100_000), ("maxqueue", 1, 1_000_000), ("timeout", 0, 3_600), ("slots", 0, 65_536)];

const MODES: [(&str, Mode); 3] = [("none", Mode::None), ("forAnyone", Mode::ForAnyone), ("forMe", Mode::ForMe)];

impl Default for Setting {
    /// MediaWiki's own example.
    fn default() -> Self {
        Self { mode: Mode::ForAnyone, workers: 2, maxqueue: 100, timeout: 15, fast_stale: false, slots: 0 }
    }
}

impl Setting {
    /// No pool.
    #[must_use]
    pub fn none() -> Self {
        Self { mode: Mode::None, ..Self::default() }
    }

    /// Whether it can be played.
    ///
    /// # Errors
    ///
    /// The first field that is out of bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        let values = [self.workers, self.maxqueue, self.timeout, self.slots];
        for ((name, min, max), value) in BOUNDS.into_iter().zip(values) {
            if !(min..=max).contains(&value) {
                return Err(Invalid::new(name, format!("must be from {min} to {max}, not {value}")));
            }
        }
        Ok(())
    }

    fn apply(&mut self, part: &str) -> Result<(), Invalid> {
        if let Some(&(_, mode)) = MODES.iter().find(|(word, _)| *word == part) {
            self.mode = mode;
            return Ok(());
        }
        if part == "fastStale" {
            self.fast_stale = true;
            return Ok(());
        }
        let (name, digits) = part.split_once(':').unwrap_or((part, ""));
        let value = match name {
            "workers" => &mut self.workers,
            "maxqueue" => &mut self.maxqueue,
            "timeout" => &mut self.timeout,
            "slots" => &mut self.slots,
            _ => return Err(Invalid::new(name, "there is no such setting")),
        };
        let (_, min, max) = BOUNDS.into_iter().find(|bounds| bounds.0 == name).unwrap_or((name, 0, u32::MAX));
        *value = whole(digits, min, max).map_err(|reason| Invalid::new(name, reason))?;
        Ok(())
    }
}

impl core::fmt::Display for Setting {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { mode, workers, maxqueue, timeout, fast_stale, slots } = self;
        let word = MODES.iter().find(|(_, known)| known == mode).map_or("", |(word, _)| word);
        let shown = *mode != Mode::None || *self != Self::none();
        write!(to, "{word}")?;
        if shown {
            write!(to, ",workers:{workers},maxqueue:{maxqueue},timeout:{timeout}")?;
        }
        if *slots > 0 {
            write!(to, ",slots:{slots}")?;
        }
        if *fast_stale {
            write!(to, ",fastStale")?;
        }
        Ok(())
    }
}

impl core::str::FromStr for Setting {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut setting = Self::default();
        for part in text.split(',') {
            setting.apply(part)?;
        }
        Ok(setting)
    }
}
