//! The form of the configuration file: the long options, and the groups of keys.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// The file as it is written. A word has the value that the option of its name takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    listen: Option<Spanned<Texts>>,
    unix_mode: Option<Spanned<String>>,
    max_clients: Option<Spanned<u64>>,
    idle_timeout: Option<Spanned<u64>>,
    admin: Option<Spanned<Texts>>,
    admin_name: Option<Spanned<Texts>>,
    warn_held: Option<Spanned<u64>>,
    max_hold: Option<Spanned<u64>>,
    drain_on_stop: Option<Spanned<u64>>,
    record_buffer: Option<Spanned<String>>,
    log_level: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) groups: InOrder,
}

/// One text or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum Texts {
    One(String),
    Several(Vec<String>),
}

/// The groups in the order of the file: a key belongs to the first whose pattern matches it.
#[derive(Debug, Default)]
pub(super) struct InOrder(pub(super) Vec<(Spanned<String>, Group)>);

/// A group of keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Group {
    #[serde(default)]
    pub(super) patterns: Vec<Spanned<String>>,
    /// In seconds; 0: never, also if the option says otherwise.
    pub(super) warn_held: Option<u32>,
    pub(super) max_hold: Option<u32>,
}

/// An option of the file: its word, its place in the text, and its values.
pub(super) struct Entry {
    pub(super) word: &'static str,
    pub(super) place: Range<usize>,
    pub(super) values: Vec<String>,
}

impl File {
    /// The options of the file.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let texts = |word, texts: &Option<Spanned<Texts>>| {
            entry(word, texts.as_ref(), |texts| match texts {
                Texts::One(text) => vec![text.clone()],
                Texts::Several(texts) => texts.clone(),
            })
        };
        let text = |word, text: &Option<Spanned<String>>| entry(word, text.as_ref(), |text| vec![text.clone()]);
        let number =
            |word, number: &Option<Spanned<u64>>| entry(word, number.as_ref(), |number| vec![number.to_string()]);
        let entries = [
            texts("listen", &self.listen),
            text("unix-mode", &self.unix_mode),
            number("max-clients", &self.max_clients),
            number("idle-timeout", &self.idle_timeout),
            texts("admin", &self.admin),
            texts("admin-name", &self.admin_name),
            number("warn-held", &self.warn_held),
            number("max-hold", &self.max_hold),
            number("drain-on-stop", &self.drain_on_stop),
            text("record-buffer", &self.record_buffer),
            text("log-level", &self.log_level),
        ];
        entries.into_iter().flatten().collect()
    }
}

fn entry<T>(word: &'static str, value: Option<&Spanned<T>>, values: impl Fn(&T) -> Vec<String>) -> Option<Entry> {
    value.map(|value| Entry { word, place: value.span(), values: values(value.get_ref()) })
}

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Groups;

        impl<'de> Visitor<'de> for Groups {
            type Value = InOrder;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("tables of groups, [groups.NAME]")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder, A::Error> {
                let mut groups = Vec::new();
                while let Some(group) = map.next_entry()? {
                    groups.push(group);
                }
                Ok(InOrder(groups))
            }
        }

        deserializer.deserialize_map(Groups)
    }
}
