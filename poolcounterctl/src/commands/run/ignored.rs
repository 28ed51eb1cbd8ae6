use nix::sys::signal::{SigSet, Signal};

/// Those of these signals that this process does not ignore. A signal that was ignored at the start, for example by nohup(1), stays ignored, in the command too.
pub(super) fn heeded(signals: &[Signal]) -> SigSet {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    signals.iter().copied().filter(|signal| ignored & 1 << (*signal as u32 - 1) == 0).collect()
}

/// The mask of ignored signals in the text of /proc/PID/status; the lowest bit is signal 1.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals() {
        assert_eq!(ignored("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n"), 0x1001);
        assert_eq!(ignored(""), 0);
    }
}
