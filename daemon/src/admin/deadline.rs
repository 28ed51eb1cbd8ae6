use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an answer may take from the end of its request until all of it is sent, however slowly the other side reads.
const WHOLE_ANSWER: Duration = Duration::from_mins(1);

/// The time by which an answer must be sent completely. The code that answers sets it, and the connection's stream checks it.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadline(Rc<Cell<When>>);

#[derive(Clone, Copy, Debug, Default)]
enum When {
    /// Nothing has been asked for yet.
    #[default]
    Idle,
    By(Instant),
    /// The answer goes on until the other side ends it.
    Never,
}

impl Deadline {
    /// An answer begins.
    pub(super) fn begin(&self) {
        self.begin_after(Duration::ZERO);
    }

    /// An answer begins, for which the other side has to wait.
    pub(super) fn begin_after(&self, wait: Duration) {
        self.0.set(When::By(Instant::now() + wait + WHOLE_ANSWER));
    }

    /// The answer has no end.
    pub(super) fn lift(&self) {
        self.0.set(When::Never);
    }

    /// Whether the answer has no end.
    pub(super) fn is_lifted(&self) -> bool {
        matches!(self.0.get(), When::Never)
    }

    pub(super) fn get(&self) -> Option<Instant> {
        match self.0.get() {
            When::By(deadline) => Some(deadline),
            When::Idle | When::Never => None,
        }
    }
}
