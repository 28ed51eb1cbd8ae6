//! Converts the texts of the page's fields into a comparison, and back.

use std::collections::{BTreeMap, BTreeSet};

use poolcounter_sim::conf::Client;
use poolcounter_sim::field::{Field, Kind};
use poolcounter_sim::report::Pair;
use poolcounter_sim::{Comparison, Curve, FIELDS, Invalid, Preset, Setting, query};
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::json;

/// Text by name of the field: `cores`, `a.workers`; and `preset`.
type Texts = BTreeMap<String, String>;

/// The values of a setting that are numbers.
const NUMBERS: [&str; 4] = ["workers", "maxqueue", "timeout", "slots"];

/// The page's data of a comparison.
#[derive(Serialize)]
struct Form {
    comparison: Comparison,
    texts: Texts,
    query: String,
    invalid: Vec<Fault>,
}

/// An invalid text.
#[derive(Serialize)]
struct Fault {
    field: String,
    reason: String,
    text: String,
}

#[derive(Serialize)]
struct Catalogue {
    presets: Vec<BTreeMap<&'static str, &'static str>>,
    fields: &'static [Field],
    clients: Vec<BTreeMap<&'static str, &'static str>>,
}

/// Presets, fields and clients, as JSON.
#[wasm_bindgen]
#[must_use]
pub fn catalogue() -> String {
    let preset = |preset: Preset| {
        BTreeMap::from([("name", preset.name()), ("title", preset.title()), ("story", preset.story())])
    };
    let client = |client: Client| BTreeMap::from([("name", client.name()), ("title", client.title())]);
    let clients = Client::ALL.map(client).to_vec();
    json(&Catalogue { presets: Preset::ALL.map(preset).to_vec(), fields: FIELDS, clients })
}

/// The texts of a comparison for LocalSettings.php, as JSON, for a wiki with this client.
///
/// # Errors
///
/// The query is not valid.
#[wasm_bindgen]
pub fn conf(query: &str, client: &str) -> Result<String, JsError> {
    let lab = Comparison::from_query(query)?;
    let client = Client::named(client).unwrap_or(Client::Native);
    Ok(json(&Pair { a: lab.a.conf(client), b: lab.b.conf(client) }))
}

/// The form for the query of an address, as JSON. Invalid parts are named and left out.
#[wasm_bindgen]
#[must_use]
pub fn open(query: &str) -> String {
    let mut invalid = Vec::new();
    let lab = Comparison::from_query(query).unwrap_or_else(|_| what_can_be_taken(query, &mut invalid));
    json(&Form::new(lab, invalid))
}

/// The form after the user has changed it. Takes an object of texts as JSON and returns JSON. An invalid text is named, and the preset's text is used instead.
#[wasm_bindgen]
#[must_use]
pub fn check(texts: &str) -> String {
    let texts: Texts = serde_json::from_str(texts).unwrap_or_default();
    let mut invalid = Vec::new();
    let lab = read(&texts, &mut invalid);
    json(&Form::new(lab, invalid))
}

impl Form {
    fn new(comparison: Comparison, invalid: Vec<Fault>) -> Self {
        Self { texts: texts(&comparison), query: comparison.to_query(), comparison, invalid }
    }
}

impl Fault {
    fn new(field: impl Into<String>, reason: String, text: &str) -> Self {
        let reason = if text.is_empty() { "needs a value".into() } else { reason };
        Self { field: field.into(), reason, text: text.into() }
    }
}

/// The texts of the preset, and each part of the query in its field.
fn what_can_be_taken(query: &str, invalid: &mut Vec<Fault>) -> Comparison {
    let mut refuse =
        |fault: Invalid| invalid.push(Fault { field: fault.field, reason: fault.reason, text: String::new() });
    let mut parts = Vec::new();
    let mut usual = Comparison::of(Preset::QuietDay);
    for part in query::parts(query) {
        match part {
            // The preset may be anywhere in the query; the other parts change it.
            Ok((name, text)) if name == "preset" => match usual.clone().with(&name, &text) {
                Ok(preset) => usual = preset,
                Err(fault) => refuse(fault),
            },
            Ok(part) => parts.push(part),
            Err(fault) => refuse(fault),
        }
    }
    let mut texts = texts(&usual);
    for (name, text) in parts {
        match &*name {
            "a" | "b" => split_setting(&name, &text, &mut texts, &mut refuse),
            _ if FIELDS.iter().any(|field| field.name == name) => drop(texts.insert(name, text)),
            _ => usual.clone().with(&name, &text).map_or_else(&mut refuse, drop),
        }
    }
    read(&texts, invalid)
}

