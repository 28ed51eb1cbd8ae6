use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The longest time that a test waits until other tests of its process have closed their descriptors.
const PATIENCE: Duration = Duration::from_mins(5);

/// How many descriptors the tests that run now have reserved.
static RESERVED: Mutex<u64> = Mutex::new(0);
static LESS_RESERVED: Condvar = Condvar::new();

/// Descriptors that a test may use while this value exists.
#[derive(Debug)]
#[must_use]
pub struct ReservedDescriptors(u64);

impl ReservedDescriptors {
    /// Reserves as many descriptors as a test needs. Waits while other tests of the process have so many that the sum is not allowed.
    pub fn new(number: u64) -> Result<Self> {
        let maximum = maximum(number)?;
        let too_many = |reserved: &mut u64| reserved.saturating_add(number) > maximum;
        let waited = LESS_RESERVED.wait_timeout_while(reserved(), PATIENCE, too_many);
        let (mut reserved, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        ensure!(!waited.timed_out(), "other tests keep {reserved} descriptors, and {number} more are needed");
        *reserved += number;
        allow_descriptors(*reserved)?;
        Ok(Self(number))
    }
}

impl Drop for ReservedDescriptors {
    fn drop(&mut self) {
        *reserved() -= self.0;
        LESS_RESERVED.notify_all();
    }
}

fn reserved() -> MutexGuard<'static, u64> {
    RESERVED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Allows this process so many descriptors, and some more.
pub fn allow_descriptors(number: u64) -> Result<()> {
    let maximum = maximum(number)?;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < number) {
        // Other tests of this process need some at the same time.
        let current = Some(maximum.min(number + 4_000));
        setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum }).context("ulimit -Sn")?;
    }
    Ok(())
}

/// How many descriptors a process may have, if this number is not too many.
fn maximum(number: u64) -> Result<u64> {
    let maximum = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    ensure!(maximum >= number, "{number} descriptors are needed, `ulimit -Hn` allows {maximum}");
    Ok(maximum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn who_needs_too_many_waits_for_others() {
        let hard = getrlimit(Resource::Nofile).maximum.unwrap();
        let first = ReservedDescriptors::new(hard - 10).unwrap();
        let second = ReservedDescriptors::new(10).unwrap();
        let (sender, receiver) = mpsc::channel();
        let third = thread::spawn(move || sender.send(ReservedDescriptors::new(100).map(drop)));
        assert!(receiver.recv_timeout(Duration::from_millis(200)).is_err());
        drop((first, second));
        receiver.recv_timeout(PATIENCE).unwrap().unwrap();
        third.join().unwrap().unwrap();
    }
}
