//! Removes the times from the text of STATS.

/// The beginnings of the lines whose figure depends on the time.
const TIMED: [&str; 9] = [
    "uptime: ",
    "total processing time: ",
    "average processing time: ",
    "gained time: ",
    "waiting time: ",
    "waiting time for me: ",
    "waiting time for anyone: ",
    "waiting time for good: ",
    "wasted timeout time: ",
];

/// The only answer without a line end: the next answer is on the same line.
const UNENDED: &[u8] = b"ERROR WRONG_STAT";

/// The bytes with `*` for every figure that depends on the time. An unfinished line is not changed.
#[must_use]
pub fn masked(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    lines.flat_map(|line| mask(line).unwrap_or_else(|| line.to_vec())).collect()
}

fn mask(line: &[u8]) -> Option<Vec<u8>> {
    let mut figure = line;
    while let Some(rest) = figure.strip_prefix(UNENDED) {
        figure = rest;
    }
    let name = TIMED.iter().find(|name| figure.starts_with(name.as_bytes()))?;
    let before = &line[..line.len() - figure.len()];
    line.ends_with(b"\n").then(|| [before, name.as_bytes(), b"*\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_and_counters_stay() {
        let text = b"uptime: 0 days, 0h 0m 7s\ngained time: 1.5s\ntotal_acquired: 7\nDONE\nuptime: 0";
        assert_eq!(masked(text), b"uptime: *\ngained time: *\ntotal_acquired: 7\nDONE\nuptime: 0");
    }

    #[test]
    fn an_answer_without_an_end_hides_no_time() {
        let text = b"ERROR WRONG_STATERROR WRONG_STATuptime: 0 days, 0h 0m 7s\nERROR WRONG_STATDONE\n";
        assert_eq!(masked(text), b"ERROR WRONG_STATERROR WRONG_STATuptime: *\nERROR WRONG_STATDONE\n");
    }
}
