//! The log goes to standard error. The thread that serves clients never waits for it.
//!
//! Another thread writes. Lines that cannot be written (a pipe that nobody reads, a terminal that is stopped) wait in a queue with a limit. Lines beyond it are
//! left out and counted, and the count is written as soon as possible. Standard error is not made non-blocking, because the supervisor and the shell share its
//! flags.

use nix::sys::signal::SigSet;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, write};
use rustix::stdio::stderr;
use std::io::{self, Write};
use std::mem;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How many lines may wait for standard error. A line has some hundred bytes.
const QUEUE: usize = 1_024;

/// How long a program that ends waits for its log to be written.
pub(crate) const AT_THE_END: Duration = Duration::from_secs(1);

/// The state of the log: lines that were queued, written and left out.
static BOOKS: Mutex<Books> = Mutex::new(Books { queue: None, waiting: 0, left_out: 0 });
static WRITTEN: Condvar = Condvar::new();

type SetLevel = Box<dyn Fn(LevelFilter) + Send + Sync>;
static SET_LEVEL: OnceLock<SetLevel> = OnceLock::new();

#[derive(Debug)]
struct Books {
    /// The channel to the thread, which starts with the first line. A daemon that logs nothing has no thread.
    queue: Option<SyncSender<Entry>>,
    /// Lines of the entries in the queue and of the entry that is being written.
    waiting: usize,
    /// Lines that were left out and that no entry counts yet.
    left_out: usize,
}

#[derive(Debug)]
struct Entry {
    /// How many lines before this one were left out.
    left_out: usize,
    /// Empty if the entry only counts.
    line: Vec<u8>,
}

impl Entry {
    fn lines(&self) -> usize {
        self.left_out + usize::from(!self.line.is_empty())
    }
}

/// Starts the log. `unwritten` is the number of lines that the old program has not written.
pub(crate) fn start(level: LevelFilter, unwritten: usize) {
    let (level, handle) = tracing_subscriber::reload::Layer::new(level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| Line)
        .with_ansi(false)
        .with_target(false)
        .log_internal_errors(false);
    // There is one log in a process.
    let _ = SET_LEVEL.set(Box::new(move |level| drop(handle.reload(level))));
    tracing_subscriber::registry().with(level).with(lines).init();
    if unwritten > 0 {
        books().left_out = unwritten;
        books().take(Vec::new());
    }
}

/// From now on lines of this level and more important ones are written.
pub(crate) fn set_level(level: LevelFilter) {
    if let Some(set) = SET_LEVEL.get() {
        set(level);
    }
}

/// Writes this text after the log, unchanged, before the program ends.
pub(crate) fn last_words(text: &[u8]) {
    books().take(text.to_vec());
    if books().queue.is_some() {
        flush(AT_THE_END);
    } else {
        // No thread could be started. If standard error is closed, nothing can be done.
        let _ = write_whole(text);
    }
}

/// Waits until the log is written, but no longer than `patience`. Gives the number of lines that are not written.
pub(crate) fn flush(patience: Duration) -> usize {
    let waited = WRITTEN.wait_timeout_while(books(), patience, |books| books.waiting > 0);
    let (books, _) = waited.unwrap_or_else(PoisonError::into_inner);
    books.waiting + books.left_out
}

/// Whether the log is written.
pub(crate) fn is_written() -> bool {
    books().waiting == 0
}

fn books() -> MutexGuard<'static, Books> {
    // No code panics while it holds the lock.
    BOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Books {
    /// Gives a line to the thread, if there is room for it.
    fn take(&mut self, line: Vec<u8>) {
        if self.queue.is_none() {
            self.queue = start_thread().ok();
        }
        let entry = Entry { left_out: self.left_out, line };
        let lines = entry.lines();
        if self.queue.as_ref().is_some_and(|queue| queue.try_send(entry).is_ok()) {
            self.waiting += lines;
            self.left_out = 0;
        } else {
            self.left_out = lines;
        }
    }
}

fn start_thread() -> io::Result<SyncSender<Entry>> {
    let (queue, entries) = sync_channel(QUEUE);
    thread::Builder::new().name("log".to_owned()).spawn(move || write_entries(&entries))?;
    Ok(queue)
}

fn write_entries(entries: &Receiver<Entry>) {
    // Signals must reach the thread that serves clients. That thread blocks the signals that it reads, but this thread may have been started before.
    let _ = SigSet::all().thread_block();
    while let Ok(entry) = entries.recv() {
        let mut lost = write_note(entry.left_out);
        lost += usize::from(write_whole(&entry.line).is_err());
        let mut books = books();
        books.waiting -= entry.lines();
        books.left_out += lost;
        // There may be no other line for a long time, so the count is written now.
        let rest = if lost == 0 && books.waiting == 0 { mem::take(&mut books.left_out) } else { 0 };
        books.waiting += rest;
        drop(books);
        let lost = write_note(rest);
        let mut books = self::books();
        books.waiting -= rest;
        books.left_out += lost;
        drop(books);
        WRITTEN.notify_all();
    }
}

/// Writes the number of lines that were left out, as a line of the log. Gives how many are still not reported.
fn write_note(left_out: usize) -> usize {
    if left_out == 0 {
        return 0;
    }
    let mut time = String::new();
    // A clock that cannot be read leaves the line without its time.
    let _ = SystemTime.format_time(&mut format::Writer::new(&mut time));
    let lines = if left_out == 1 { "line was" } else { "lines were" };
    let note = format!("{time}  WARN {left_out} {lines} left out here: standard error accepted no more\n");
    if write_whole(note.as_bytes()).is_ok() { 0 } else { left_out }
}

/// Writes all bytes, without a time limit. Errors are those that waiting does not remove: a full disk, a reader that has ended.
fn write_whole(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(stderr(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(Errno::INTR) => {}
            // Another program that shares standard error has made it non-blocking.
            Err(Errno::WOULDBLOCK) => {
                poll(&mut [PollFd::new(&stderr(), PollFlags::OUT)], None).map(drop).or_else(|error| match error {
                    Errno::INTR => Ok(()),
                    error => Err(error),
                })?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One line of the log, on its way to the thread.
#[derive(Debug)]
struct Line;

impl Write for Line {
    /// Gets a whole line with each call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        books().take(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
