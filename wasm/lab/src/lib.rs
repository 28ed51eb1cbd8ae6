//! The functions of the stampede lab for its page: they take texts and return JSON. All rules are in the simulation.
//!
//! | module | contents |
//! | --- | --- |
//! | `form` | the texts in the page's fields, and their comparison |
//! | `run` | a comparison that runs in slices |

mod form;
mod run;

pub use form::{catalogue, check, conf, open};
pub use run::Run;
