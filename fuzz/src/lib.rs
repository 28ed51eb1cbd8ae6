//! What must be true whatever the bytes: the bodies of the fuzz targets.
//!
//! Each module has a function `check`, which reads a scene out of any bytes, plays it, and panics if something is wrong. The fuzzer calls it with bytes
//! of its own invention (`libfuzzer/`), and a plain test with those that are kept (`corpus/`, `found/`).

#![allow(clippy::missing_panics_doc, clippy::expect_used, reason = "a panic is what a target has to say")]

pub mod c_api;
pub mod conversation;
pub mod hand_over;
mod input;
pub mod keys;
mod life;
pub mod lines;
pub mod snapshot;
pub mod table;

/// A target: what it checks.
pub type Check = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Check); 7] = [
    ("lines", lines::check),
    ("keys", keys::check),
    ("table", table::check),
    ("snapshot", snapshot::check),
    ("hand_over", hand_over::check),
    ("conversation", conversation::check),
    ("c_api", c_api::check),
];
