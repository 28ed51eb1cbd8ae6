use super::text::{KeyText, KeyTextError};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Which keys a rule is about.
///
/// It is matched from left to right without backtracking, so a match takes no longer than one look at each byte of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    start: Start,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Exactly these bytes.
    Literal(Box<[u8]>),
    /// Any bytes but a colon, up to the next one or the end.
    Field,
    /// Any bytes to the end.
    Rest,
    /// One or more decimal digits.
    Digits,
    /// This many hexadecimal digits, of either case.
    Hex(usize),
}

/// What is compared first: for most keys that do not match, one byte is enough to know this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// The first byte is this one.
    First(u8),
    /// The byte behind the first colon is this one.
    AfterColon(u8),
    Any,
}

/// How several patterns start. For most keys this is enough to know that no pattern matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Starts {
    first: ByteSet,
    after_colon: ByteSet,
    any: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ByteSet([u64; 4]);

impl Starts {
    pub(super) fn add(&mut self, pattern: &Pattern) {
        match pattern.start {
            Start::First(byte) => self.first.add(byte),
            Start::AfterColon(byte) => self.after_colon.add(byte),
            Start::Any => self.any = true,
        }
    }

    pub(super) fn may_match(&self, places: Places<'_>) -> bool {
        self.any
            || places.first.is_some_and(|byte| self.first.has(byte))
            || places.after_colon.is_some_and(|byte| self.after_colon.has(byte))
    }
}

impl ByteSet {
    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte / 64)] |= 1 << (byte % 64);
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte / 64)] & (1 << (byte % 64)) != 0
    }
}

/// The places of a key that [`Pattern::matches`] looks at first.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    key: &'a [u8],
    first: Option<u8>,
    after_colon: Option<u8>,
}

impl<'a> Places<'a> {
    pub(super) fn of(key: &'a [u8]) -> Self {
        let colon = key.iter().position(|&byte| byte == b':');
        Self { key, first: key.first().copied(), after_colon: colon.and_then(|colon| key.get(colon + 1).copied()) }
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// There is nothing in it.
    #[error("the pattern is empty")]
    Empty,
    /// A `*` in the middle of a field.
    #[error("a * must be followed by a colon, or be the end of the pattern")]
    Star,
    /// Something behind `{digits}` that would have to be told from a digit.
    #[error("{{digits}} must be followed by a colon, or be the end of the pattern")]
    Digits,
    /// A name in braces that has no meaning.
    #[error("{{{0}}} has no meaning; {{digits}} and {{hex:N}} with N from 1 to 1000 have one")]
    Unknown(String),
    /// A `{` without `}`, or the other way round.
    #[error("a brace has no counterpart; the braces of a key are written as %7B and %7D")]
    Brace,
    /// Something that is no text form of a key's bytes.
    #[error("{0}")]
    Text(#[from] KeyTextError),
}

impl Pattern {
    /// Reads a pattern: the text form of a key, in which `*`, `{digits}` and `{hex:N}` stand for something else.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let special = rest.find(['*', '{', '}']).unwrap_or(rest.len());
            let (literal, behind) = rest.split_at(special);
            if !literal.is_empty() {
                // Counted from the beginning of the whole pattern.
                let before = text.len() - rest.len();
                let bytes = KeyText::parse(literal).map_err(|error| error.behind(before))?;
                parts.push(Part::Literal(bytes.into()));
            }
            rest = behind;
            if let Some(behind) = rest.strip_prefix('*') {
                parts.push(if behind.is_empty() { Part::Rest } else { Part::Field });
                ends_field(behind).then_some(()).ok_or(PatternError::Star)?;
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix('{') {
                let (name, behind) = behind.split_once('}').ok_or(PatternError::Brace)?;
                let part = placeholder(name).ok_or_else(|| PatternError::Unknown(name.into()))?;
                let is_clear = part != Part::Digits || ends_field(behind);
                is_clear.then_some(()).ok_or(PatternError::Digits)?;
                parts.push(part);
                rest = behind;
            } else if !rest.is_empty() {
                return Err(PatternError::Brace);
            }
        }
        let start = match &parts[..] {
            [] => return Err(PatternError::Empty),
            [Part::Literal(bytes), ..] => Start::First(bytes[0]),
            [Part::Field, Part::Literal(bytes), ..] if bytes.len() > 1 => Start::AfterColon(bytes[1]),
            _ => Start::Any,
        };
        Ok(Self { parts, start })
    }

    pub(super) fn matches(&self, places: Places<'_>) -> bool {
        let may_match = match self.start {
            Start::First(byte) => places.first == Some(byte),
            Start::AfterColon(byte) => places.after_colon == Some(byte),
            Start::Any => true,
        };
        may_match && self.matches_whole(places.key)
    }

    fn matches_whole(&self, mut key: &[u8]) -> bool {
        for part in &self.parts {
            let behind = match part {
                Part::Literal(bytes) => key.strip_prefix(&**bytes),
                Part::Field => Some(&key[count(key, |byte| byte != b':')..]),
                Part::Rest => Some(&[][..]),
                Part::Digits => Some(count(key, |byte| byte.is_ascii_digit()))
                    .filter(|&digits| digits > 0)
                    .map(|digits| &key[digits..]),
                Part::Hex(digits) => key
                    .split_at_checked(*digits)
                    .filter(|(hex, _)| hex.iter().all(u8::is_ascii_hexdigit))
                    .map(|(_, behind)| behind),
            };
            let Some(behind) = behind else { return false };
            key = behind;
        }
        key.is_empty()
    }
}

/// How many bytes at the beginning are such.
fn count(bytes: &[u8], is_such: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !is_such(byte)).unwrap_or(bytes.len())
}

