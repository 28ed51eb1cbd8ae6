//! What is answered, one file for each question.

pub(super) mod clients;
pub(super) mod probes;
pub(super) mod status;