/// Puts `forAnyone,workers:1` into the fields of one side. Other fields have their usual values.
fn split_setting(side: &str, text: &str, texts: &mut Texts, refuse: &mut impl FnMut(Invalid)) {
    write_setting(side, &Setting::default(), texts);
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = match part.split_once(':') {
            Some((name, value)) if NUMBERS.contains(&name) => (name, value),
            _ if part == "fastStale" => (part, "true"),
            _ => match part.parse::<Setting>() {
                Ok(_) => ("mode", part),
                Err(fault) => {
                    refuse(Invalid { field: format!("{side}.{}", fault.field), ..fault });
                    continue;
                }
            },
        };
        texts.insert(format!("{side}.{name}"), value.into());
    }
}

/// The comparison of these texts. Each invalid text is named; bounds and the sum of the requests are checked at the end.
fn read(texts: &Texts, invalid: &mut Vec<Fault>) -> Comparison {
    let preset = texts.get("preset").and_then(|name| Preset::named(name)).unwrap_or(Preset::QuietDay);
    let mut lab = Comparison::of(preset);
    for field in FIELDS {
        if let Some(text) = texts.get(field.name) {
            match with(&lab, field, text) {
                Ok(changed) => lab = changed,
                Err(fault) => invalid.push(fault),
            }
        }
    }
    leave_out_what_is_out_of_bounds(&mut lab, texts, invalid);
    lab.a = setting("a", texts, invalid);
    lab.b = setting("b", texts, invalid);
    lab
}

fn with(lab: &Comparison, field: &Field, text: &str) -> Result<Comparison, Fault> {
    // Users write a blank after a comma.
    let text: String = text.split_whitespace().collect();
    lab.clone().with(field.name, &text).map_err(|invalid| Fault::new(field.name, invalid.reason, &text))
}

/// The check names one field at a time. So each is replaced by the preset's text, until none is left.
fn leave_out_what_is_out_of_bounds(lab: &mut Comparison, texts: &Texts, invalid: &mut Vec<Fault>) {
    let usual = self::texts(&Comparison::of(lab.preset));
    let mut seen = BTreeSet::new();
    while let Err(Invalid { field, reason }) = lab.scenario.check() {
        // The same field twice: the preset's own text does not fit the other fields.
        if !seen.insert(field.clone()) {
            break;
        }
        if let Ok(changed) = lab.clone().with(&field, &usual[&field]) {
            *lab = changed;
        }
        invalid.push(Fault::new(&*field, reason, texts.get(&field).map_or("", String::as_str)));
    }
}

/// One side's setting. Each part of its text is tried alone, so that its field can be named.
fn setting(side: &str, texts: &Texts, invalid: &mut Vec<Fault>) -> Setting {
    let text = |name: &str| texts.get(&format!("{side}.{name}")).map_or("", |text| text.trim());
    let mut parts = vec![text("mode").to_owned()];
    for name in NUMBERS {
        let part = format!("{name}:{}", text(name).replace(',', "."));
        match part.parse::<Setting>().and_then(|setting| setting.check()) {
            Ok(()) => parts.push(part),
            Err(fault) => invalid.push(Fault::new(format!("{side}.{name}"), fault.reason, text(name))),
        }
    }
    if text("fastStale") == "true" {
        parts.push("fastStale".into());
    }
    parts.join(",").parse().unwrap_or_else(|fault: Invalid| {
        invalid.push(Fault::new(format!("{side}.mode"), fault.reason, text("mode")));
        Setting::default()
    })
}

/// The text of every field.
fn texts(lab: &Comparison) -> Texts {
    let scenario = serde_json::to_value(&lab.scenario).unwrap_or_default();
    let mut texts: Texts =
        FIELDS.iter().map(|field| (field.name.into(), text(field.kind, &scenario[field.name]))).collect();
    texts.insert("preset".into(), lab.preset.name().into());
    for (side, setting) in [("a", &lab.a), ("b", &lab.b)] {
        write_setting(side, setting, &mut texts);
    }
    texts
}

fn write_setting(side: &str, setting: &Setting, texts: &mut Texts) {
    let values = serde_json::to_value(setting).unwrap_or_default();
    for (name, value) in values.as_object().into_iter().flatten() {
        texts.insert(format!("{side}.{name}"), plain(value));
    }
}

fn text(kind: Kind, value: &Value) -> String {
    match kind {
        Kind::Curve { .. } => {
            let curve: Option<Curve> = serde_json::from_value(value.clone()).ok();
            curve.map(|curve| curve.to_string()).unwrap_or_default()
        }
        // 5 and not 5.0, as in an address.
        Kind::Number { .. } => value.as_f64().unwrap_or_default().to_string(),
        _ => plain(value),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
