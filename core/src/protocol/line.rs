use alloc::vec::Vec;
use core::mem;

/// The longest line, in bytes, its LF included.
pub const MAX_LINE: usize = 1024;

/// One line without its end, or a mark that the line was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a>(
    /// Without an LF, and shorter than [`MAX_LINE`]. `None` if it was too long.
    Option<&'a [u8]>,
);

impl<'a> Line<'a> {
    /// A line of more than [`MAX_LINE`] bytes. It is reported once, and the rest is skipped up to its LF.
    pub const TOO_LONG: Self = Self(None);

    /// The line that `bytes` begin with: those before the first LF, or all of them if there is none; less one CR at the end.
    #[must_use]
    pub fn of(mut bytes: &'a [u8]) -> Self {
        let all = bytes;
        finish(take_line(&mut bytes).unwrap_or(all))
    }

    /// Its bytes without its end; `None` if it was too long.
    #[must_use]
    pub const fn bytes(self) -> Option<&'a [u8]> {
        self.0
    }
}

/// Makes lines of the bytes of one connection: joins pieces of a line, and splits several lines that arrive at once.
///
/// It owns memory only while an unfinished line is pending.
#[derive(Debug, Default)]
pub struct LineBuffer {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    /// The beginning of a line; its LF is still to come.
    Half(Vec<u8>),
    /// A joined line that the caller is using; the next call removes it.
    Joined(Vec<u8>),
    /// A line was too long: everything up to its LF is dropped.
    Skipping,
}

impl LineBuffer {
    /// An empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Empty }
    }

    /// Takes the next line off the front of `input`. `None` once `input` is used up; the bytes of an unfinished line are kept.
    pub fn next_line<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8]) -> Option<Line<'a>> {
        if matches!(self.state, State::Joined(_)) {
            self.state = State::Empty;
        }
        if matches!(self.state, State::Skipping) {
            take_line(input)?;
            self.state = State::Empty;
        }
        let rest = *input;
        match (take_line(input), mem::take(&mut self.state)) {
            (Some(line), State::Half(half)) => Some(self.join(half, line)),
            (Some(line), _) => Some(finish(line)),
            (None, state) => self.keep(state, rest),
        }
    }

    /// The bytes of the unfinished line, for handing a connection over to another process. `None` while an over-long line is being skipped.
    #[must_use]
    pub fn pending(&self) -> Option<&[u8]> {
        match &self.state {
            State::Half(half) => Some(half),
            State::Empty | State::Joined(_) => Some(&[]),
            State::Skipping => None,
        }
    }

    /// A buffer in the state that [`pending`](Self::pending) gave. `None` if these bytes cannot be an unfinished line.
    #[must_use]
    pub fn resume(pending: Option<&[u8]>) -> Option<Self> {
        let state = match pending {
            None => State::Skipping,
            Some([]) => State::Empty,
            Some(half) if half.len() < MAX_LINE && !half.contains(&b'\n') => State::Half(half.to_vec()),
            Some(_) => return None,
        };
        Some(Self { state })
    }

    fn join<'a>(&'a mut self, mut half: Vec<u8>, line: &[u8]) -> Line<'a> {
        if half.len() + line.len() >= MAX_LINE {
            return Line::TOO_LONG;
        }
        half.extend_from_slice(line);
        self.state = State::Joined(half);
        let State::Joined(line) = &self.state else { unreachable!("it was set just now") };
        finish(line)
    }

    fn keep(&mut self, state: State, rest: &[u8]) -> Option<Line<'static>> {
        let mut half = match state {
            State::Half(half) => half,
            _ => Vec::new(),
        };
        if half.len() + rest.len() >= MAX_LINE {
            self.state = State::Skipping;
            return Some(Line::TOO_LONG);
        }
        half.extend_from_slice(rest);
        if !half.is_empty() {
            self.state = State::Half(half);
        }
        None
    }
}

/// Takes everything up to the first LF, which is dropped. Without an LF, all of `input` is used up.
fn take_line<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
        *input = &[];
        return None;
    };
    let line = &input[..end];
    *input = &input[end + 1..];
    Some(line)
}

