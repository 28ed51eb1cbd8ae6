use crate::reason::reason;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use tracing::warn;

/// So many descriptors clients cannot take: an upgrade needs some, and a daemon that is full of clients needs it most.
///
/// The system limits the number that a descriptor has, not how many there are, so the reserve is the highest numbers.
const RESERVE: u64 = 16;

/// Takes all the descriptors that the system grants, for each client needs one, but for the reserve.
pub(crate) fn keep_reserve() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // Where there are few, a quarter of them.
    set(maximum.map(|maximum| maximum - RESERVE.min(maximum / 4)));
}

/// Does something for which the reserve may be used.
pub(crate) fn with_reserve<T>(act: impl FnOnce() -> T) -> T {
    set(getrlimit(Resource::Nofile).maximum);
    let outcome = act();
    keep_reserve();
    outcome
}

/// The same file under a number below the reserve, if there is one.
pub(crate) fn out_of_reserve(descriptor: OwnedFd) -> OwnedFd {
    let number = u64::from(descriptor.as_raw_fd().unsigned_abs());
    let is_below = getrlimit(Resource::Nofile).current.is_none_or(|limit| number < limit);
    if is_below { descriptor } else { descriptor.try_clone().unwrap_or(descriptor) }
}

/// The same file under a number of the reserve, if there is one and it may be used.
pub(crate) fn into_reserve(descriptor: OwnedFd) -> OwnedFd {
    let highest = getrlimit(Resource::Nofile).maximum.and_then(|maximum| RawFd::try_from(maximum).ok());
    let moved = highest.and_then(|highest| fcntl_dupfd_cloexec(&descriptor, highest - highest.min(4)).ok());
    moved.unwrap_or(descriptor)
}

fn set(current: Option<u64>) {
    let limit = Rlimit { current, maximum: getrlimit(Resource::Nofile).maximum };
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        warn!("cannot set the limit of descriptors: {}", reason(&error.into()));
    }
}
