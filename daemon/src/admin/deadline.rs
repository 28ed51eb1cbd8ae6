use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an answer may take from the end of its request until all of it is sent, however slowly the other side reads.
const WHOLE_ANSWER: Duration = Duration::from_mins(1);

/// By when the answer that a connection sends must be sent. The connection's stream looks at it, and whoever answers sets it.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadline(Rc<Cell<Option<Instant>>>);

impl Deadline {
    /// An answer begins.
    pub(super) fn begin(&self) {
        self.0.set(Some(Instant::now() + WHOLE_ANSWER));
    }

    /// The answer has no end.
    pub(super) fn lift(&self) {
        self.0.set(None);
    }

    pub(super) fn get(&self) -> Option<Instant> {
        self.0.get()
    }
}
