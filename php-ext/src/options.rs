//! The constructor's options.

use crate::{ini, servers, zend};
use ext_php_rs::types::{ArrayKey, ZendHashTable, Zval};
use poolcounter::client::{KeyDistribution, Settings};
use std::time::Duration;

/// Objects with an equal one use the same connections.
#[allow(clippy::struct_excessive_bools)] // Independent switches.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Configuration {
    pub(crate) servers: Vec<String>,
    /// Whether keys belong to servers by python-poolcounter's ring.
    pub(crate) ring: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) connect_twice: bool,
    pub(crate) first_answer_timeout: Option<Duration>,
    pub(crate) avoid_for: Option<Duration>,
    pub(crate) share_connections: bool,
    pub(crate) persistent: bool,
    pub(crate) await_release: bool,
}

/// Why an object cannot be made.
pub(crate) enum Invalid {
    Type(String),
    Value(String),
    /// PHP has thrown already.
    Thrown,
}

impl Configuration {
    pub(crate) fn settings(&self) -> Result<Settings, Invalid> {
        let (servers, rule) = if self.ring {
            let (servers, ring) = servers::labelled(&self.servers)?;
            (servers, KeyDistribution::Ring(ring))
        } else {
            (servers::plain(&self.servers)?, KeyDistribution::MediaWiki)
        };
        let count = servers.len();
        let mut settings = Settings::new(servers);
        settings
            .key_distribution(rule)
            .connect_timeout(self.connect_timeout)
            .connect_twice(self.connect_twice)
            // A worker that asks each of many servers in turn connects to each once.
            .max_idle_connections(count.max(Settings::DEFAULT_MAX_IDLE_CONNECTIONS))
            .share_connections(self.share_connections)
            .await_release(self.await_release);
        if let Some(timeout) = self.first_answer_timeout {
            settings.first_answer_timeout(timeout);
        }
        if let Some(time) = self.avoid_for {
            settings.avoid_for(time);
        }
        Ok(settings)
    }
}

/// The options as they are given, unless by php.ini.
#[derive(Default)]
struct Given {
    ring: bool,
    connect_timeout: Option<f64>,
    connect_twice: Option<bool>,
    answer_timeout: Option<f64>,
    first_answer_timeout: Option<f64>,
    avoid_for: Option<f64>,
    share_connections: bool,
    persistent: Option<bool>,
    await_release: Option<bool>,
}

/// What the options and php.ini make of these servers; and the time to wait for an answer.
pub(crate) fn read(
    servers: Vec<String>,
    options: Option<&ZendHashTable>,
) -> Result<(Configuration, Option<Duration>), Invalid> {
    let given = match options {
        Some(options) => given(options)?,
        None => Given::default(),
    };
    let configuration = Configuration {
        servers,
        ring: given.ring,
        connect_timeout: span(given.connect_timeout.map_or_else(connect_timeout_of_ini, Ok)?),
        connect_twice: given.connect_twice.unwrap_or_else(|| ini::switch(ini::CONNECT_TWICE)),
        first_answer_timeout: given.first_answer_timeout.map(span),
        avoid_for: given.avoid_for.map(span),
        share_connections: given.share_connections,
        persistent: given.persistent.unwrap_or_else(|| ini::switch(ini::PERSISTENT)),
        await_release: given.await_release.unwrap_or_else(|| ini::switch(ini::AWAIT_RELEASE)),
    };
    Ok((configuration, given.answer_timeout.map(span)))
}

