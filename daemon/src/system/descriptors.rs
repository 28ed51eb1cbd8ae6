use crate::system::reason::reason;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::stat;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::warn;

/// How many descriptors are reserved: clients cannot take them. An upgrade needs some, even when the daemon has as many clients as it can serve.
///
/// The system limits the number of a descriptor, not how many are open. So the reserve consists of the highest numbers.
const RESERVE: u64 = 16;

/// How many more are kept for connections of the admin interface.
static FOR_ADMIN: AtomicU64 = AtomicU64::new(0);

/// Makes the reserve larger, for so many connections of the admin interface. Call it before [`keep_reserve`].
pub(crate) fn reserve_for_admin(connections: u64) {
    FOR_ADMIN.store(connections, Ordering::Relaxed);
}

/// Raises the limit of descriptors to all that the system grants, except for the reserve. Each client needs one.
pub(crate) fn keep_reserve() {
    set(first_of_reserve());
}

fn first_of_reserve() -> Option<u64> {
    all_but(RESERVE + FOR_ADMIN.load(Ordering::Relaxed))
}

/// The limit of descriptors without the `reserve` highest ones. If the limit is low, the reserve is a quarter of it.
fn all_but(reserve: u64) -> Option<u64> {
    getrlimit(Resource::Nofile).maximum.map(|maximum| maximum - reserve.min(maximum / 4))
}

/// Calls `act`, whose descriptors may have the numbers that are kept for the admin interface.
pub(crate) fn with_admin_reserve<T>(act: impl FnOnce() -> T) -> T {
    set(all_but(RESERVE));
    let outcome = act();
    keep_reserve();
    outcome
}

/// How many descriptors the process may have.
pub(crate) fn maximum() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// Whether a client could be given a descriptor.
pub(crate) fn is_one_free() -> bool {
    // It needs what a socket needs: a number, and a file.
    eventfd(0, EventfdFlags::CLOEXEC).is_ok()
}

/// How many descriptors the process has; `None` if the system does not say it at once.
pub(crate) fn count() -> Option<u64> {
    // The size of this folder, since Linux 6.2. Reading the folder takes long if there are many.
    let size = stat("/proc/self/fd").ok()?.st_size;
    u64::try_from(size).ok().filter(|size| *size > 0)
}

/// Allows new descriptors to have numbers of the reserve, until [`keep_reserve`] is called.
pub(crate) fn open_reserve() {
    set(getrlimit(Resource::Nofile).maximum);
}

/// Calls `act`, whose descriptors may have numbers of the reserve.
pub(crate) fn with_reserve<T>(act: impl FnOnce() -> T) -> T {
    open_reserve();
    let outcome = act();
    keep_reserve();
    outcome
}

/// Whether the descriptor's number is one of the reserve.
pub(crate) fn is_of_reserve(descriptor: impl AsFd) -> bool {
    let number = u64::from(descriptor.as_fd().as_raw_fd().unsigned_abs());
    first_of_reserve().is_some_and(|first| number >= first)
}

/// The same file with a number below the reserve, if one is free.
pub(crate) fn out_of_reserve(descriptor: OwnedFd) -> OwnedFd {
    if is_of_reserve(&descriptor) { descriptor.try_clone().unwrap_or(descriptor) } else { descriptor }
}

/// The same file with a number of the reserve, if one is free.
pub(crate) fn into_reserve(descriptor: OwnedFd) -> OwnedFd {
    with_reserve(|| moved_up(&descriptor)).unwrap_or(descriptor)
}

fn moved_up(descriptor: &OwnedFd) -> Option<OwnedFd> {
    let highest = getrlimit(Resource::Nofile).maximum.and_then(|maximum| RawFd::try_from(maximum).ok());
    highest.and_then(|highest| fcntl_dupfd_cloexec(descriptor, highest - highest.min(4)).ok())
}

fn set(current: Option<u64>) {
    let limit = Rlimit { current, maximum: getrlimit(Resource::Nofile).maximum };
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        warn!("cannot set the limit of descriptors: {}", reason(&error.into()));
    }
}
