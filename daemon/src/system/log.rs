//! The log goes to standard error, and nothing that serves clients ever waits for it.
//!
//! A thread writes. What it cannot get rid of (a pipe that nobody reads, a terminal that stands still) waits in a queue with a bound; what has no room there is left out
//! and counted, and the count is written as soon as something can be written again. To make standard error itself never block would be no way: its flags
//! are shared with the supervisor and the shell.

use nix::sys::signal::SigSet;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, write};
use rustix::stdio::stderr;
use std::io::{self, Write};
use std::mem;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// As many lines wait for standard error; a line is some hundred bytes.
const QUEUE: usize = 1_024;

/// As long as a program that ends waits for what it has logged.
pub(crate) const AT_THE_END: Duration = Duration::from_secs(1);

/// What became of the lines so far.
static BOOKS: Mutex<Books> = Mutex::new(Books { queue: None, waiting: 0, left_out: 0 });
static WRITTEN: Condvar = Condvar::new();

#[derive(Debug)]
struct Books {
    /// To the thread, which is started with the first line: a daemon that has nothing to say needs none.
    queue: Option<SyncSender<Entry>>,
    /// Lines that the queue speaks of, and those of the entry that is being written.
    waiting: usize,
    /// Lines that had no room, and are in no entry yet.
    left_out: usize,
}

#[derive(Debug)]
struct Entry {
    /// So many lines before this one had no room.
    left_out: usize,
    /// Empty, if only those are to be spoken of.
    line: Vec<u8>,
}

impl Entry {
    fn lines(&self) -> usize {
        self.left_out + usize::from(!self.line.is_empty())
    }
}

/// Sends the log to standard error. The program that this one takes over from has not written so many lines of its own.
pub(crate) fn start(level: LevelFilter, unwritten: usize) {
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(|| Line)
        .with_ansi(false)
        .with_target(false)
        .log_internal_errors(false)
        .init();
    if unwritten > 0 {
        books().left_out = unwritten;
        books().take(Vec::new());
    }
}

/// Writes this behind the log, as it is, before the program ends.
pub(crate) fn last_words(text: &[u8]) {
    books().take(text.to_vec());
    if books().queue.is_some() {
        flush(AT_THE_END);
    } else {
        // No thread can be had. Where standard error is closed there is nobody to tell.
        let _ = write_whole(text);
    }
}

/// Waits until all that was logged is written, but no longer than this: how many lines are not.
pub(crate) fn flush(patience: Duration) -> usize {
    let waited = WRITTEN.wait_timeout_while(books(), patience, |books| books.waiting > 0);
    let (books, _) = waited.unwrap_or_else(PoisonError::into_inner);
    books.waiting + books.left_out
}

/// Whether all that was logged is written.
pub(crate) fn is_written() -> bool {
    books().waiting == 0
}

fn books() -> MutexGuard<'static, Books> {
    // Whoever holds them does not panic.
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
    // They are meant for the thread that serves clients. That one has blocked those that it answers to, and this one has inherited that, unless it was started too early.
    let _ = SigSet::all().thread_block();
    while let Ok(entry) = entries.recv() {
        let mut lost = write_note(entry.left_out);
        lost += usize::from(write_whole(&entry.line).is_err());
        let mut books = books();
        books.waiting -= entry.lines();
        books.left_out += lost;
        // Nothing else may be logged for a long time.
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

/// Says how many lines were left out, in the form of the others: how many of them nobody knows of then.
fn write_note(left_out: usize) -> usize {
    if left_out == 0 {
        return 0;
    }
    let mut time = String::new();
    // A clock that cannot be read leaves the line without its time.
    let _ = SystemTime.format_time(&mut format::Writer::new(&mut time));
    let lines = if left_out == 1 { "line was" } else { "lines were" };
    let note = format!("{time}  WARN {left_out} {lines} left out here: standard error took no more\n");
    if write_whole(note.as_bytes()).is_ok() { 0 } else { left_out }
}

/// Writes all of it, however long that takes. An error is one that waiting does not mend: a full disk, a reader that is gone.
fn write_whole(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(stderr(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(Errno::INTR) => {}
            // Somebody who shares it has made it so.
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
    /// The log gives each line whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        books().take(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
