use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter, Write};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};

/// What is encoded, beside all bytes that are not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'"').add(b'<').add(b'>').add(b'&').add(b'\\');

/// What stands where the middle of a text was left out.
const ELLIPSIS: char = '…';

/// A key in its text form: what it displays is the same in JSON, URLs, pages, logs and commands.
///
/// The key's bytes are percent-encoded except for printable ASCII. Of that `%`, `"`, `<`, `>`, `&`, the backslash and the space are encoded, too. So the text
/// needs no further quoting in any of these places.
///
/// ```
/// use poolcounter::key::KeyText;
///
/// let key = b"a <b>\xff";
/// let text = KeyText(key).to_string();
/// assert_eq!(text, "a%20%3Cb%3E%FF");
/// assert_eq!(KeyText::parse(&text), Ok(key.to_vec()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyText<'a>(
    /// The key's bytes.
    pub &'a [u8],
);

/// The text form of a key without its middle, from [`KeyText::shorten`].
#[derive(Clone, Copy, Debug)]
pub struct Shortened<'a> {
    key: &'a [u8],
    most: usize,
}

/// Why a text is not the text form of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyTextError {
    /// A `%` that two hexadecimal digits do not follow.
    #[error("at byte {at}: a % must be followed by two hexadecimal digits")]
    Escape {
        /// How many bytes of the text stand before it.
        at: usize,
    },
    /// A byte that has to be percent-encoded.
    #[error("at byte {at}: the byte must be written as %{byte:02X}")]
    Unencoded {
        /// How many bytes of the text stand before it.
        at: usize,
        /// The byte.
        byte: u8,
    },
}

impl KeyTextError {
    /// The same error in a longer text that has `before` more bytes at its beginning.
    pub(super) fn behind(self, before: usize) -> Self {
        match self {
            Self::Escape { at } => Self::Escape { at: before + at },
            Self::Unencoded { at, byte } => Self::Unencoded { at: before + at, byte },
        }
    }
}

impl<'a> KeyText<'a> {
    /// The bytes of the key whose text form is `text`. Hexadecimal digits may be of either case, and any byte may be percent-encoded.
    ///
    /// # Errors
    ///
    /// If the text is no such form; the error names the place.
    pub fn parse(text: &str) -> Result<Vec<u8>, KeyTextError> {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte == b'%' {
                let digits = bytes.get(at + 1..at + 3).unwrap_or_default();
                if digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(KeyTextError::Escape { at });
                }
                at += 3;
            } else if width(byte) > 1 {
                return Err(KeyTextError::Unencoded { at, byte });
            } else {
                at += 1;
            }
        }
        Ok(percent_decode(bytes).collect())
    }

    /// The text form for people: at most `most` characters, but never less than one. A longer one loses its middle, and `…` stands there. An escape such as
    /// `%20` is kept or left out as a whole.
    ///
    /// ```
    /// use poolcounter::key::KeyText;
    ///
    /// assert_eq!(KeyText(b"enwiki:pcache:7").shorten(15).to_string(), "enwiki:pcache:7");
    /// assert_eq!(KeyText(b"enwiki:pcache:7").shorten(9).to_string(), "enwi…he:7");
    /// ```
    #[must_use]
    pub fn shorten(self, most: usize) -> Shortened<'a> {
        Shortened { key: self.0, most }
    }
}

impl Display for KeyText<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        percent_encode(self.0, ENCODED).fmt(to)
    }
}

impl Display for Shortened<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Self { key, most } = *self;
        if key.iter().map(|&byte| width(byte)).sum::<usize>() <= most {
            return KeyText(key).fmt(to);
        }
        let room = most.saturating_sub(1);
        let (head, used) = fitting(key.iter(), room.div_ceil(2));
        let (tail, _) = fitting(key[head..].iter().rev(), room - used);
        KeyText(&key[..head]).fmt(to)?;
        to.write_char(ELLIPSIS)?;
        KeyText(&key[key.len() - tail..]).fmt(to)
    }
}

/// How many of these bytes fit into so many characters of the text form, and how many characters they take.
fn fitting<'a>(bytes: impl Iterator<Item = &'a u8>, room: usize) -> (usize, usize) {
    let (mut count, mut used) = (0, 0);
    for &byte in bytes {
        if used + width(byte) > room {
            break;
        }
        count += 1;
        used += width(byte);
    }
    (count, used)
}

/// How many characters a byte takes in the text form.
fn width(byte: u8) -> usize {
    let is_plain = byte.is_ascii_graphic() && !b"%\"<>&\\".contains(&byte);
    if is_plain { 1 } else { 3 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn every_byte_has_the_form_that_the_rule_gives_it() {
        for byte in 0..=u8::MAX {
            let text = KeyText(&[byte]).to_string();
            let plain = (0x21..=0x7e).contains(&byte) && !"%\"<>&\\".contains(char::from(byte));
            let expected = if plain { char::from(byte).to_string() } else { alloc::format!("%{byte:02X}") };
            assert_eq!(text, expected);
            assert_eq!(text.len(), width(byte), "{text}");
        }
    }

    #[test]
    fn what_is_no_text_form_is_named_with_its_place() {
        let refused = |text: &str| KeyText::parse(text).expect_err("no text form").to_string();
        assert_eq!(refused("ab%2"), "at byte 2: a % must be followed by two hexadecimal digits");
        assert_eq!(refused("%zz"), "at byte 0: a % must be followed by two hexadecimal digits");
        assert_eq!(refused("a%+1"), "at byte 1: a % must be followed by two hexadecimal digits");
        assert_eq!(refused("a b"), "at byte 1: the byte must be written as %20");
        assert_eq!(refused("%41é"), "at byte 3: the byte must be written as %C3");
        assert_eq!(KeyText::parse("%4a%4A"), Ok(b"JJ".to_vec()));
        assert_eq!(KeyText::parse(""), Ok(Vec::new()));
    }

    #[test]
    fn the_middle_is_left_out() {
        let shortened = |most| KeyText(b"0123456789").shorten(most).to_string();
        assert_eq!(shortened(10), "0123456789");
        assert_eq!(shortened(9), "0123…6789");
        assert_eq!(shortened(8), "0123…789");
        assert_eq!((shortened(2), shortened(1), shortened(0)), ("0…".into(), "…".into(), "…".into()));
        assert_eq!(KeyText(b"\xff\xff\xff").shorten(8).to_string(), "%FF…%FF");
        assert_eq!(KeyText(b"\xff\xff\xff").shorten(5).to_string(), "…%FF");
        assert_eq!(KeyText(b"\xff\xff\xff").shorten(3).to_string(), "…");
    }

    proptest! {
        #[test]
        fn the_text_form_leads_back_to_the_bytes(key in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(KeyText::parse(&KeyText(&key).to_string()), Ok(key));
        }

        #[test]
        fn a_shortened_text_is_made_of_the_beginning_and_the_end(key in prop::collection::vec(any::<u8>(), 0..60), most in 0..80_usize) {
            let (whole, short) = (KeyText(&key).to_string(), KeyText(&key).shorten(most).to_string());
            prop_assert!(short.chars().count() <= most.max(1) || short == whole);
            match short.split_once(ELLIPSIS) {
                None => prop_assert_eq!(short, whole),
                Some((head, tail)) => {
                    prop_assert!(whole.len() > most && whole.starts_with(head) && whole.ends_with(tail));
                    prop_assert!(KeyText::parse(head).is_ok() && KeyText::parse(tail).is_ok());
                }
            }
        }
    }
}
