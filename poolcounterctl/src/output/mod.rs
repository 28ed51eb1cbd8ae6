//! How answers are shown to people and to scripts.

mod age;
mod plain;
mod quantile;
mod shortened;
mod size;
mod table;

pub(crate) use age::{age, age_or_dash};
pub(crate) use plain::plain;
pub(crate) use quantile::quantile;
pub(crate) use shortened::shortened;
pub(crate) use size::size;
pub(crate) use table::{Column, Table};

use crate::failure::Failure;
use serde_json::Value;
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};

/// Prints lines to standard output, in plain text. JSON stays JSON: control characters stand in its texts only, where they are escaped in the same way.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let lines: Vec<String> = text.split('\n').map(plain).collect();
    print_exactly(&lines.join("\n"))
}

/// Prints what comes from this program alone. If its reader has closed standard output, the program ends with the status of one that SIGPIPE has ended.
pub(crate) fn print_exactly(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(128 + 13),
        result => Ok(result?),
    }
}

/// Prints JSON on a line of its own.
pub(crate) fn print_json(value: &Value) -> Result<(), Failure> {
    print(&format!("{value}\n"))
}

/// Prints a message to standard error.
pub(crate) fn complain(message: impl Display) {
    // There is nobody to tell if that fails.
    let _ = writeln!(std::io::stderr().lock(), "poolcounterctl: {}", plain(&message.to_string()));
}

/// The columns of the terminal that standard output is; none if it is no terminal.
pub(crate) fn terminal_width() -> Option<usize> {
    let out = std::io::stdout();
    let size = out.is_terminal().then(|| rustix::termios::tcgetwinsize(out).ok()).flatten()?;
    // Some terminals do not know theirs.
    Some(if size.ws_col == 0 { 80 } else { size.ws_col.into() })
}

pub(crate) fn or_dash<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
