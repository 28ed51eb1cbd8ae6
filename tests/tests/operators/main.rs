//! What operators can do to a daemon that runs.

mod config;
mod drain;
mod holds;
mod scene;
