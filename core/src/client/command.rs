use super::BadKey;
use crate::protocol::{MAX_LINE, Mode};
use crate::time::micros;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

/// What an acquire asks for.
///
/// ```
/// use poolcounter::client::Request;
///
/// let request = Request::new(b"page:1").workers(2).timeout_seconds(5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Request<'a> {
    mode: Mode,
    pub(super) key: &'a [u8],
    workers: u32,
    maxqueue: u32,
    pub(super) timeout_seconds: u32,
    /// In microseconds.
    pub(super) answer_timeout: Option<u64>,
}

impl<'a> Request<'a> {
    /// For this raw key; its spaces are encoded when it is sent.
    pub const fn new(key: &'a [u8]) -> Self {
        Self { mode: Mode::ForAnyone, key, workers: 1, maxqueue: 100, timeout_seconds: 15, answer_timeout: None }
    }

    /// Who may use the result.
    ///
    /// Default: [`Mode::ForAnyone`]
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How many may hold the key at once.
    ///
    /// Default: 1
    pub const fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// How many may hold the key or wait for it.
    ///
    /// Default: 100
    pub const fn maxqueue(mut self, maxqueue: u32) -> Self {
        self.maxqueue = maxqueue;
        self
    }

    /// How many seconds to wait for the lock. With 0 the server answers at once.
    ///
    /// Default: 15
    pub const fn timeout_seconds(mut self, seconds: u32) -> Self {
        self.timeout_seconds = seconds;
        self
    }

    /// How long to wait for the answer, rounded up to microseconds, a year at most. It is never less than
    /// [`Settings::min_answer_timeout`](super::Settings::min_answer_timeout). With [`timeout_seconds`](Self::timeout_seconds) 0 it can only shorten the wait.
    ///
    /// Default: 1.5 times `timeout_seconds`
    pub const fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer_timeout = Some(micros(timeout));
        self
    }
}

impl Request<'_> {
    /// The bytes on the wire: fields joined by single spaces, a space within the key as `%20`, as MediaWiki's client has it, and a line feed.
    ///
    /// # Errors
    ///
    /// Why the key cannot be sent.
    pub fn encode(&self) -> Result<Vec<u8>, BadKey> {
        BadKey::check(self.key)?;
        let mut line = Vec::with_capacity(self.key.len() + 48);
        line.extend_from_slice(match self.mode {
            Mode::ForMe => b"ACQ4ME ",
            Mode::ForAnyone => b"ACQ4ANY ",
        });
        for byte in self.key {
            match byte {
                b' ' => line.extend_from_slice(b"%20"),
                byte => line.push(*byte),
            }
        }
        for number in [self.workers, self.maxqueue, self.timeout_seconds] {
            line.push(b' ');
            line.extend_from_slice(number.to_string().as_bytes());
        }
        line.push(b'\n');
        if line.len() > MAX_LINE { Err(BadKey::TooLong(line.len())) } else { Ok(line) }
    }
}

/// The bytes of a question for a statistic.
pub(super) fn statistics(name: &str) -> Result<Vec<u8>, BadKey> {
    BadKey::check(name.as_bytes())?;
    let line = [b"STATS ", name.as_bytes(), b"\n"].concat();
    if line.len() > MAX_LINE { Err(BadKey::TooLong(line.len())) } else { Ok(line) }
}

impl BadKey {
    /// Whether a command can have this key. How long a key may be depends on the rest of its command: that is not checked here.
    ///
    /// # Errors
    ///
    /// Why no command can have it.
    pub fn check(key: &[u8]) -> Result<(), Self> {
        if key.is_empty() {
            return Err(Self::Empty);
        }
        match key.iter().find(|byte| [b'\0', b'\n', b'\r'].contains(byte)) {
            Some(b'\0') => Err(Self::Nul),
            Some(b'\n') => Err(Self::LineFeed),
            Some(_) => Err(Self::CarriageReturn),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn encode(key: &[u8]) -> Result<Vec<u8>, BadKey> {
        Request::new(key).workers(2).encode()
    }

    #[test]
    fn only_the_space_is_encoded() {
        let line = encode(b"wiki:a b%\xc3\xbc").expect("a good key");
        assert_eq!(line, b"ACQ4ANY wiki:a%20b%\xc3\xbc 2 100 15\n");
    }

    #[test]
    fn what_would_forge_a_command_is_refused() {
        let cases: [(&[u8], BadKey); 4] = [
            (b"", BadKey::Empty),
            (b"a\0", BadKey::Nul),
            (b"a\nRELEASE", BadKey::LineFeed),
            (b"a\r", BadKey::CarriageReturn),
        ];
        for (key, refusal) in cases {
            assert_eq!(encode(key), Err(refusal));
        }
    }

    #[test]
    fn a_line_may_be_full_and_no_longer() {
        let frame = encode(b"k").expect("a short key").len() - 1;
        assert_eq!(encode(&vec![b'k'; MAX_LINE - frame]).map(|line| line.len()), Ok(MAX_LINE));
        assert_eq!(encode(&vec![b'k'; MAX_LINE - frame + 1]), Err(BadKey::TooLong(MAX_LINE + 1)));
    }
}
