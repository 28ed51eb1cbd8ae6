//! What the rest of the daemon needs of the operating system: the clock, the log, the limit of descriptors and the texts of errors.

pub(crate) mod clock;
pub(crate) mod descriptors;
pub(crate) mod log;
pub(crate) mod reason;
pub(crate) mod recurring;
