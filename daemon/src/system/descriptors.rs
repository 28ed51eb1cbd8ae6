use crate::system::reason::reason;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use tracing::warn;

/// How many descriptors are reserved: clients cannot take them. An upgrade needs some, even when the daemon has as many clients as it can serve.
///
/// The system limits the number of a descriptor, not how many are open. So the reserve consists of the highest numbers.
const RESERVE: u64 = 16;

/// Raises the limit of descriptors to all that the system grants, except for the reserve. Each client needs one.
pub(crate) fn keep_reserve() {
    set(first_of_reserve());
}

fn first_of_reserve() -> Option<u64> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // If the limit is low, a quarter of it.
    maximum.map(|maximum| maximum - RESERVE.min(maximum / 4))
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