fn ends_field(behind: &str) -> bool {
    behind.is_empty() || behind.starts_with(':')
}

fn placeholder(name: &str) -> Option<Part> {
    if name == "digits" {
        return Some(Part::Digits);
    }
    let digits = name.strip_prefix("hex:").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let digits = digits.parse().ok()?;
    (1..=1_000).contains(&digits).then_some(Part::Hex(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn matches(pattern: &str, key: &[u8]) -> bool {
        Pattern::parse(pattern).expect("a pattern").matches(Places::of(key))
    }

    #[test]
    fn a_star_is_one_field_or_the_rest() {
        assert!(matches("*:pcache:*", b"enwiki:pcache:a:b"));
        assert!(matches("*:pcache:*", b":pcache:"));
        assert!(!matches("*:pcache:*", b"enwiki:a:pcache:b"));
        assert!(!matches("*:pcache:*", b"enwiki:pcache"));
        assert!(!matches("*:pcache", b"enwiki:pcache:"));
        assert!(matches("x-*:y", b"x-1:y") && !matches("x-*:y", b"x-1:2:y"));
        assert!(matches("*", b"any:thing") && matches("*", b""));
        assert!(matches("a:*", b"a:") && !matches("a:*", b"a") && !matches("a:*", b""));
        assert!(matches("*:", b"a:") && !matches("*:", b"a") && !matches("*::", b"a:"));
    }

    #[test]
    fn placeholders_are_digits() {
        assert!(matches("f-{digits}", b"f-007") && !matches("f-{digits}", b"f-") && !matches("f-{digits}", b"f-7a"));
        assert!(matches("{digits}:*", b"7:a"));
        assert!(
            matches("h-{hex:4}", b"h-09aF") && !matches("h-{hex:4}", b"h-09a") && !matches("h-{hex:4}", b"h-09aFf")
        );
        assert!(!matches("h-{hex:4}", b"h-09ag") && matches("{hex:2}x", b"00x"));
    }

    #[test]
    fn other_bytes_are_written_in_the_text_form() {
        assert!(matches("a%2A%7B%20", b"a*{ ") && matches("%C3%A9*", b"\xc3\xa9t\xc3\xa9"));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_reason() {
        let refused = |text: &str| Pattern::parse(text).expect_err("no pattern").to_string();
        assert_eq!(refused(""), "the pattern is empty");
        assert_eq!(refused("a*b"), "a * must be followed by a colon, or be the end of the pattern");
        assert_eq!(refused("**"), "a * must be followed by a colon, or be the end of the pattern");
        assert_eq!(refused("{digits}5"), "{digits} must be followed by a colon, or be the end of the pattern");
        let unknown = "{letters} has no meaning; {digits} and {hex:N} with N from 1 to 1000 have one";
        assert_eq!(refused("a{letters}"), unknown);
        assert_eq!(refused("{hex:0}"), unknown.replace("letters", "hex:0"));
        assert_eq!(refused("{hex:1001}"), unknown.replace("letters", "hex:1001"));
        let brace = "a brace has no counterpart; the braces of a key are written as %7B and %7D";
        assert_eq!((refused("a{digits"), refused("a}")), (brace.into(), brace.into()));
        assert_eq!(refused("*:a\"b"), "at byte 3: the byte must be written as %22");
        assert_eq!(refused("*:a%4"), "at byte 3: a % must be followed by two hexadecimal digits");
    }
}
