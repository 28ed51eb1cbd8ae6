//! Lines and commands do not depend on how the bytes are cut.

use crate::input::Input;
use poolcounter::protocol::{Acquire, Command, Line, LineBuffer, MAX_LINE, Mode};

/// After this number of bytes, no more runs are added.
const MAX_LENGTH_WITH_RUNS: usize = 4_000;

/// The input: a number of cuts; the length of the piece before each; and the sent bytes, in which 255 and `n` mean a run of 5 `n` letters.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let cuts = input.below(32);
    let pieces: Vec<usize> = (0..cuts).map(|_| usize::from(input.byte())).collect();
    let sent = with_runs(input.rest());

    let (lines, unfinished) = lines_of(&sent);
    for line in lines.iter().flatten() {
        // One CR before the end belongs to the end.
        let end = if line.ends_with(b"\r") { &b"\r\n"[..] } else { b"\n" };
        assert_eq!(Command::parse(Line::of(&[line, end].concat())), command_of(line), "{line:?}");
    }
    assert_eq!(Command::parse(Line::TOO_LONG), Command::TooLong);

    // All at once, and in pieces; in one buffer, and in a buffer that is handed over after each piece.
    for pieces in [&[][..], &pieces] {
        for handed_over in [false, true] {
            let (seen, buffer) = read(&sent, pieces, handed_over);
            assert_eq!(seen, lines);
            assert_eq!(buffer.pending(), unfinished.as_deref());
        }
    }
}

fn with_runs(bytes: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    let mut bytes = bytes.iter();
    while let Some(&byte) = bytes.next() {
        match (byte, bytes.as_slice()) {
            (255, [length, ..]) if sent.len() < MAX_LENGTH_WITH_RUNS => {
                sent.resize(sent.len() + 5 * usize::from(*length), b'x');
                bytes.next();
            }
            _ => sent.push(byte),
        }
    }
    sent
}

/// Handles the bytes like the daemon.
fn read(mut sent: &[u8], pieces: &[usize], handed_over: bool) -> (Vec<Option<Vec<u8>>>, LineBuffer) {
    let mut buffer = LineBuffer::new();
    let mut seen = Vec::new();
    for piece in pieces.iter().copied().chain([usize::MAX]) {
        let (mut piece, rest) = sent.split_at(piece.min(sent.len()));
        sent = rest;
        while let Some(line) = buffer.next_line(&mut piece) {
            seen.push(line.bytes().map(<[u8]>::to_vec));
        }
        assert!(piece.is_empty());
        assert!(buffer.pending().is_none_or(|half| half.len() < MAX_LINE));
        if handed_over {
            buffer = LineBuffer::resume(buffer.pending()).expect("pending bytes are a valid unfinished line");
        }
    }
    (seen, buffer)
}

/// The lines of `sent`, `None` for one that is too long; and what is left without an end, `None` while it is skipped.
fn lines_of(sent: &[u8]) -> (Vec<Option<Vec<u8>>>, Option<Vec<u8>>) {
    let mut all: Vec<Vec<u8>> = sent.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let mut unfinished = all.pop();
    let mut lines = Vec::new();
    for mut line in all {
        if line.len() + 1 > 1024 {
            lines.push(None);
        } else {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            lines.push(Some(line));
        }
    }
    if unfinished.as_ref().is_some_and(|half| half.len() + 1 > 1024) {
        lines.push(None);
        unfinished = None;
    }
    (lines, unfinished)
}

/// The command of a line, by the documentation of the protocol.
fn command_of(line: &[u8]) -> Command<'_> {
    let line = match line.iter().position(|&byte| byte == 0) {
        Some(end) => &line[..end],
        None => line,
    };
    let begins_with = |word: &[u8]| line.len() >= word.len() && &line[..word.len()] == word;
    if begins_with(b"ACQ4ME ") {
        acquire_of(Mode::ForMe, &line[7..])
    } else if begins_with(b"ACQ4ANY ") {
        acquire_of(Mode::ForAnyone, &line[8..])
    } else if begins_with(b"RELEASE") {
        Command::Release
    } else if begins_with(b"STATS ") {
        Command::Stats(&line[6..])
    } else {
        Command::Unknown
    }
}

fn acquire_of(mode: Mode, mut rest: &[u8]) -> Command<'_> {
    let mut fields: [&[u8]; 4] = [b""; 4];
    for field in &mut fields {
        while rest.first() == Some(&b' ') {
            rest = &rest[1..];
        }
        let end = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
        (*field, rest) = rest.split_at(end);
    }
    let [key, workers, maxqueue, timeout] = fields;
    let [workers, maxqueue, timeout] = [workers, maxqueue, timeout].map(number_of);
    Command::Acquire(Acquire::new(mode, key, workers, maxqueue, timeout).expect("a line has this key"))
}

fn number_of(field: &[u8]) -> u32 {
    let mut value = 0_u64;
    for byte in field {
        if !byte.is_ascii_digit() {
            return 0;
        }
        value = (value * 10 + u64::from(byte - b'0')) % (1 << 32);
    }
    u32::try_from(value).expect("it is smaller")
}
