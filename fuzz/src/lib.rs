//! The bodies of the fuzz targets: conditions that must be true for any bytes.
//!
//! Each module has a function `check`, which reads a test from any bytes, runs it, and panics if something is wrong. The fuzzer calls it with generated
//! bytes (`libfuzzer/`), and a plain test with the kept files (`corpus/`, `found/`).

#![allow(clippy::missing_panics_doc, clippy::expect_used, reason = "a panic is what a target has to say")]

pub mod admin;
pub mod c_api;
pub mod conversation;
pub mod hand_over;
mod input;
pub mod keys;
mod life;
pub mod lines;
pub mod recording;
pub mod snapshot;
pub mod table;

/// The function of a target.
pub type Check = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Check); 9] = [
    ("lines", lines::check),
    ("keys", keys::check),
    ("table", table::check),
    ("snapshot", snapshot::check),
    ("recording", recording::check),
    ("hand_over", hand_over::check),
    ("conversation", conversation::check),
    ("admin", admin::check),
    ("c_api", c_api::check),
];
