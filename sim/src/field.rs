//! What there is to know of every value of a scenario, once: for checks, for addresses, for options of the command, for a form.

use crate::{Curve, Invalid, Scenario};
use alloc::format;
use alloc::string::{String, ToString};
use serde::Serialize;
use serde_json::{Map, Number, Value};

/// One value of a [`Scenario`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Field {
    /// Its name in JSON and in an address.
    pub name: &'static str,
    /// What it is, in a few words.
    pub label: &'static str,
    /// Its unit; empty if it has none.
    pub unit: &'static str,
    /// What it may be.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Kind {
    /// A whole number.
    Integer {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// A number.
    Number {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// A rate over time: a number, or `seconds:rate,seconds:rate,...`.
    Curve {
        /// The highest rate.
        max: f64,
    },
    /// `true` or `false`.
    Switch,
    /// One of these.
    Choice {
        /// The words.
        of: &'static [&'static str],
    },
}

const fn integer(name: &'static str, label: &'static str, unit: &'static str, min: u32, max: u32) -> Field {
    Field { name, label, unit, kind: Kind::Integer { min, max } }
}

const fn number(name: &'static str, label: &'static str, unit: &'static str, min: f64, max: f64) -> Field {
    Field { name, label, unit, kind: Kind::Number { min, max } }
}

const fn curve(name: &'static str, label: &'static str, unit: &'static str, max: f64) -> Field {
    Field { name, label, unit, kind: Kind::Curve { max } }
}

/// Every value of a scenario, in the order in which they are shown.
pub const FIELDS: &[Field] = &[
    integer("seed", "seed", "", 0, u32::MAX),
    integer("duration", "duration", "s", 1, 86_400),
    curve("hotReaders", "readers of the hot page", "requests/s", 20_000.0),
    curve("readers", "readers of other pages", "requests/s", 20_000.0),
    curve("crawler", "crawler, each time a page that is not in the cache", "requests/s", 20_000.0),
    integer("pages", "other pages", "", 1, 1_000_000),
    curve("edits", "edits of the hot page", "edits/min", 6_000.0),
    curve("otherEdits", "edits of other pages, together", "edits/min", 6_000.0),
    Field { name: "hotCached", label: "hot page in the cache at the beginning", unit: "", kind: Kind::Switch },
    number("cachedShare", "share of other pages in the cache at the beginning", "", 0.0, 1.0),
    number("parseCpu", "CPU time of a parse of the hot page", "s", 0.001, 600.0),
    number("otherParseCpu", "CPU time of a parse of another page", "s", 0.001, 600.0),
    number("parseSpread", "spread of these times (standard deviation / average)", "", 0.0, 3.0),
    number("requestCpu", "CPU time of any request, before the cache is asked", "s", 0.0, 10.0),
    number("crashShare", "share of parses that die halfway", "", 0.0, 1.0),
    integer("servers", "web servers", "", 1, 200),
    integer("cores", "cores of each", "", 1, 1_024),
    integer("webWorkers", "web workers of each (pm.max_children)", "", 1, 10_000),
    integer("backlog", "requests that wait for a web worker, on each", "", 0, 100_000),
    number("patience", "a reader gives up after", "s", 0.1, 600.0),
    Field {
        name: "balance",
        label: "requests go to the servers",
        unit: "",
        kind: Kind::Choice { of: &["roundRobin", "random"] },
    },
];

pub(crate) fn named(name: &str) -> Result<&'static Field, Invalid> {
    FIELDS.iter().find(|field| field.name == name).ok_or_else(|| Invalid::new(name, "there is no such field"))
}

/// The fields of a scenario by name.
pub(crate) fn values(scenario: &Scenario) -> Map<String, Value> {
    match serde_json::to_value(scenario) {
        Ok(Value::Object(values)) => values,
        // A struct of numbers, words and lists is an object.
        _ => Map::new(),
    }
}

impl Field {
    /// The value that a text stands for.
    pub(crate) fn read(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Integer { min, max } => whole(text, min, max).map(Value::from),
            Kind::Number { .. } => {
                let number = text.parse().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or_else(|| format!("{text:?} is not a number"))
            }
            Kind::Curve { .. } => {
                let curve: Curve = text.parse().map_err(|invalid: Invalid| invalid.reason)?;
                serde_json::to_value(curve).map_err(|error| error.to_string())
            }
            Kind::Switch => text.parse().map(Value::Bool).map_err(|_| format!("{text:?} is neither true nor false")),
            Kind::Choice { of } if of.contains(&text) => Ok(Value::from(text)),
            Kind::Choice { of } => Err(format!("{text:?} is neither {}", of.join(" nor "))),
        }
    }

    /// The text that stands for a value.
    pub(crate) fn write(&self, value: &Value) -> String {
        match (self.kind, value) {
            (Kind::Number { .. }, value) => value.as_f64().unwrap_or_default().to_string(),
            (Kind::Curve { .. }, value) => as_curve(value).map(|curve| curve.to_string()).unwrap_or_default(),
            (_, Value::String(word)) => word.clone(),
            (_, value) => value.to_string(),
        }
    }

    /// Whether a value is within its bounds.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        let within = match self.kind {
            Kind::Integer { min, max } => between(value, f64::from(min), f64::from(max)),
            Kind::Number { min, max } => between(value, min, max),
            Kind::Curve { max } => return as_curve(value).ok_or("is not a curve")?.check(max),
            // Their types leave no other values.
            Kind::Switch | Kind::Choice { .. } => None,
        };
        within.map_or(Ok(()), Err)
    }
}

/// The whole number of a text. A number that is too large to be read is out of bounds, too.
pub(crate) fn whole(text: &str, min: u32, max: u32) -> Result<u32, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("must be from {min} to {max}, not {text}"))
        }
        Err(_) => Err(format!("{text:?} is not a whole number")),
    }
}

fn as_curve(value: &Value) -> Option<Curve> {
    serde_json::from_value(value.clone()).ok()
}

/// What is wrong with a number, if anything is. NaN, which JSON cannot write, is wrong too.
fn between(value: &Value, min: f64, max: f64) -> Option<String> {
    let number = value.as_f64().unwrap_or(f64::NAN);
    (!(min..=max).contains(&number)).then(|| format!("must be from {min} to {max}, not {number}"))
}
