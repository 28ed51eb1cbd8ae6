//! What is answered, one file for each question.

pub(super) mod clients;
pub(super) mod drain;
pub(super) mod events;
pub(super) mod groups;
pub(super) mod history;
pub(super) mod key;
pub(super) mod keys;
pub(super) mod kick;
pub(super) mod metrics;
mod person;
pub(super) mod probes;
pub(super) mod recorded;
pub(super) mod recording;
pub(super) mod reload;
pub(super) mod status;
mod survey;

use poolcounter::Timestamp;
use poolcounter::table::ClaimView;

/// When a hold or a wait began.
fn since(claim: &ClaimView<'_>) -> Timestamp {
    claim.granted.unwrap_or(claim.requested)
}
