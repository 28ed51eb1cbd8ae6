//! Why a scenario cannot be played.

use alloc::string::String;

/// What is wrong, and in which field.
///
/// ```
/// use poolcounter_sim::Comparison;
///
/// let error = Comparison::from_query("cores=0").unwrap_err();
/// assert_eq!(error.to_string(), "cores: must be from 1 to 1024, not 0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The field's name, as in JSON and in an address; `a.workers` is one of the first setting.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }

    /// The same fault, seen from outside of `outer`.
    pub(crate) fn within(self, outer: &str) -> Self {
        let field = alloc::format!("{outer}.{}", self.field);
        Self { field, ..self }
    }
}
