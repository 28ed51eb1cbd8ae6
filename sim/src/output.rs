//! Standard output and standard error.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _, stderr, stdout};
use std::process::ExitCode;

/// The status of a program that SIGPIPE has ended.
const BROKEN_PIPE: u8 = 128 + 13;

/// Prints to standard output. Gives `status`, or another one if that is not possible.
pub(crate) fn print(text: &str, status: ExitCode) -> ExitCode {
    let mut out = stdout().lock();
    match out.write_all(plain(text).as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => status,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::from(BROKEN_PIPE),
        Err(error) => {
            complain(&format!("standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints a message to standard error.
pub(crate) fn complain(reason: &str) {
    // Standard error may be closed.
    let _ = writeln!(stderr(), "poolcounter-sim: {}", plain(reason));
}

/// Without control characters: a file from elsewhere may have them in its names, and a terminal would obey them. They become escapes of JSON, as `\u001b`, so JSON stays JSON.
fn plain(text: &str) -> Cow<'_, str> {
    let obeyed = |letter: char| letter.is_control() && letter != '\n';
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if obeyed(letter) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}
