use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows this process as many descriptors as a test needs.
pub fn allow_descriptors(number: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum.unwrap_or(u64::MAX);
    ensure!(maximum >= number, "{number} descriptors are needed, `ulimit -Hn` allows {maximum}");
    if limit.current.is_some_and(|current| current < number) {
        // Other tests of this process need some at the same time.
        let current = Some(maximum.min(number + 4_000));
        setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum }).context("ulimit -Sn")?;
    }
    Ok(())
}
