//! Two settings, side by side.

use crate::field::{self, FIELDS};
use crate::query::parts;
use crate::{Invalid, Preset, Scenario, Setting};
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;
use serde::Serialize;
use serde_json::{Map, Value};

/// The version of the data: of JSON and of addresses.
pub const VERSION: u32 = 1;

/// One scenario, to be played with two settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// [`VERSION`].
    pub version: u32,
    /// Where the scenario comes from; an address names what differs from it.
    pub preset: Preset,
    /// What happens.
    pub scenario: Scenario,
    /// The first setting.
    pub a: Setting,
    /// The second setting.
    pub b: Setting,
}

impl Comparison {
    /// A preset as it is.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        let (a, b) = preset.settings();
        Self { version: VERSION, preset, scenario: preset.scenario(), a, b }
    }

    /// The same with one part of an address taken: a field of the scenario, `a` or `b`; `preset`, which replaces everything; `v`, which
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// An unknown name, or a text that is no such value.
    pub fn with(mut self, name: &str, text: &str) -> Result<Self, Invalid> {
        match name {
            "a" => self.a = text.parse().map_err(|invalid: Invalid| invalid.within("a"))?,
            "b" => self.b = text.parse().map_err(|invalid: Invalid| invalid.within("b"))?,
            "preset" => self = Self::of(known_preset(text)?),
            "v" => check_version(&Value::from(text.parse::<u32>().unwrap_or(0)))?,
            _ => self.scenario = self.scenario.with(name, text)?,
        }
        Ok(self)
    }

    /// Whether it can be played.
    ///
    /// # Errors
    ///
    /// The first field that is out of bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        self.scenario.check()?;
        self.a.check().map_err(|invalid| invalid.within("a"))?;
        self.b.check().map_err(|invalid| invalid.within("b"))
    }

    /// Reads the query of an address. What it does not name is as in its preset, and without a preset as on a quiet day.
    ///
    /// ```
    /// use poolcounter_sim::Comparison;
    ///
    /// let lab = Comparison::from_query("preset=breaking-news&parseCpu=8&b=forAnyone,workers:1")?;
    /// assert_eq!(lab.scenario.parse_cpu, 8.0);
    /// # Ok::<(), poolcounter_sim::Invalid>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first field that is unknown, malformed or out of bounds.
    pub fn from_query(query: &str) -> Result<Self, Invalid> {
        let mut lab = Self::of(preset_of(query)?);
        for part in parts(query) {
            let (name, text) = part?;
            if name != "preset" {
                lab = lab.with(&name, &text)?;
            }
        }
        lab.check()?;
        Ok(lab)
    }

    /// The query of an address: the preset, the seed, and what differs from the preset.
    ///
    /// ```
    /// use poolcounter_sim::{Comparison, Preset};
    ///
    /// let lab = Comparison::of(Preset::SlowParse).with("cores", "16")?;
    /// assert_eq!(lab.to_query(), "v=1&preset=slow-parse&seed=1&cores=16");
    /// # Ok::<(), poolcounter_sim::Invalid>(())
    /// ```
    #[must_use]
    pub fn to_query(&self) -> String {
        let usual = Self::of(self.preset);
        let (values, usual_values) = (field::values(&self.scenario), field::values(&usual.scenario));
        // Writing to a string cannot fail.
        let mut query = format!("v={VERSION}&preset={}", self.preset.name());
        for field in FIELDS {
            let value = &values[field.name];
            if field.name == "seed" || *value != usual_values[field.name] {
                let _ = write!(query, "&{}={}", field.name, field.write(value));
            }
        }
        for (name, setting, usual) in [("a", &self.a, &usual.a), ("b", &self.b, &usual.b)] {
            if setting != usual {
                let _ = write!(query, "&{name}={setting}");
            }
        }
        query
    }

    /// Reads JSON, as it is written by serde. What it does not name is as in its preset.
    ///
    /// ```
    /// use poolcounter_sim::Comparison;
    ///
    /// let lab = Comparison::from_json(r#"{"preset": "bot-crawl", "scenario": {"seed": 7}, "b": {"workers": 4}}"#)?;
    /// assert_eq!((lab.scenario.seed, lab.b.workers, lab.b.slots), (7, 4, 4));
    /// # Ok::<(), poolcounter_sim::Invalid>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first field that is unknown, malformed or out of bounds.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        let top: Value = serde_json::from_str(json).map_err(|error| Invalid::new("json", error.to_string()))?;
        let top = object(&top)?;
        let preset =
            top.get("preset").map_or(Ok(Preset::QuietDay), |name| known_preset(name.as_str().unwrap_or("")))?;
        let mut lab = Self::of(preset);
        for (name, value) in top {
            match &**name {
                "preset" => {}
                "version" => check_version(value)?,
                "scenario" => lab.scenario = merged_scenario(lab.scenario, value)?,
                "a" => lab.a = merged_setting(&lab.a, value).map_err(|invalid| invalid.within("a"))?,
                "b" => lab.b = merged_setting(&lab.b, value).map_err(|invalid| invalid.within("b"))?,
                _ => return Err(Invalid::new(name, "there is no such field")),
            }
        }
        lab.check()?;
        Ok(lab)
    }
}

fn preset_of(query: &str) -> Result<Preset, Invalid> {
    match parts(query).flatten().filter(|(name, _)| name == "preset").last() {
        Some((_, name)) => known_preset(&name),
        None => Ok(Preset::QuietDay),
    }
}

fn known_preset(name: &str) -> Result<Preset, Invalid> {
    let error = || Invalid::new("preset", format!("there is no preset {name:?}"));
    Preset::named(name).ok_or_else(error)
}

fn check_version(value: &Value) -> Result<(), Invalid> {
    match value.as_u64() {
        Some(version) if version == u64::from(VERSION) => Ok(()),
        _ => Err(Invalid::new("version", format!("this is version {VERSION}"))),
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, Invalid> {
    value.as_object().ok_or_else(|| Invalid::new("json", format!("{value} is not an object")))
}

fn merged_scenario(mut scenario: Scenario, value: &Value) -> Result<Scenario, Invalid> {
    for (name, value) in object(value)? {
        scenario = scenario.with_value(name, value.clone())?;
    }
    Ok(scenario)
}

fn merged_setting(setting: &Setting, value: &Value) -> Result<Setting, Invalid> {
    let mut setting = serde_json::to_value(setting).map_err(|error| Invalid::new("json", error.to_string()))?;
    for (name, value) in object(value)? {
        setting[name.as_str()] = value.clone();
        // One at a time, so that the field can be named.
        let read: Result<Setting, _> = serde_json::from_value(setting.clone());
        read.map_err(|error| Invalid::new(name, error.to_string()))?;
    }
    serde_json::from_value(setting).map_err(|error| Invalid::new("json", error.to_string()))
}
