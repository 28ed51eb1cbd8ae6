//! The state that a hand-over saves, and its format. `docs/hand-over.md` describes the format.

mod format;
mod parts;

pub(crate) use format::{MAGIC, State, StateError, write};
pub(crate) use parts::{
    ResumedClient, SavedActs, SavedAdmin, SavedAnswers, SavedClient, SavedDisconnects, SavedDrain, SavedListener,
    SavedSerials, SavedUpgrades, UnfinishedLine,
};
