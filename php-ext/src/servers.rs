//! The servers, as the constructor or php.ini names them.

use crate::options::Invalid;
use crate::{ini, zend};
use ext_php_rs::types::{ZendHashTable, ZendStr, Zval};
use poolcounter::client::{BadServer, Server};
use poolcounter::route::{MAX_WEIGHT, Ring};

/// The argument `$servers`: a list, a text with commas, or null for php.ini's.
pub(crate) fn named(argument: Option<&mut Zval>) -> Result<Vec<String>, Invalid> {
    let argument = match argument.map(Zval::dereference_mut) {
        Some(argument) if !argument.is_null() => argument,
        _ => return some(separated(&zend::ini_text(ini::SERVERS))),
    };
    if let Some(list) = argument.array() {
        return some(listed(list)?);
    }
    match zend::coerce_to_text(argument, 1) {
        Some(text) => some(separated(&readable(&text)?)),
        None => Err(Invalid::Type(format!(
            "Argument #1 ($servers) must be of type array|string|null, {} given",
            zend::type_name(argument)
        ))),
    }
}

/// For MediaWiki's rule: each text is a server.
pub(crate) fn plain(names: &[String]) -> Result<Vec<Server>, Invalid> {
    names.iter().map(|name| read(Server::parse_spaced(name))).collect()
}

/// For the ring: each text is `label:server:weight`.
pub(crate) fn labelled(names: &[String]) -> Result<(Vec<Server>, Ring), Invalid> {
    let mut servers = Vec::new();
    let mut nodes = Vec::new();
    for name in names {
        let (label, text, weight) = parts(name).ok_or_else(|| {
            bad(&format!(
                "`{name}` is not of a ring: expected label:server:weight, with a weight of at most {MAX_WEIGHT}"
            ))
        })?;
        servers.push(read(Server::parse(text))?);
        nodes.push((label, weight));
    }
    if nodes.iter().all(|(_, weight)| *weight == 0) {
        return Err(bad("a weight must be above 0"));
    }
    Ok((servers, Ring::new(nodes)))
}

fn read(server: Result<Server, BadServer>) -> Result<Server, Invalid> {
    server.map_err(|error| bad(&error.to_string()))
}

fn bad(reason: &str) -> Invalid {
    Invalid::Value(format!("Argument #1 ($servers): {reason}"))
}

/// Label and weight stand before the first colon and behind the last one; between them any form of a server.
fn parts(name: &str) -> Option<(&str, &str, u32)> {
    let (label, rest) = name.split_once(':')?;
    let (server, weight) = rest.rsplit_once(':')?;
    let weight = weight.parse().ok().filter(|weight| *weight <= MAX_WEIGHT)?;
    (!label.is_empty()).then_some((label, server, weight))
}

fn listed(list: &ZendHashTable) -> Result<Vec<String>, Invalid> {
    let text = |server: &Zval| match server.dereference().zend_str().map(ZendStr::as_bytes) {
        Some(text) => readable(text),
        None => Err(Invalid::Type(format!(
            "Argument #1 ($servers) must be a list of strings, {} given",
            zend::type_name(server.dereference())
        ))),
    };
    list.values().map(text).collect()
}

fn separated(text: &str) -> Vec<String> {
    text.split(',').map(|server| server.trim().to_owned()).filter(|server| !server.is_empty()).collect()
}

fn readable(text: &[u8]) -> Result<String, Invalid> {
    let text = str::from_utf8(text).map_err(|_| Invalid::Value("Argument #1 ($servers) must be UTF-8".to_owned()))?;
    Ok(text.to_owned())
}

fn some(servers: Vec<String>) -> Result<Vec<String>, Invalid> {
    if servers.is_empty() {
        return Err(Invalid::Value("Argument #1 ($servers) must name at least one server".to_owned()));
    }
    Ok(servers)
}
