//! Which process this is, without a system call. Most of the crate's unsafe code is here.

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use rustix::process::getpid;
use std::mem::size_of;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// A process, as told apart from those that it was forked from.
///
/// To ask costs no system call on Linux (4.14 or later): a page of memory tells of a fork, be it made by `fork()` or by a bare `clone`, and in any thread. Threads are
/// of one process.
///
/// ```
/// use poolcounter::Process;
///
/// let made_by = Process::current();
/// // After a fork this is false in the child.
/// assert!(made_by.is_current());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u64);

/// Marks a process id, which is no generation.
const BY_ID: u64 = 1 << 63;

const SIZE: usize = size_of::<AtomicU64>();

/// Where the generation stands: a page that is empty after a fork, `NO_PAGE` where the kernel has none, null before the first question.
static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(null_mut());

static NO_PAGE: AtomicU64 = AtomicU64::new(0);

/// The newest generation of this process and those that it was forked from. A child has it from its parent.
static NEWEST: AtomicU64 = AtomicU64::new(0);

impl Process {
    /// This process.
    #[must_use]
    pub fn current() -> Self {
        match page() {
            Some(page) => Self(generation(page)),
            None => Self(BY_ID | u64::from(getpid().as_raw_pid().unsigned_abs())),
        }
    }

    /// Whether this process is the one, and not a child of it.
    #[must_use]
    pub fn is_current(self) -> bool {
        self == Self::current()
    }

    /// A number for it, for an atomic variable. It is never 0.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

/// A fork in another thread may come at any point of this, so there is no lock that it could leave closed.
fn generation(page: &AtomicU64) -> u64 {
    match page.load(Ordering::Relaxed) {
        0 => {
            let new = NEWEST.fetch_add(1, Ordering::Relaxed) + 1;
            page.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed).map_or_else(|other| other, |_| new)
        }
        known => known,
    }
}

fn page() -> Option<&'static AtomicU64> {
    let mut page = PAGE.load(Ordering::Acquire);
    if page.is_null() {
        page = settle();
    }
    // SAFETY: `settle` leaves `NO_PAGE` or a page of its own in `PAGE`, and neither is ever given back. The page is large enough and aligned, its zeros are a
    // number, and nobody touches it but as an atomic one.
    let page: &'static AtomicU64 = unsafe { &*page };
    (!std::ptr::eq(page, &raw const NO_PAGE)).then_some(page)
}

/// Decides for the life of the process.
#[cold]
fn settle() -> *mut AtomicU64 {
    let made = new_page();
    let page = made.unwrap_or((&raw const NO_PAGE).cast_mut());
    match PAGE.compare_exchange(null_mut(), page, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => page,
        Err(other) => {
            if let Some(page) = made {
                give_back(page);
            }
            other
        }
    }
}

fn new_page() -> Option<*mut AtomicU64> {
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
    // SAFETY: the kernel chooses a place where nothing is.
    let page = unsafe { mmap_anonymous(null_mut(), SIZE, protection, flags) }.ok()?;
    // SAFETY: of that page nobody knows yet. The kernel rounds the length up to the page's.
    let advised = |advice| unsafe { madvise(page, SIZE, advice) }.is_ok();
    // An emulator that says yes to every advice, and does nothing, says it to this one too: Linux refuses it, as the page is of no file.
    let wiped = advised(Advice::LinuxWipeOnFork) && !advised(Advice::LinuxRemove);
    let page = page.cast();
    if !wiped {
        give_back(page);
    }
    wiped.then_some(page)
}

fn give_back(page: *mut AtomicU64) {
    // SAFETY: it comes from `new_page`, and nobody else knows of it. One that stays does no harm.
    let _ = unsafe { munmap(page.cast(), SIZE) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_of_one_process() {
        let here = Process::current();
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(Process::current)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().ok() == Some(here)));
        assert!(here.is_current());
    }

    #[test]
    fn a_wiped_page_begins_a_new_generation() {
        let page = AtomicU64::new(0);
        let first = generation(&page);
        assert_eq!(generation(&page), first);
        page.store(0, Ordering::Relaxed);
        assert!(generation(&page) > first);
    }
}
