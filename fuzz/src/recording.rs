//! The bytes of a recording, or the content of its blocks: they are refused, or can be replayed, also with other settings, and made anonymous.

use crate::input::Input;
use poolcounter::recording::{Anonymizer, MAGIC, Recording, RecordingError, VERSION, verify};
use poolcounter_sim::replay::{Change, Plan, Replay, Traffic};
use std::sync::Arc;

/// The first byte says whether the others are a file, or the content of its blocks.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let file = match input.below(3) {
        0 => input.rest().to_vec(),
        1 => [MAGIC, input.rest()].concat(),
        _ => in_blocks(&mut input),
    };
    if let Ok(recording) = Recording::read(&file) {
        assert!(recording.calls() <= file.len(), "each call takes a byte at least");
        let _ = verify(&recording);
        let anonymous = Recording::read(&anonymized(&file)).expect("whole blocks stay readable");
        assert!(anonymous.anonymous);
        for (one, other) in anonymous.segments.iter().zip(&recording.segments) {
            assert_eq!((&one.calls, &one.told, &one.standing), (&other.calls, &other.told, &other.standing));
        }
        assert_eq!(anonymous.segments.len(), recording.segments.len());
        replay(&recording);
        // The end of a file can be lost.
        for length in [file.len() / 2, file.len() - 1] {
            match Recording::read(&file[..length]) {
                Ok(cut) => assert!(cut.calls() <= recording.calls()),
                Err(error) => assert_eq!(error, RecordingError::Empty),
            }
        }
    }
}

/// The whole blocks of a file, with numbers for keys.
fn anonymized(mut file: &[u8]) -> Vec<u8> {
    let (mut anonymizer, mut anonymous) = (Anonymizer::new(1, 2), Vec::new());
    while let Some((block, length)) = anonymizer.block(file).expect("it was read") {
        anonymous.extend(block);
        file = &file[length..];
    }
    anonymous
}

/// Plays it with other settings for every group.
fn replay(recording: &Recording) {
    let Ok(traffic) = Traffic::of(std::slice::from_ref(recording)) else { return };
    let mut plan = Plan { cores: Some(1), ..Plan::default() };
    for group in traffic.groups() {
        let fast_stale = Some(!group.fast_stale);
        let change = Change { group: group.name, workers: Some(2), timeout: Some(3), fast_stale, ..Change::default() };
        plan.changes.push(change);
    }
    // A group may have the name of a pool type.
    if let Ok(replay) = Replay::new(&Arc::new(traffic), &plan) {
        let report = replay.finish();
        for group in report.groups {
            assert_eq!(group.recorded.requests, group.a.requests);
            assert_eq!(group.a.requests, group.b.requests);
        }
    }
}

/// A head, and blocks with pieces of the input.
fn in_blocks(input: &mut Input<'_>) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let mut content = vec![VERSION, 1, b's', 1, b'p', 0, 0, 0];
    while !input.is_empty() {
        let length = 1 + input.below(255);
        content.extend(input.bytes(length));
        let checksum = crc32fast::hash(&content);
        let length = u32::try_from(content.len()).expect("a short block");
        file.extend([&length.to_le_bytes()[..], &checksum.to_le_bytes(), &content].concat());
        content.clear();
    }
    file
}
