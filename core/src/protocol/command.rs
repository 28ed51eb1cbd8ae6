use super::{Line, MAX_LINE};
use serde::{Deserialize, Serialize};

/// The command of one line. It borrows from the line; nothing is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// `ACQ4ME` or `ACQ4ANY`.
    Acquire(Acquire<'a>),
    /// `RELEASE`; the rest of the line is ignored.
    Release,
    /// `STATS ` and the bytes behind the space.
    Stats(&'a [u8]),
    /// Any other line, the empty one too.
    Unknown,
    /// A line longer than [`MAX_LINE`](super::MAX_LINE).
    TooLong,
}

/// The fields of an acquire. The table checks whether there is a key and whether the numbers can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acquire<'a> {
    /// Who may use the result.
    pub mode: Mode,
    /// Empty, or a key for which [`is_key`] is true.
    pub(crate) key: &'a [u8],
    /// How many may hold the key at once; 0 if missing or malformed.
    pub workers: u32,
    /// How many may hold the key or wait for it; 0 if missing or malformed.
    pub maxqueue: u32,
    /// How many seconds to wait at most; 0 if missing or malformed.
    pub timeout: u32,
}

/// Whether a client must do the work itself, or can use the result of another client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// `ACQ4ME`: the client waits for the lock.
    ForMe,
    /// `ACQ4ANY`: the client waits for the lock, or until another client has released the key.
    ForAnyone,
}

impl<'a> Command<'a> {
    /// Reads a line like the reference: by prefix, in this order, case-sensitive. A line ends at its first NUL.
    #[must_use]
    pub fn parse(line: Line<'a>) -> Self {
        let Some(line) = line.bytes() else {
            return Self::TooLong;
        };
        let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
        if let Some(fields) = line.strip_prefix(b"ACQ4ME ") {
            Self::Acquire(Acquire::parse(Mode::ForMe, fields))
        } else if let Some(fields) = line.strip_prefix(b"ACQ4ANY ") {
            Self::Acquire(Acquire::parse(Mode::ForAnyone, fields))
        } else if line.starts_with(b"RELEASE") {
            Self::Release
        } else if let Some(name) = line.strip_prefix(b"STATS ") {
            Self::Stats(name)
        } else {
            Self::Unknown
        }
    }
}

impl<'a> Acquire<'a> {
    /// An acquire of these fields, as they stand in a line. `None` if no line can have this key: if it is longer than a line, or has a space, an LF or a NUL.
    /// With an empty one, there is no key in the line.
    #[must_use]
    pub fn new(mode: Mode, key: &'a [u8], workers: u32, maxqueue: u32, timeout: u32) -> Option<Self> {
        (key.is_empty() || is_key(key)).then_some(Self { mode, key, workers, maxqueue, timeout })
    }

    /// The key's bytes; empty if the line has none.
    #[must_use]
    pub const fn key(&self) -> &'a [u8] {
        self.key
    }

    fn parse(mode: Mode, fields: &'a [u8]) -> Self {
        let mut fields = fields.split(|&byte| byte == b' ').filter(|field| !field.is_empty());
        Self {
            mode,
            key: fields.next().unwrap_or_default(),
            workers: number(fields.next()),
            maxqueue: number(fields.next()),
            timeout: number(fields.next()),
        }
    }
}

/// Whether a command can name this key.
pub(crate) fn is_key(key: &[u8]) -> bool {
    (1..MAX_LINE).contains(&key.len()) && !key.iter().any(|byte| b"\0\n ".contains(byte))
}

/// Decimal digits, modulo 2^32; any other text counts as 0.
fn number(field: Option<&[u8]>) -> u32 {
    let digits = field.unwrap_or_default();
    if !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    digits.iter().fold(0, |value: u32, digit| value.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[u8]) -> Command<'_> {
        Command::parse(Line::of(line))
    }

    #[test]
    fn fields_are_separated_by_spaces_alone() {
        let Command::Acquire(acquire) = parse(b"ACQ4ME   a\tb  2   3 4 5") else {
            panic!("not an acquire");
        };
        assert_eq!(acquire.key, b"a\tb");
        assert_eq!((acquire.workers, acquire.maxqueue, acquire.timeout), (2, 3, 4));
    }

    /// Whatever an acquire asks for, it can be written down and read back.
    #[test]
    fn a_key_is_one_that_a_line_can_hold() {
        let is_acquire = |key: &[u8]| Acquire::new(Mode::ForMe, key, 1, 1, 1).is_some();
        assert!(is_acquire(b"") && is_acquire(b"a\t\r\xff") && is_acquire(&[b'x'; MAX_LINE - 1]));
        assert!(![&b"a b"[..], b"a\n", b"\0", &[b'x'; MAX_LINE]].into_iter().any(is_acquire));
        assert_eq!(Command::parse(Line::of(&[b"ACQ4ME ", &[b'x'; MAX_LINE][..]].concat())), Command::TooLong);
        let Command::Acquire(acquire) = parse(b"ACQ4ME a\nb 1 1 1") else { panic!("not an acquire") };
        assert_eq!((acquire.key(), acquire.workers), (&b"a"[..], 0));
    }

    #[test]
    fn numbers_are_digits_modulo_two_to_the_32() {
        let cases: [(&[u8], u32); 8] = [
            (b"10", 10),
            (b"007", 7),
            (b"-1", 0),
            (b"1.5", 0),
            (b"4294967295", u32::MAX),
            (b"4294967297", 1),
            (b"18446744073709551617", 1),
            (b"", 0),
        ];
        for (digits, value) in cases {
            assert_eq!(number(Some(digits)), value, "{digits:?}");
        }
        assert_eq!(number(None), 0);
    }

    #[test]
    fn prefixes_decide() {
        assert_eq!(parse(b"RELEASEXYZ"), Command::Release);
        assert_eq!(parse(b"release"), Command::Unknown);
        assert_eq!(parse(b"STATS"), Command::Unknown);
        assert_eq!(parse(b"STATS "), Command::Stats(b""));
        assert_eq!(parse(b"ACQ4ME"), Command::Unknown);
        assert_eq!(parse(b"\0RELEASE"), Command::Unknown);
        assert_eq!(parse(b"STATS x\0y"), Command::Stats(b"x"));
        assert_eq!(Command::parse(Line::TOO_LONG), Command::TooLong);
    }
}
