//! The functions of the stampede lab for its page: they take texts and return JSON. All rules are in the simulation.
//!
//! | module | contents |
//! | --- | --- |
//! | `form` | the texts in the page's fields, and their comparison |
//! | `run` | a comparison that runs in slices |
//! | `recordings` | recordings of real servers, and their replay in slices |

mod form;
mod recordings;
mod run;

pub use form::{catalogue, check, conf, open};
pub use recordings::{Recordings, change_conf, check_change};
pub use run::Run;

/// Serialises numbers, words and lists, which cannot fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
