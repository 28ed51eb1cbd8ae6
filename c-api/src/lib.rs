//! The C library: core's client behind functions that begin with `pc_`.
//!
//! What a C programmer reads is `include/poolcounter.h`, which is made from these files, and the conventions in `README.md`.

#![allow(non_camel_case_types, reason = "exported types have their C names")]
#![allow(clippy::missing_safety_doc, reason = "README.md has the conventions that all functions share")]
#![allow(clippy::doc_markdown, reason = "these comments are those of the C header")]
#![allow(rustdoc::broken_intra_doc_links, reason = "and brackets in them are no links")]

// In the order of the header.
pub mod error;
pub mod values;

pub mod config;

pub mod ring;

pub mod locks;
pub mod request;

pub mod client;

pub mod event_loop;

pub mod call;

mod arguments;
mod boundary;
mod last_error;
mod sized;
mod unload;
