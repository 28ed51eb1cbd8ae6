use rustix::param::page_size;
use rustix::time::{ClockId, clock_gettime};
use std::fs::read_to_string;

/// The processor time of this process, in microseconds.
pub(crate) fn cpu_micros() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000 + time.tv_nsec.unsigned_abs() / 1_000
}

/// How much memory of this process is in use.
pub(crate) fn resident_bytes() -> Option<u64> {
    let pages: u64 = read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * page_size() as u64)
}
