//! Why a command did not do what was asked, and the exit status that says so.

use std::fmt::Display;

/// How the program ends. The numbers are those of sysexits(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All was done.
    Done = 0,
    /// A reason that has no number of its own.
    Failed = 1,
    /// The command line cannot be understood.
    Usage = 64,
    /// A server does not answer.
    NoAnswer = 69,
    /// Refused, or not done in time: a later try may succeed.
    TryLater = 75,
}

/// What is printed to standard error, and how the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, reason(&error))
    }
}

/// The system's words for an error, without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(words, _)| words.to_owned())
}
