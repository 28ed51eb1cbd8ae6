//! The query of an address: `name=value&name=value`.

use crate::Invalid;
use alloc::string::String;
use alloc::vec::Vec;

/// Its parts, still encoded; an empty value where there is no `=`.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = query.strip_prefix('?').unwrap_or(query);
    query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// The name and the text of each part, decoded, so that a bad part leaves the others readable.
///
/// ```
/// use poolcounter_sim::query::parts;
///
/// let parts: Vec<_> = parts("?readers=0%3A5&cores=%zz").collect();
/// assert_eq!(parts[0], Ok(("readers".into(), "0:5".into())));
/// assert!(parts[1].is_err());
/// ```
pub fn parts(query: &str) -> impl Iterator<Item = Result<(String, String), Invalid>> {
    pairs(query).map(|(name, text)| Ok((decoded(name)?, decoded(text)?)))
}

/// Takes back what a browser does to a colon or a comma.
fn decoded(text: &str) -> Result<String, Invalid> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match byte {
            b'%' => {
                let (pair, tail) = tail.split_at_checked(2).ok_or_else(|| broken(text))?;
                rest = tail;
                let digits = core::str::from_utf8(pair).map_err(|_| broken(text))?;
                u8::from_str_radix(digits, 16).map_err(|_| broken(text))?
            }
            b'+' => b' ',
            _ => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| broken(text))
}

fn broken(text: &str) -> Invalid {
    Invalid::new("address", alloc::format!("{text:?} is not well encoded"))
}