fn given(options: &ZendHashTable) -> Result<Given, Invalid> {
    let mut given = Given::default();
    for (name, value) in options {
        let name = match name {
            ArrayKey::Long(number) => number.to_string(),
            name => String::try_from(name).unwrap_or_default(),
        };
        let value = value.dereference();
        match name.as_str() {
            "key_distribution" => given.ring = is_ring(value)?,
            "connect_timeout" => given.connect_timeout = Some(seconds(&name, value, true)?),
            "connect_twice" => given.connect_twice = Some(switch(&name, value)?),
            "answer_timeout" if value.is_null() => given.answer_timeout = None,
            "answer_timeout" => given.answer_timeout = Some(seconds(&name, value, true)?),
            "first_answer_timeout" => given.first_answer_timeout = Some(seconds(&name, value, true)?),
            "avoid_for" => given.avoid_for = Some(seconds(&name, value, false)?),
            "share_connections" => given.share_connections = switch(&name, value)?,
            "persistent" => given.persistent = Some(switch(&name, value)?),
            "await_release" => given.await_release = Some(switch(&name, value)?),
            _ => return Err(Invalid::Value(unknown(&name))),
        }
    }
    Ok(given)
}

fn unknown(name: &str) -> String {
    let meant = match name {
        "choice" => "key_distribution",
        "timeout" => "connect_timeout",
        "read_timeout" => "answer_timeout",
        "pass_over" => "avoid_for",
        "share_connection" => "share_connections",
        _ => return format!("Unknown option \"{name}\""),
    };
    format!("Unknown option \"{name}\": use \"{meant}\"")
}

fn seconds(name: &str, value: &Zval, above_zero: bool) -> Result<f64, Invalid> {
    #[allow(clippy::cast_precision_loss)] // No time-out is as long.
    let number = value.double().or_else(|| value.long().map(|number| number as f64));
    let number = number.or_else(|| value.str().and_then(|text| text.trim().parse().ok()));
    let Some(number) = number else { return Err(wrong_type(name, "float", value)) };
    in_range(number, above_zero).ok_or_else(|| Invalid::Value(format!("Option \"{name}\" {}", range(above_zero))))
}

fn connect_timeout_of_ini() -> Result<f64, Invalid> {
    let name = ini::CONNECT_TIMEOUT.to_string_lossy();
    if zend::is_in_php_ini(ini::MISTAKEN_FOR_CONNECT_TIMEOUT) {
        let mistaken = ini::MISTAKEN_FOR_CONNECT_TIMEOUT.to_string_lossy();
        return Err(Invalid::Value(format!("There is no ini setting {mistaken}: use {name}")));
    }
    let number = zend::ini_text(ini::CONNECT_TIMEOUT).trim().parse().ok();
    number
        .and_then(|number| in_range(number, true))
        .ok_or_else(|| Invalid::Value(format!("The ini setting {name} {}", range(true))))
}

fn in_range(number: f64, above_zero: bool) -> Option<f64> {
    (number.is_finite() && (number > 0.0 || !above_zero && number == 0.0)).then_some(number)
}

fn range(above_zero: bool) -> &'static str {
    if above_zero { "must be a number of seconds greater than 0" } else { "must be a number of seconds, at least 0" }
}

fn switch(name: &str, value: &Zval) -> Result<bool, Invalid> {
    if value.is_bool() || value.is_long() || value.is_string() {
        Ok(value.coerce_to_bool())
    } else {
        Err(wrong_type(name, "bool", value))
    }
}

fn is_ring(value: &Zval) -> Result<bool, Invalid> {
    match value.str() {
        Some("ring") => Ok(true),
        Some("mediawiki") => Ok(false),
        Some(_) => {
            Err(Invalid::Value("Option \"key_distribution\" must be either \"mediawiki\" or \"ring\"".to_owned()))
        }
        None => Err(wrong_type("key_distribution", "string", value)),
    }
}

fn wrong_type(name: &str, wanted: &str, value: &Zval) -> Invalid {
    Invalid::Type(format!("Option \"{name}\" must be of type {wanted}, {} given", zend::type_name(value)))
}

/// At most a month: no wait is as long. A time above 0 does not become 0, which would leave no time at all.
fn span(seconds: f64) -> Duration {
    let month = 2_592_000.0;
    let span = Duration::from_secs_f64(seconds.min(month));
    if seconds > 0.0 { span.max(Duration::from_micros(1)) } else { span }
}
