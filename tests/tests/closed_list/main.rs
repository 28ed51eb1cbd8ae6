//! The closed list of differences in `docs/compatibility.md`, with one test for each row: the reference has the fault, our daemon does not.
//!
//! Not here: the hash table, whose fault takes 98,304 keys at once; `core/tests/memory.rs` holds 150,000.

mod clock;
mod connections;
mod descriptors;
mod lines;
mod start;
