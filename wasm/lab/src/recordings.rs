//! Recordings that the user has dropped on the page, and their replay in slices.

use std::collections::BTreeMap;
use std::sync::Arc;

use poolcounter::recording::Recording;
use poolcounter_sim::Invalid;
use poolcounter_sim::archive::FileReader;
use poolcounter_sim::conf::Client;
use poolcounter_sim::replay::{Change, GroupInfo, Plan, Recorded, Replay, RunOutcome, Traffic, TrafficReading};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::json;

/// Files, the traffic that they have, and the replay that is under way.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Recordings {
    /// The file that is being read.
    file: FileReader,
    files: Vec<Recording>,
    reading: Option<TrafficReading>,
    traffic: Option<Arc<Traffic>>,
    replay: Option<(Chance, Replay)>,
    /// Column A does not depend on the new settings.
    a: Option<(Chance, RunOutcome)>,
}

/// What decides column A: seed and cores.
type Chance = (u32, Option<u32>);

/// What the page knows of the traffic.
#[derive(Serialize)]
struct Contents {
    groups: Vec<GroupInfo>,
    requests: usize,
    seconds: f64,
}

/// What column B is to play. Each change is a text, as of `--set`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    seed: u32,
    cores: Option<u32>,
    changes: Vec<String>,
}

#[wasm_bindgen]
impl Recordings {
    /// No files yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of a file.
    ///
    /// # Errors
    ///
    /// It is no recording.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        Ok(self.file.add(bytes)?)
    }

    /// Ends the file; another one may follow.
    ///
    /// # Errors
    ///
    /// It is no recording.
    #[wasm_bindgen(js_name = endFile)]
    pub fn end_file(&mut self) -> Result<(), JsError> {
        self.files.push(core::mem::take(&mut self.file).finish()?);
        Ok(())
    }

    /// Begins to make traffic of the files.
    ///
    /// # Errors
    ///
    /// A recording contradicts itself.
    pub fn understand(&mut self) -> Result<(), JsError> {
        self.reading = Some(TrafficReading::new(core::mem::take(&mut self.files))?);
        Ok(())
    }

    /// The groups of the traffic, as JSON, when it is complete.
    ///
    /// # Errors
    ///
    /// There is no request.
    pub fn contents(&mut self) -> Result<String, JsError> {
        let Some(reading) = self.reading.take() else { return Err(JsError::new("there is no recording")) };
        let traffic = reading.finish();
        if traffic.requests() == 0 {
            return Err(JsError::new("no client asked for a lock while it was recorded"));
        }
        let mut groups = traffic.groups();
        groups.sort_by_key(|group| core::cmp::Reverse(group.requests));
        let contents = Contents { groups, requests: traffic.requests(), seconds: traffic.duration() };
        self.traffic = Some(Arc::new(traffic));
        Ok(json(&contents))
    }

    /// Begins a replay. Takes seed, cores and changes as JSON.
    ///
    /// # Errors
    ///
    /// A change that the recordings do not allow.
    pub fn start(&mut self, plan: &str) -> Result<(), JsError> {
        let Some(traffic) = &self.traffic else { return Err(JsError::new("there is no recording")) };
        let Wanted { seed, cores, changes } = serde_json::from_str(plan)?;
        let plan = Plan { seed, cores, ..Plan::default() };
        let plan = changes.iter().try_fold(plan, |plan, change| plan.with(change))?;
        let replay = match &self.a {
            Some((chance, a)) if *chance == (seed, cores) => Replay::with_a(traffic, &plan, a.clone())?,
            _ => Replay::new(traffic, &plan)?,
        };
        self.replay = Some(((seed, cores), replay));
        Ok(())
    }

    /// What [`advance`](Self::advance) does: `reading`, or column `a` or `b`.
    #[must_use]
    pub fn stage(&self) -> String {
        let stage = match &self.replay {
            _ if self.reading.is_some() => "reading",
            Some((_, replay)) if replay.plays_b() => "b",
            _ => "a",
        };
        stage.into()
    }

    /// Reads this number of calls, or plays this number of events. Gives the progress, from 0 to exactly 1.
    pub fn advance(&mut self, events: u32) -> f64 {
        if let Some(reading) = &mut self.reading {
            return reading.advance(events);
        }
        self.replay.as_mut().map_or(1.0, |(_, replay)| replay.advance(events))
    }

    /// The results, as the JSON of the command `poolcounter-sim replay --json`.
    #[must_use]
    pub fn report(&mut self) -> String {
        let Some((chance, replay)) = self.replay.take() else { return String::new() };
        if let Some(a) = replay.a() {
            self.a = Some((chance, a.clone()));
        }
        replay.report().to_json()
    }
}

/// A setting of the form, read.
#[derive(Serialize)]
struct Checked {
    /// As of `--set`; nothing if the setting stays as it was.
    change: Option<String>,
    /// The first mistake of each field, by its name.
    invalid: BTreeMap<String, String>,
}

/// The new setting of a group. Takes an object of texts as JSON: an empty text stays as it was in the recording.
#[wasm_bindgen]
#[must_use]
pub fn check_change(group: &str, texts: &str) -> String {
    let texts: BTreeMap<String, String> = serde_json::from_str(texts).unwrap_or_default();
    let mut invalid = BTreeMap::new();
    let mut parts = Vec::new();
    for (name, text) in texts.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let part = if name == "pool" { text.trim().to_owned() } else { format!("{name} {}", text.trim()) };
        match format!("{group}: {part}").parse::<Change>() {
            Ok(_) => parts.push(part),
            Err(Invalid { reason, .. }) => drop(invalid.insert(name.clone(), reason)),
        }
    }
    // Without a pool, the other fields are kept for later.
    if parts.iter().any(|part| part == "none") {
        parts = vec!["none".into()];
    }
    let change = (!parts.is_empty()).then(|| format!("{group}: {}", parts.join(", ")));
    // In the order in which the command writes it.
    let change = change.map(|text| text.parse::<Change>().map_or(text, |change| change.to_string()));
    json(&Checked { change, invalid })
}

/// The text of a new setting for LocalSettings.php. Takes a group as JSON, as the report has it.
///
/// # Errors
///
/// The change or the group is none.
#[wasm_bindgen]
pub fn change_conf(change: &str, group: &str, client: &str) -> Result<String, JsError> {
    let recorded: Recorded = serde_json::from_str(group)?;
    let change: Change = change.parse()?;
    let client = Client::named(client).unwrap_or(Client::Native);
    Ok(change.conf(recorded, client))
}