fn finish(line: &[u8]) -> Line<'_> {
    if line.len() >= MAX_LINE {
        return Line::TOO_LONG;
    }
    Line(Some(line.strip_suffix(b"\r").unwrap_or(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    /// The lines of some bytes, for any cut into pieces.
    fn lines<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<Vec<u8>>> {
        let mut buffer = LineBuffer::new();
        let mut seen = Vec::new();
        for mut read in reads {
            while let Some(line) = buffer.next_line(&mut read) {
                seen.push(line.bytes().map(<[u8]>::to_vec));
            }
        }
        seen
    }

    #[test]
    fn a_line_may_fill_1024_bytes_and_no_more() {
        let fits = [vec![b'x'; MAX_LINE - 1], b"\n".to_vec()].concat();
        assert_eq!(lines([&fits[..]]), [Some(vec![b'x'; MAX_LINE - 1])]);
        let over = [vec![b'x'; MAX_LINE], b"\nnext\n".to_vec()].concat();
        assert_eq!(lines([&over[..]]), [None, Some(b"next".to_vec())]);
    }

    #[test]
    fn a_line_ends_at_its_first_end() {
        let longest = [&[b'x'; MAX_LINE - 1][..], b"\n"].concat();
        assert_eq!(Line::of(&longest).bytes(), Some(&longest[..MAX_LINE - 1]));
        assert_eq!(Line::of(&[b'x'; MAX_LINE]), Line::TOO_LONG);
        assert_eq!([&b"a\r\nb"[..], b"a\nb\n", b"a\r", b"a"].map(Line::of), [Line::of(b"a"); 4]);
        assert_eq!((Line::of(b"\n").bytes(), Line::of(b"").bytes()), (Some(&b""[..]), Some(&b""[..])));
    }

    #[test]
    fn an_endless_line_is_reported_once_and_keeps_nothing() {
        let mut buffer = LineBuffer::new();
        let chunk = [b'x'; 4096];
        let mut reports = 0;
        for _ in 0..2_560 {
            let mut read = &chunk[..];
            while buffer.next_line(&mut read).is_some() {
                reports += 1;
            }
        }
        assert_eq!(reports, 1);
        assert!(buffer.pending().is_none());
        let mut read: &[u8] = b"end\nRELEASE\n";
        assert_eq!(buffer.next_line(&mut read), Some(Line::of(b"RELEASE")));
    }

    #[test]
    fn what_is_no_unfinished_line_cannot_be_resumed() {
        assert!(LineBuffer::resume(Some(b"RELEASE\nSTATS")).is_none());
        assert!(LineBuffer::resume(Some(&[b'x'; MAX_LINE])).is_none());
        assert!(LineBuffer::resume(Some(&[b'x'; MAX_LINE - 1])).is_some());
    }

    #[test]
    fn one_carriage_return_is_dropped() {
        assert_eq!(lines([&b"a\r\nb\r\r\n\r\n\n"[..]]), [&b"a"[..], b"b\r", b"", b""].map(|line| Some(line.to_vec())));
        assert_eq!(lines([&b"a\r"[..], b"\n"]), [Some(b"a".to_vec())]);
    }

    proptest! {
        #[test]
        fn where_the_cuts_fall_does_not_matter(
            bytes in prop::collection::vec(prop_oneof![3 => Just(b'x'), 1 => Just(b'\n'), 1 => Just(b'\r')], 0..4_000),
            long in 0..2_000_usize,
            cut in 1..700_usize,
        ) {
            let bytes = [vec![b'y'; long], bytes].concat();
            prop_assert_eq!(lines([&bytes[..]]), lines(bytes.chunks(cut)));
        }

        #[test]
        fn a_buffer_goes_on_where_another_stopped(bytes in prop::collection::vec(prop_oneof![9 => Just(b'x'), 1 => Just(b'\n')], 0..3_000), cut in 0..3_000_usize) {
            let (before, after) = bytes.split_at(cut.min(bytes.len()));
            let mut buffer = LineBuffer::new();
            let mut read = before;
            while buffer.next_line(&mut read).is_some() {}
            let mut resumed = LineBuffer::resume(buffer.pending()).expect("an unfinished line");
            let (mut one, mut other) = (after, after);
            loop {
                let line = buffer.next_line(&mut one);
                prop_assert_eq!(line, resumed.next_line(&mut other));
                if line.is_none() {
                    break;
                }
            }
        }
    }
}
