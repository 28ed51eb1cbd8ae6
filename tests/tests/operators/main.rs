//! What operators can do to a daemon that runs.

mod config;
mod holds;
mod scene;
