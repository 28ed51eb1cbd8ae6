//! Operating system functions for the other modules: the clock, the log, files, the limit of descriptors and the texts of errors.

pub(crate) mod clock;
pub(crate) mod descriptors;
pub(crate) mod file;
pub(crate) mod log;
pub(crate) mod orphans;
pub(crate) mod process;
pub(crate) mod reason;
pub(crate) mod recurring;
