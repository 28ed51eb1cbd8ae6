//! Parts of a story's lines.

use std::fmt::Write;

use anyhow::{Context, Result, bail, ensure};

use crate::transcript::unescaped;

/// The line to the player for `anyone "page 1" 1 10 5` and other calls.
pub(crate) fn call(text: &str, servers: &[String]) -> Result<String> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    match (verb, rest) {
        ("release" | "abandon" | "close", "") => Ok(verb.to_owned()),
        ("anyone" | "me", request) => {
            let (key, numbers) = quoted(request)?;
            let numeric = numbers.split(' ').all(|number| number.parse::<u32>().is_ok());
            ensure!(numeric && numbers.split(' ').count() == 3, "an acquire is KEY WORKERS MAXQUEUE TIMEOUT");
            Ok(format!("acquire {verb} {numbers} {}", hex(&key)))
        }
        ("stats", question) => {
            let (server, name) = question.split_once(' ').context("a question is SERVER NAME")?;
            let index = servers.iter().position(|known| known == server).context("no such server")?;
            Ok(format!("stats {index} {name}"))
        }
        _ => bail!("a client is asked for anyone, me, release, abandon, stats or close"),
    }
}

/// The bytes between the first quote and the last, and the text after them.
pub(super) fn quoted(text: &str) -> Result<(Vec<u8>, &str)> {
    let parts = text.strip_prefix('"').and_then(|rest| rest.rsplit_once("\" "));
    let (key, rest) = parts.context("a key stands in quotes, and something follows it")?;
    Ok((unescaped(key)?, rest))
}

/// A connection's name consists of small letters.
pub(super) fn name_and_rest(line: &str) -> Result<(String, &str)> {
    let end = line.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    ensure!(!name.is_empty(), "this is no line of a story");
    Ok((name.to_owned(), rest))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
