//! Bytes as text: printable ASCII is not changed, other bytes are escaped, long runs are counted.

use std::fmt::Write;

use anyhow::{Context, Result, bail, ensure};

/// A run of this many equal bytes is written as `{x*64}`.
const RUN: usize = 32;

/// Bytes in the form of a transcript.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        if run.len() >= RUN {
            let _ = write!(text, "{{{}*{}}}", escape(run[0]), run.len());
        } else {
            text.extend(run.iter().map(|&byte| escape(byte)));
        }
    }
    visible_ends(&text)
}

/// A space at either end would be lost in an editor.
fn visible_ends(text: &str) -> String {
    let text = text.strip_prefix(' ').map_or_else(|| text.to_owned(), |rest| format!("\\x20{rest}"));
    text.strip_suffix(' ').map_or_else(|| text.clone(), |rest| format!("{rest}\\x20"))
}

fn escape(byte: u8) -> String {
    match byte {
        b'\n' => "\\n".into(),
        b'\r' => "\\r".into(),
        b'\t' => "\\t".into(),
        0 => "\\0".into(),
        b'\\' => "\\\\".into(),
        b'{' | b'}' => format!("\\x{byte:02x}"),
        b' '..=b'~' => char::from(byte).into(),
        _ => format!("\\x{byte:02x}"),
    }
}

/// The bytes that a text means.
pub(crate) fn unescaped(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (byte, count, after) = match rest.strip_prefix('{') {
            Some(run) => repeated(run)?,
            None => unescape(rest).map(|(byte, after)| (byte, 1, after))?,
        };
        bytes.resize(bytes.len() + count, byte);
        rest = after;
    }
    Ok(bytes)
}

/// A run without its opening brace: the byte, its count, and the rest of the text.
fn repeated(run: &str) -> Result<(u8, usize, &str)> {
    let (byte, run) = unescape(run)?;
    let count = run.strip_prefix('*').and_then(|run| run.split_once('}'));
    let (count, after) = count.context("a run is {x*64}")?;
    Ok((byte, count.parse()?, after))
}

/// The first byte of a text, and the rest of the text.
fn unescape(text: &str) -> Result<(u8, &str)> {
    if let Some(digits) = text.strip_prefix("\\x") {
        let (digits, rest) = digits.split_at_checked(2).context("\\x takes two digits")?;
        return Ok((u8::from_str_radix(digits, 16)?, rest));
    }
    let (from, escape) = text.strip_prefix('\\').map_or((text, false), |rest| (rest, true));
    let (&first, _) = from.as_bytes().split_first().context("a text that ends in a backslash")?;
    let byte = match (escape, first) {
        (true, b'n') => b'\n',
        (true, b'r') => b'\r',
        (true, b't') => b'\t',
        (true, b'0') => 0,
        (true, b'\\') => b'\\',
        (true, _) => bail!("no such escape: \\{}", char::from(first)),
        (false, _) => first,
    };
    ensure!((b' '..=b'~').contains(&first), "every byte but printable ASCII is escaped");
    Ok((byte, &from[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend([b' '; 3]);
        assert_eq!(unescaped(&escaped(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn long_runs_are_counted() {
        let bytes = [b"ACQ4ME ".as_slice(), &[b'k'; 1000], &[0xff; 40], b"\n"].concat();
        assert_eq!(escaped(&bytes), r"ACQ4ME {k*1000}{\xff*40}\n");
        assert_eq!(unescaped(r"ACQ4ME {k*1000}{\xff*40}\n").unwrap(), bytes);
    }

    #[test]
    fn a_bad_escape_is_refused() {
        for text in [r"\q", r"\x1", r"\", "{x*", "{x*y}", "{", "tab\there", "é"] {
            assert!(unescaped(text).is_err(), "{text}");
        }
    }
}
