use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows this process as many descriptors as a test needs.
pub fn allow_descriptors(number: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum.unwrap_or(u64::MAX);
    ensure!(maximum >= number, "{number} descriptors are needed, `ulimit -Hn` allows {maximum}");
    if limit.current.is_some_and(|current| current < number) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(number), maximum: limit.maximum }).context("ulimit -Sn")?;
    }
    Ok(())
}
