//! What operators can do to a daemon that runs.

mod holds;
mod scene;
