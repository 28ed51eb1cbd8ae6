use tokio::sync::Mutex;
use tracing::debug;

/// How many keys, clients or claims one slice looks at. Each takes less than a microsecond, so a slice takes less than a millisecond. A build for tests has short
/// slices, so that small crowds do not fit into one either.
const KEYS: usize = if cfg!(debug_assertions) { 16 } else { 512 };

/// How many bytes of an answer one slice writes.
const BYTES: usize = 64 * 1024;

/// Shares the thread out: in one turn of the runtime there is one slice of the admin interface's work, however many connections want one. Clients are served in
/// between.
#[derive(Debug, Default)]
pub(super) struct Slices(Mutex<()>);

/// The work for one answer. It counts what each slice did.
#[derive(Debug)]
pub(super) struct Work<'a> {
    slices: &'a Slices,
    what: &'static str,
    count: usize,
    most: Budget,
}

/// What one slice has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    keys: usize,
    bytes: usize,
}

impl Slices {
    /// Waits for a turn, so that in one turn of the runtime one request begins.
    pub(super) async fn turn(&self) {
        let turn = self.0.lock().await;
        tokio::task::yield_now().await;
        drop(turn);
    }

    /// Begins the work for one answer.
    pub(super) fn work(&self, what: &'static str) -> Work<'_> {
        Work { slices: self, what, count: 0, most: Budget::default() }
    }
}

impl Work<'_> {
    /// Does one slice, which should end when its budget [is spent](Budget::is_spent).
    pub(super) async fn slice<T>(&mut self, act: impl FnOnce(&mut Budget) -> T) -> T {
        let turn = self.slices.0.lock().await;
        let mut budget = Budget::default();
        let outcome = act(&mut budget);
        self.count += 1;
        self.most.keys = self.most.keys.max(budget.keys);
        self.most.bytes = self.most.bytes.max(budget.bytes);
        // The next slice is another's, in another turn.
        tokio::task::yield_now().await;
        drop(turn);
        outcome
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let Self { what, count, most: Budget { keys, bytes }, .. } = self;
        debug!("{what}: {count} slices, at most {keys} keys and {bytes} bytes in one");
    }
}

impl Budget {
    /// The largest number of keys in one slice.
    pub(super) const KEYS: usize = KEYS;

    /// The same for those who count places of a table.
    #[expect(clippy::cast_possible_truncation, reason = "it is some hundreds")]
    pub(super) const PLACES: u32 = KEYS as u32;

    /// The largest number of bytes in one slice.
    pub(super) const BYTES: usize = BYTES;

    /// So many keys were looked at.
    pub(super) fn spend_keys(&mut self, keys: usize) {
        self.keys += keys;
    }

    /// So many bytes were written.
    pub(super) fn spend_bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub(super) fn is_spent(&self) -> bool {
        self.keys >= KEYS || self.bytes >= BYTES
    }
}
