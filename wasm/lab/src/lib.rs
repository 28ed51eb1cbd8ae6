//! The stampede lab, as its page calls it: texts in, JSON out. Every rule is the simulation's.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `form` | the texts in the page's fields, and the comparison that they stand for |
//! | `run` | a comparison that is played in slices |

mod form;
mod run;

pub use form::{catalogue, check, open};
pub use run::Run;
