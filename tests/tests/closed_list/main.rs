//! The closed list of `docs/compatibility.md`, one test a row: the reference's fault, and ours without it.
//!
//! Not here: the hash table, whose fault takes 98,304 keys at once; `core/tests/memory.rs` holds 150,000.

mod clock;
mod connections;
mod descriptors;
mod lines;
mod start;
