//! Random lines: mostly valid commands with small and unusual numbers, sometimes a damaged line.

use fastrand::Rng;
use poolcounter::protocol::MAX_LINE;

const NAMES: [&str; 14] = [
    "full",
    "uptime",
    "total_acquired",
    "total_releases",
    "hashtable_entries",
    "processing_workers",
    "waiting_workers",
    "full_queues",
    "lock_mismatch",
    "lock_while_waiting",
    "release_mismatch",
    "processed_count",
    "gained time",
    "",
];
const ODD: [&str; 14] = [
    "0",
    "",
    "-1",
    "+1",
    "1.5",
    "x",
    "1x",
    "007",
    "4294967295",
    "4294967296",
    "4294967297",
    "18446744073709551617",
    "\t1",
    "99999999999999999999",
];

/// A line with its end.
pub(super) fn line(rng: &mut Rng) -> Vec<u8> {
    let mut line = half(rng);
    line.truncate(MAX_LINE - 3);
    line.extend(match rng.u8(..20) {
        0 => b"\r\r\n".as_slice(),
        1 | 2 => b"\r\n",
        _ => b"\n",
    });
    line
}

/// The line of an observer, which is answered at once.
pub(super) fn glance(rng: &mut Rng) -> Vec<u8> {
    let line = match rng.u8(..3) {
        0 => stats(rng),
        1 => format!("ACQ4ANY {} {} 10 0", pick(rng, &["k", "l", "m", "n"]), rng.u8(1..4)),
        _ => "RELEASE".to_owned(),
    };
    (line + "\n").into_bytes()
}

/// A line without its end.
pub(super) fn half(rng: &mut Rng) -> Vec<u8> {
    let mut line = command(rng).into_bytes();
    if rng.u8(..10) == 0 {
        mangle(&mut line, rng);
    }
    line.retain(|&byte| byte != b'\n');
    line
}

fn command(rng: &mut Rng) -> String {
    match rng.u8(..20) {
        0..12 => acquire(rng),
        12..18 => release(rng),
        _ => stats(rng),
    }
}

fn acquire(rng: &mut Rng) -> String {
    let mode = pick(rng, &["ME", "ANY"]);
    let gap = pick(rng, &[" ", " ", " ", " ", "  "]);
    let workers = number(rng, &["1", "1", "1", "1", "2", "2", "3"]);
    let maxqueue = number(rng, &["1", "2", "3", "5", "10", "10", "10"]);
    let timeout = number(rng, &["0", "1", "1", "2", "2", "2", "2", "100"]);
    format!("ACQ4{mode} {}{gap}{workers}{gap}{maxqueue}{gap}{timeout}", key(rng))
}

fn key(rng: &mut Rng) -> String {
    match rng.u8(..40) {
        0 => "k".repeat(rng.usize(..1100)),
        1 => "\u{c4}\t\u{1}".to_owned(),
        _ => pick(rng, &["k", "k", "l", "m"]).to_owned(),
    }
}

fn number(rng: &mut Rng, usual: &[&'static str]) -> &'static str {
    if rng.u8(..25) == 0 { pick(rng, &ODD) } else { pick(rng, usual) }
}

fn release(rng: &mut Rng) -> String {
    pick(rng, &["RELEASE", "RELEASE", "RELEASE", "RELEASE", "RELEASE k", "RELEASEXYZ"]).to_owned()
}

fn stats(rng: &mut Rng) -> String {
    let name = pick(rng, &NAMES);
    let any_case = |c: char| if rng.bool() { c.to_ascii_uppercase() } else { c };
    format!("STATS {}", name.chars().map(any_case).collect::<String>())
}

fn mangle(line: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..=rng.usize(..3) {
        let place = rng.usize(..=line.len());
        match rng.u8(..7) {
            0 => line.truncate(place),
            1 => line.insert(place, rng.u8(..)),
            2 => line.insert(place, *rng.choice([0, b' ', b'\r', b'\t', b'A']).as_ref().unwrap_or(&0)),
            3 => drop(line.splice(place.., (0..rng.usize(..40)).map(|_| rng.u8(..)).collect::<Vec<_>>())),
            4 => line.extend(line[place..].to_vec()),
            5 => line[place..].make_ascii_lowercase(),
            _ => line.extend(std::iter::repeat_n(rng.u8(..), rng.usize(..1100))),
        }
    }
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}
