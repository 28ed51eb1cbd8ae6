//! The constructor's options.

use crate::{ini, servers, zend};
use ext_php_rs::types::{ArrayKey, ZendHashTable, Zval};
use poolcounter::client::{Choice, Settings, Sharing};
use std::ffi::CStr;
use std::time::Duration;

/// Objects with an equal one use the same connections.
#[allow(clippy::struct_excessive_bools)] // Independent switches.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Configuration {
    pub(crate) servers: Vec<String>,
    /// Whether servers are chosen by python-poolcounter's ring.
    pub(crate) ring: bool,
    /// In microseconds.
    pub(crate) connect_timeout: u64,
    pub(crate) connect_twice: bool,
    pub(crate) first_answer_timeout: Option<u64>,
    pub(crate) pass_over: u64,
    pub(crate) share_connection: bool,
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
        let (servers, choice) = if self.ring {
            let (servers, ring) = servers::labelled(&self.servers)?;
            (servers, Choice::Ring(ring))
        } else {
            (servers::plain(&self.servers)?, Choice::MediaWiki)
        };
        let usual = Settings::new(servers);
        Ok(Settings {
            choice,
            connect_timeout: self.connect_timeout,
            connect_twice: self.connect_twice,
            first_answer_timeout: self.first_answer_timeout.unwrap_or(usual.first_answer_timeout),
            pass_over: self.pass_over,
            // A worker that asks each of many servers in turn connects to each once.
            keep: usual.keep.max(usual.servers.len()),
            sharing: if self.share_connection { Sharing::PerServer } else { Sharing::PerLock },
            await_release: self.await_release,
            ..usual
        })
    }
}

/// The options as they are given, unless by php.ini.
#[derive(Default)]
struct Given {
    timeout: Option<f64>,
    connect_timeout: Option<f64>,
    read_timeout: Option<f64>,
    first_answer_timeout: Option<f64>,
    pass_over: Option<f64>,
    share_connection: bool,
    persistent: Option<bool>,
    await_release: Option<bool>,
    ring: bool,
}

/// What the options and php.ini make of these servers; and the time to wait for an answer, in microseconds.
pub(crate) fn read(
    servers: Vec<String>,
    options: Option<&ZendHashTable>,
) -> Result<(Configuration, Option<u64>), Invalid> {
    let given = match options {
        Some(options) => given(options)?,
        None => Given::default(),
    };
    let connect_timeout = given.connect_timeout.map_or_else(|| ini_seconds(ini::CONNECT_TIMEOUT, false), Ok)?;
    let timeout = given.timeout.map_or_else(|| ini_seconds(ini::TIMEOUT, true), Ok)?;
    let connect_twice = connect_timeout > 0.0;
    let configuration = Configuration {
        servers,
        ring: given.ring,
        connect_timeout: micros(if connect_twice { connect_timeout } else { timeout }),
        connect_twice,
        first_answer_timeout: given.first_answer_timeout.map(micros),
        pass_over: micros(given.pass_over.unwrap_or(1.0)),
        share_connection: given.share_connection,
        persistent: given.persistent.unwrap_or_else(|| ini::switch(ini::PERSISTENT)),
        await_release: given.await_release.unwrap_or_else(|| ini::switch(ini::AWAIT_RELEASE)),
    };
    Ok((configuration, given.read_timeout.map(micros)))
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
            "timeout" => given.timeout = Some(seconds(&name, value, true)?),
            "connect_timeout" => given.connect_timeout = Some(seconds(&name, value, false)?),
            "read_timeout" if value.is_null() => given.read_timeout = None,
            "read_timeout" => given.read_timeout = Some(seconds(&name, value, true)?),
            "first_answer_timeout" => given.first_answer_timeout = Some(seconds(&name, value, true)?),
            "pass_over" => given.pass_over = Some(seconds(&name, value, false)?),
            "share_connection" => given.share_connection = switch(&name, value)?,
            "persistent" => given.persistent = Some(switch(&name, value)?),
            "await_release" => given.await_release = Some(switch(&name, value)?),
            "choice" => given.ring = is_ring(value)?,
            _ => return Err(Invalid::Value(format!("Unknown option \"{name}\""))),
        }
    }
    Ok(given)
}

fn seconds(name: &str, value: &Zval, above_zero: bool) -> Result<f64, Invalid> {
    #[allow(clippy::cast_precision_loss)] // No time-out is as long.
    let number = value.double().or_else(|| value.long().map(|number| number as f64));
    let number = number.or_else(|| value.str().and_then(|text| text.trim().parse().ok()));
    let Some(number) = number else { return Err(wrong_type(name, "float", value)) };
    in_range(number, above_zero).ok_or_else(|| Invalid::Value(format!("Option \"{name}\" {}", range(above_zero))))
}

fn ini_seconds(name: &CStr, above_zero: bool) -> Result<f64, Invalid> {
    let number = zend::ini_text(name).trim().parse().ok();
    number
        .and_then(|number| in_range(number, above_zero))
        .ok_or_else(|| Invalid::Value(format!("The ini setting {} {}", name.to_string_lossy(), range(above_zero))))
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
        Some(_) => Err(Invalid::Value("Option \"choice\" must be either \"mediawiki\" or \"ring\"".to_owned())),
        None => Err(wrong_type("choice", "string", value)),
    }
}

fn wrong_type(name: &str, wanted: &str, value: &Zval) -> Invalid {
    Invalid::Type(format!("Option \"{name}\" must be of type {wanted}, {} given", zend::type_name(value)))
}

/// At most a month: no wait is as long, and core adds to it. What is not 0 does not become 0: that is no time for anything.
fn micros(seconds: f64) -> u64 {
    let month = 2_592_000.0;
    let micros = u64::try_from(Duration::from_secs_f64(seconds.min(month)).as_micros()).unwrap_or_default();
    if seconds > 0.0 { micros.max(1) } else { micros }
}
