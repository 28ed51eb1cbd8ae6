//! The content of recordings of a table, and how damaged files are refused.

#![allow(clippy::expect_used)]

use poolcounter::key::Groups;
use poolcounter::protocol::{Acquire, Command, Line, Mode, Response};
use poolcounter::recording::{
    Anonymizer, CallKind, EMPTY_BLOCK, MAGIC, Naming, Reader, Recording, RecordingError, Scope, Tally, Title, Totals,
    head, verify, whole_blocks,
};
use poolcounter::table::RecorderId;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use std::path::Path;

/// 2026-11-27, 09:00:00 UTC.
const STARTED: u64 = 1_795_770_000_000_000;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000 + millis * 1_000)
}

fn title() -> Title {
    Title { server: "pool1".into(), program: "test".into(), started: STARTED }
}

fn everything() -> Scope {
    Scope { groups: None, naming: Naming::Plain }
}

fn only(group: &str) -> Scope {
    Scope { groups: Some(vec![group.into()]), naming: Naming::Plain }
}

/// A table with figures, and its recorder.
struct Desk {
    table: LockTable,
    recorder: RecorderId,
    file: Vec<u8>,
}

impl Desk {
    fn new(scope: Scope) -> Self {
        let mut table = LockTable::new(HashSeed::new(3, 4), at(0));
        table.observe(Groups::default(), at(0));
        let recorder = table.add_recorder(&title(), scope, 0);
        Self { table, recorder, file: Vec::new() }
    }

    /// Writes the standing, and takes the bytes.
    fn go_on(&mut self, millis: u64) {
        while self.table.recorder_advance(self.recorder, at(millis), STARTED + millis * 1_000, 1) {}
        self.file.extend(self.table.recorder_take(self.recorder));
    }

    fn ask(&mut self, client: ClientId, line: &str, millis: u64) -> String {
        let answer = self.table.command(client, Command::parse(Line::of(line.as_bytes())), at(millis));
        while self.table.next_wakeup().is_some() {}
        answer.map_or_else(String::new, |answer| String::from_utf8_lossy(answer.as_bytes()).trim().to_owned())
    }

    fn leave(&mut self, client: ClientId, millis: u64) {
        self.table.disconnect(client, at(millis));
        while self.table.next_wakeup().is_some() {}
    }

    fn end(mut self) -> Vec<u8> {
        self.file.extend(self.table.remove_recorder(self.recorder));
        self.file
    }
}

fn read(file: &[u8]) -> Recording {
    Recording::read(file).expect("a recording")
}

fn is_true(file: &[u8]) -> Recording {
    let recording = read(file);
    assert_eq!(verify(&recording).expect("it can be played").first, None);
    recording
}

/// Every kind of record, with fixed bytes.
fn golden() -> Vec<u8> {
    let mut desk = Desk::new(everything());
    let [anna, ben, carl] = [(); 3].map(|()| desk.table.connect());
    desk.ask(anna, "ACQ4ANY enwiki:pcache:idhash:1 1 9 5", 0);
    desk.ask(ben, "ACQ4ANY enwiki:pcache:idhash:1 1 9 5", 1);
    desk.go_on(2);
    desk.ask(carl, "ACQ4ME enwiki:rcache:2 1 9 1", 10);
    desk.ask(ben, "ACQ4ME enwiki:rcache:2 1 9 1", 11);
    desk.table.received(ben, at(12));
    desk.ask(anna, "RELEASE", 2_000);
    desk.ask(anna, "ACQ4ME enwiki:rcache:2 1 9 1", 2_500);
    desk.table.expire(at(4_000));
    while desk.table.next_wakeup().is_some() {}
    desk.ask(anna, "STATS total_acquired", 4_001);
    desk.ask(anna, "nonsense", 4_002);
    desk.ask(anna, "STATS nonsense", 4_003);
    desk.ask(anna, "RELEASE", 4_004);
    desk.table.count_connect_error();
    desk.table.count_failed_send();
    desk.ask(anna, "STATS full", 5_000);
    desk.leave(carl, 5_001);
    desk.end()
}

fn golden_file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recording.golden")
}

#[test]
fn the_format_is_that_of_the_golden_file() {
    let file = golden();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(golden_file(), &file).expect("a file that can be written");
    }
    let golden = std::fs::read(golden_file()).expect("the golden file");
    assert_eq!(file, golden, "another version of the format needs another number and another golden file");
    let recording = is_true(&golden);
    assert_eq!(read(&[&golden[..], &EMPTY_BLOCK].concat()), recording);
    assert_eq!((recording.title, recording.is_cut, recording.anonymous), (title(), false, false));
    let [segment] = &recording.segments[..] else { panic!("one segment") };
    assert_eq!((segment.wall, segment.clock), (STARTED + 2_000, at(2)));
    let keys: Vec<_> = segment.keys.iter().map(|key| (&*key.group, String::from_utf8_lossy(&key.name))).collect();
    assert_eq!(keys, [("pcache", "enwiki:pcache:idhash:1".into()), ("rcache", "enwiki:rcache:2".into())]);
    assert_eq!((segment.standing[0].holder_count(), segment.standing[0].waiter_count()), (1, 1));
    let said: Vec<_> = segment.told.iter().map(|told| (told.client, told.response.as_bytes())).collect();
    assert_eq!(said, [(1, &b"DONE\n"[..]), (0, b"TIMEOUT\n")]);
}

#[test]
fn a_file_may_end_anywhere() {
    let golden = golden();
    let whole = read(&golden);
    for length in 0..golden.len() {
        match Recording::read(&golden[..length]) {
            Ok(part) => {
                assert!(part.is_cut || part.calls() == 0, "{length}");
                assert!(part.calls() <= whole.calls());
                assert_eq!(verify(&part).expect("it can be played").first, None);
            }
            Err(error) => assert_eq!(error, RecordingError::Empty, "{length}"),
        }
    }
}

/// After an upgrade the program that records asks again, and appends the new bytes.
#[test]
fn a_recording_may_go_on_in_the_same_file() {
    let golden = golden();
    let whole = read(&golden);
    let totals = Totals::of(&golden).expect("a recording");
    assert_eq!((totals.calls, totals.told, totals.segments), (whole.calls() as u64, 2, 1));
    let segment = &whole.segments[0];
    let last = segment.calls.last().expect("there are calls").at;
    assert_eq!((totals.micros, totals.micros > 0), (last.micros_since(segment.clock), true));
    assert_eq!(Totals::of(&[&golden[..], &golden].concat()).expect("a recording").micros, 2 * totals.micros);
    for length in 0..golden.len() {
        let part = whole_blocks(&golden[..length]);
        assert!(part <= length && (part == 0 || whole_blocks(&golden[..part]) == part), "{length}");
        let file = [&golden[..part], &golden].concat();
        let before = Recording::read(&golden[..part]).map_or(0, |part| part.calls());
        assert_eq!(is_true(&file).calls(), whole.calls() + before, "{length}");
    }
    assert_eq!(whole_blocks(&golden), golden.len());
    let both = is_true(&[&golden[..], &golden].concat());
    assert_eq!((both.segments.len(), both.is_cut), (2, false));
}

#[test]
fn damage_is_found_and_named() {
    let golden = golden();
    let first = poolcounter::recording::MAGIC.len();
    for place in 0..golden.len() {
        let mut damaged = golden.clone();
        damaged[place] ^= 0x10;
        let read = Recording::read(&damaged);
        // In a length it may look like a file that was cut off.
        let is_length = (first..first + 4).contains(&place) || read.as_ref().is_ok_and(|part| part.is_cut);
        assert!(read.is_err() || is_length, "{place}");
    }
    assert_eq!(Recording::read(b"ACQ4ME"), Err(RecordingError::Foreign));
    let mut newer = golden;
    newer[first + 8] = 2;
    let length = u32::from_le_bytes(newer[first..first + 4].try_into().expect("four bytes")) as usize;
    let checksum = crc32fast::hash(&newer[first + 8..first + 8 + length]);
    newer[first + 4..first + 8].copy_from_slice(&checksum.to_le_bytes());
    let error = Recording::read(&newer).expect_err("it is newer");
    assert_eq!(error.to_string(), "the recording is of version 2; this program reads versions up to 1");
}

/// A recording with a wrong answer is found.
#[test]
fn a_difference_is_found() {
    let mut recording = read(&golden());
    let call = recording.segments[0].calls.iter_mut().find(|call| call.kind == CallKind::Release).expect("a release");
    call.answer = Some(Response::NotLocked);
    let verified = verify(&recording).expect("it can be played");
    let first = verified.first.expect("a difference");
    assert_eq!((&*first.recorded, &*first.played), ("NOT_LOCKED", "RELEASED"));
    recording.segments[0].told.clear();
    assert_eq!(verify(&recording).expect("it can be played").differences, 3);
}

#[test]
fn only_the_groups_that_were_asked_for_are_recorded() {
    let mut desk = Desk::new(only("pcache"));
    let [anna, ben, carl] = [(); 3].map(|()| desk.table.connect());
    // Anna's newest lock is of another group.
    desk.ask(anna, "ACQ4ANY enwiki:rcache:1 1 9 5", 0);
    desk.ask(anna, "ACQ4ANY enwiki:pcache:1 1 9 5", 1);
    desk.ask(anna, "ACQ4ANY enwiki:rcache:2 1 9 5", 2);
    desk.ask(ben, "ACQ4ANY enwiki:pcache:1 1 9 5", 3);
    desk.ask(carl, "ACQ4ANY enwiki:rcache:2 1 9 5", 3);
    desk.go_on(4);
    desk.ask(anna, "RELEASE", 5);
    desk.ask(anna, "RELEASE", 6);
    desk.ask(anna, "STATS full", 7);
    assert_eq!(desk.ask(carl, "ACQ4ANY enwiki:pcache:2 1 9 5", 8), "LOCKED");
    for _ in 0..2 {
        desk.ask(carl, "ACQ4ANY enwiki:rcache:3 9 9 5", 9);
    }
    assert_eq!(desk.ask(carl, "ACQ4ANY enwiki:pcache:3 9 9 5", 9), "LOCKED");
    assert_eq!(desk.ask(carl, "ACQ4ANY enwiki:pcache:3 9 9 5", 9), "LOCK_HELD");
    desk.leave(carl, 10);
    let file = desk.end();
    let recording = is_true(&file);
    let [segment] = &recording.segments[..] else { panic!("one segment") };
    assert!(segment.keys.iter().all(|key| &*key.group == "pcache"));
    assert_eq!(segment.told.len(), 1);
    assert!(!file.windows(6).any(|bytes| bytes == b"rcache"));
}

#[test]
fn an_anonymous_file_has_no_byte_of_a_key() {
    let mut desk =
        Desk::new(Scope { groups: None, naming: Naming::Anonymous(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210) });
    let keys = ["enwiki:ApiParse:a:192.0.2.77", "enwiki:ApiParse:a:2001:db8::77", "secret"];
    let client = desk.table.connect();
    desk.go_on(0);
    for round in 0..2 {
        for key in keys {
            desk.ask(client, &format!("ACQ4ME {key} 1 9 5"), round);
            desk.ask(client, "RELEASE", round);
        }
        desk.ask(client, "STATS 192.0.2.77", round);
        desk.ask(client, "192.0.2.77", round);
        desk.table.recorder_end_segment(desk.recorder);
        desk.go_on(round);
    }
    let file = desk.end();
    for part in ["192.0.2", "2001:db8", "secret", "enwiki", ":a:"] {
        assert!(!file.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{part}");
    }
    let recording = is_true(&file);
    assert!(recording.anonymous);
    let names = |segment: usize| recording.segments[segment].keys.clone();
    assert_eq!(names(0), names(1), "equal keys have equal names in all segments");
    assert_eq!(names(0).iter().map(|key| &*key.group).collect::<Vec<_>>(), ["ApiParse", "ApiParse", "other"]);
}

/// The whole file, block by block.
fn anonymized(file: &[u8]) -> Result<Vec<u8>, RecordingError> {
    let (mut anonymizer, mut rest, mut anonymous) = (Anonymizer::new(1, 2), file, Vec::new());
    while let Some((block, length)) = anonymizer.block(rest)? {
        anonymous.extend(block);
        rest = &rest[length..];
    }
    assert_eq!(rest.len(), file.len() - whole_blocks(file), "only whole blocks");
    Ok(anonymous)
}

/// A plain file that is made anonymous is the file that an anonymous recorder writes.
#[test]
fn a_plain_file_can_be_made_anonymous() {
    let record = |scope| {
        let mut desk = Desk::new(scope);
        let [anna, ben] = [(); 2].map(|()| desk.table.connect());
        desk.ask(anna, "ACQ4ME enwiki:ApiParse:a:192.0.2.77 1 9 5", 0);
        for round in 1..4 {
            desk.go_on(round);
            desk.ask(ben, "ACQ4ANY secret 1 9 5", round);
            desk.ask(ben, "RELEASE", round);
            desk.ask(ben, "STATS full", round);
            let acquire = Acquire::new(Mode::ForMe, b"", 1, 9, 5).expect("a line may have no key");
            assert_eq!(desk.table.command(ben, Command::Acquire(acquire), at(round)), Some(Response::BadSyntax));
            desk.table.recorder_end_segment(desk.recorder);
        }
        desk.end()
    };
    let plain = record(everything());
    let anonymous = anonymized(&plain).expect("a plain file");
    assert_eq!(anonymous, record(anonymous_scope()));
    assert!(is_true(&anonymous).anonymous);
    for part in ["192.0.2", "secret", "enwiki"] {
        assert!(plain.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{part}");
        assert!(!anonymous.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{part}");
    }
    assert_eq!(anonymized(&anonymous).expect("an anonymous file"), anonymous, "numbers stay");
    for length in 0..plain.len() {
        let part = anonymized(&plain[..length]).expect("a part of a plain file");
        assert!(anonymous.starts_with(&part), "{length}");
    }
}

#[test]
fn damage_is_not_made_anonymous() {
    let golden = golden();
    let first = MAGIC.len();
    for place in first + 4..golden.len() {
        let mut damaged = golden.clone();
        damaged[place] ^= 0x10;
        let read = anonymized(&damaged);
        assert!(read.is_err() || read.is_ok_and(|part| part.len() < golden.len() / 2), "{place}");
    }
}

/// The blocks of a segment are a file behind a head of their own.
#[test]
fn later_segments_are_a_file_behind_another_head() {
    let mut desk = Desk::new(everything());
    assert_eq!(desk.table.recorder_take(desk.recorder), head(&title(), &everything()));
    let anna = desk.table.connect();
    desk.go_on(0);
    desk.ask(anna, "ACQ4ME enwiki:pcache:1 1 9 5", 1);
    desk.table.recorder_end_segment(desk.recorder);
    desk.file.extend(desk.table.recorder_take(desk.recorder));
    let first = std::mem::take(&mut desk.file);
    let state = desk.table.recorder_state(desk.recorder).expect("it is there");
    assert_eq!((state.segments, state.is_running), (1, false));
    assert!(desk.table.recorder_advance(desk.recorder, at(2), STARTED, 0));
    let state = desk.table.recorder_state(desk.recorder).expect("it is there");
    assert_eq!((state.segments, state.is_running, state.is_paging), (2, true, true));
    desk.go_on(2);
    desk.ask(anna, "RELEASE", 3);
    let second = desk.end();
    let started = Title { started: STARTED + 2, ..title() };
    let file = |blocks: &[u8]| [&head(&started, &everything())[..], blocks].concat();
    for (blocks, standing) in [(&first, 0), (&second, 1)] {
        let recording = is_true(&file(blocks));
        assert_eq!((recording.calls(), recording.segments[0].standing.len()), (1, standing));
        assert_eq!((&recording.title, recording.is_cut), (&started, false));
    }
    assert_eq!(is_true(&file(&[first, second].concat())).segments.len(), 2);
}

/// The memory that a recorder says it needs is that of its keys and bytes.
#[test]
fn a_recorder_knows_its_memory() {
    let mut desk = Desk::new(everything());
    let anna = desk.table.connect();
    desk.go_on(0);
    let memory = |desk: &Desk| desk.table.recorder_state(desk.recorder).expect("it is there").memory;
    let before = memory(&desk);
    let key = "k".repeat(900);
    let measured = allocation_counter::measure(|| {
        for number in 0..2_000 {
            desk.ask(anna, &format!("ACQ4ME {key}-{number} 1 9 5"), 1);
            desk.ask(anna, "RELEASE", 1);
            desk.file.clear();
            desk.file.extend(desk.table.recorder_take(desk.recorder));
        }
    });
    let more = memory(&desk) - before;
    let kept = usize::try_from(measured.bytes_current).expect("it keeps the keys");
    assert!((kept / 2..=kept * 2).contains(&more), "{more} of {kept}");
    desk.table.recorder_end_segment(desk.recorder);
    desk.table.recorder_take(desk.recorder);
    assert!(memory(&desk) < before + 1_000);
}

/// If the bytes are not taken, calls are left out and counted. Later calls are in a new segment.
#[test]
fn what_is_left_out_is_counted() {
    let mut desk = Desk::new(everything());
    let clients = [(); 3].map(|()| desk.table.connect());
    desk.go_on(0);
    for round in 0..30_000 {
        let client = clients[usize::try_from(round).expect("small") % 3];
        desk.ask(client, &format!("ACQ4ANY enwiki:pcache:{} 1 9 5", round % 7), round);
        desk.ask(client, "RELEASE", round);
    }
    desk.ask(clients[0], "ACQ4ANY enwiki:pcache:9 1 9 5", 30_000);
    let state = desk.table.recorder_state(desk.recorder).expect("it is there");
    assert!(state.left_out > 0 && state.waiting < 140_000, "{state:?}");
    desk.go_on(30_001);
    desk.go_on(30_002);
    desk.ask(clients[1], "ACQ4ANY enwiki:pcache:9 1 9 5", 30_003);
    desk.ask(clients[0], "RELEASE", 30_004);
    let recording = is_true(&desk.end());
    assert_eq!(recording.segments.len(), 2);
    assert_eq!(recording.segments[1].left_out, state.left_out);
    assert_eq!(recording.segments[0].calls.len() as u64 + state.left_out, 60_001);
    assert_eq!(recording.segments[1].told.len(), 1);
}

/// The end of a segment, such as by new rules for groups, does not forget what was left out before.
#[test]
fn an_end_while_calls_are_left_out_keeps_their_number() {
    let mut desk = Desk::new(everything());
    let client = desk.table.connect();
    desk.go_on(0);
    for round in 0..30_000 {
        desk.ask(client, "ACQ4ANY enwiki:pcache:1 1 9 5", round);
        desk.ask(client, "RELEASE", round);
    }
    let left_out = desk.table.recorder_state(desk.recorder).expect("it is there").left_out;
    assert!(left_out > 0);
    desk.table.recorder_end_segment(desk.recorder);
    desk.go_on(30_000);
    desk.go_on(30_001);
    assert_eq!(is_true(&desk.end()).left_out(), left_out);
}

/// An event takes about ten bytes.
#[test]
fn it_is_compact() {
    let mut desk = Desk::new(everything());
    let clients: Vec<ClientId> = (0..400).map(|_| desk.table.connect()).collect();
    desk.go_on(0);
    for round in 0..20_000_usize {
        let client = clients[round * 7 % 400];
        desk.ask(client, &format!("ACQ4ANY enwiki:pcache:idhash:{} 2 100 15", round % 3_000), round as u64);
        desk.ask(client, "RELEASE", round as u64);
        if round % 1_000 == 0 {
            desk.go_on(round as u64);
        }
    }
    let file = desk.end();
    let recording = is_true(&file);
    assert_eq!((recording.calls(), recording.left_out()), (40_000, 0));
    assert!(file.len() < 40_000 * 12, "{}", file.len());
}

fn anonymous_scope() -> Scope {
    Scope { groups: None, naming: Naming::Anonymous(1, 2) }
}

/// A line without a key is refused, and is refused again.
#[test]
fn a_line_without_a_key_stays_one() {
    for scope in [everything(), anonymous_scope()] {
        let mut desk = Desk::new(scope);
        let anna = desk.table.connect();
        desk.go_on(0);
        let acquire = Acquire::new(Mode::ForMe, b"", 1, 9, 5).expect("a line may have no key");
        assert_eq!(desk.table.command(anna, Command::Acquire(acquire), at(1)), Some(Response::BadSyntax));
        desk.ask(anna, "ACQ4ANY enwiki:pcache:1 0 0 0", 2);
        is_true(&desk.end());
    }
}

/// A call that is refused before the key is looked up does not say which group the key has.
#[test]
fn a_key_has_its_group_after_a_refusal() {
    let mut desk = Desk::new(everything());
    let [anna, ben] = [(); 2].map(|()| desk.table.connect());
    desk.go_on(0);
    for key in 0..4 {
        desk.ask(anna, &format!("ACQ4ME enwiki:pcache:{key} 1 9 5"), 1);
    }
    assert_eq!(desk.ask(anna, "ACQ4ME enwiki:rcache:1 1 9 5", 2), "LOCK_HELD");
    for _ in 0..2 {
        desk.ask(ben, "ACQ4ME enwiki:rcache:1 1 9 5", 3);
        desk.ask(ben, "RELEASE", 4);
    }
    let recording = is_true(&desk.end());
    let segment = &recording.segments[0];
    let groups = segment.calls.iter().filter_map(|call| match call.kind {
        CallKind::Acquire { key, .. } => Some(&*segment.keys[key as usize].group),
        _ => None,
    });
    assert_eq!(groups.collect::<Vec<_>>()[4..], ["other", "rcache", "rcache"]);
}

/// A message is for a client that leaves before it is taken.
#[test]
fn a_client_may_leave_when_its_time_is_over() {
    for scope in [everything(), only("pcache")] {
        let mut desk = Desk::new(scope);
        let [anna, ben, carl] = [(); 3].map(|()| desk.table.connect());
        desk.go_on(0);
        desk.ask(anna, "ACQ4ANY enwiki:pcache:1 1 9 60", 1);
        desk.ask(ben, "ACQ4ANY enwiki:pcache:1 1 9 1", 2);
        desk.ask(carl, "ACQ4ANY enwiki:pcache:1 1 9 60", 3);
        desk.leave(ben, 1_500);
        desk.ask(anna, "RELEASE", 1_600);
        assert_eq!(is_true(&desk.end()).segments[0].told.len(), 2);
    }
}

/// A message is for a client that asks again before it is taken.
#[test]
fn a_client_may_release_when_its_time_is_over() {
    let mut desk = Desk::new(only("pcache"));
    let [anna, ben] = [(); 2].map(|()| desk.table.connect());
    desk.go_on(0);
    desk.ask(ben, "ACQ4ANY enwiki:pcache:2 1 9 60", 1);
    desk.ask(anna, "ACQ4ANY enwiki:pcache:1 1 9 60", 1);
    desk.ask(ben, "ACQ4ANY enwiki:pcache:1 1 9 1", 2);
    desk.table.expire(at(1_500));
    desk.ask(ben, "RELEASE", 1_500);
    assert_eq!(is_true(&desk.end()).segments[0].told.len(), 1);
}

/// A segment does not begin between a call and its messages.
#[test]
fn messages_belong_to_the_segment_of_their_call() {
    let mut desk = Desk::new(everything());
    let [anna, ben] = [(); 2].map(|()| desk.table.connect());
    desk.ask(anna, "ACQ4ANY enwiki:pcache:1 1 9 60", 1);
    desk.ask(ben, "ACQ4ANY enwiki:pcache:1 1 9 1", 2);
    let _ = desk.table.command(anna, Command::Release, at(3));
    desk.go_on(4);
    desk.ask(anna, "STATS full", 5);
    desk.go_on(6);
    desk.ask(anna, "STATS full", 7);
    assert_eq!(is_true(&desk.end()).calls(), 1);
}

/// With other rules keys have other groups.
#[test]
fn new_rules_for_groups_begin_a_segment() {
    let mut desk = Desk::new(only("pcache"));
    let [anna, ben] = [(); 2].map(|()| desk.table.connect());
    desk.go_on(0);
    desk.ask(anna, "ACQ4ANY enwiki:pcache:1 1 9 60", 1);
    desk.ask(ben, "ACQ4ANY enwiki:rcache:1 1 9 60", 2);
    desk.table.observe(Groups::parse("pcache *:rcache:*").expect("rules"), at(3));
    desk.go_on(4);
    desk.ask(anna, "RELEASE", 5);
    assert_eq!(desk.ask(ben, "RELEASE", 6), "RELEASED");
    let recording = is_true(&desk.end());
    let kept: Vec<_> = recording.segments.iter().map(|segment| (segment.standing.len(), segment.calls.len())).collect();
    assert_eq!(kept, [(0, 1), (1, 1)]);
}

/// More stands than may wait to be taken, or than keys are remembered.
#[test]
fn much_may_stand_at_the_beginning() {
    const KEYS: usize = 140_000;
    let mut desk = Desk::new(everything());
    let clients: Vec<ClientId> = (0..KEYS / 4).map(|_| desk.table.connect()).collect();
    for key in 0..KEYS {
        desk.ask(clients[key / 4], &format!("ACQ4ANY enwiki:pcache:{key} 1 9 60"), 0);
    }
    for millis in 0..400 {
        while desk.table.recorder_advance(desk.recorder, at(millis), STARTED, 512) {}
        let state = desk.table.recorder_state(desk.recorder).expect("it is there");
        assert!(state.waiting < 140_000, "{state:?}");
        desk.file.extend(desk.table.recorder_take(desk.recorder));
        desk.ask(clients[usize::try_from(millis).expect("small")], "RELEASE", millis);
    }
    let recording = is_true(&desk.end());
    assert_eq!((recording.segments.len(), recording.left_out(), recording.calls()), (1, 0, 400));
    assert_eq!(recording.segments[0].standing.len(), KEYS);
}

/// A segment that ends before its standing is complete cannot be played. Its calls count as left out.
#[test]
fn calls_of_an_incomplete_segment_are_left_out() {
    let mut desk = Desk::new(everything());
    let anna = desk.table.connect();
    for key in 0..3 {
        desk.ask(anna, &format!("ACQ4ANY enwiki:pcache:{key} 1 9 60"), 0);
    }
    assert!(desk.table.recorder_advance(desk.recorder, at(1), STARTED, 1));
    for round in 2..7 {
        desk.ask(anna, "STATS full", round);
    }
    desk.table.recorder_end_segment(desk.recorder);
    desk.ask(anna, "STATS full", 7);
    desk.go_on(8);
    desk.ask(anna, "STATS full", 9);
    let file = desk.end();
    let recording = is_true(&file);
    assert_eq!((recording.segments.len(), recording.calls(), recording.left_out()), (1, 1, 6));
    let totals = Totals::of(&file).expect("a recording");
    assert_eq!((totals.segments, totals.calls, totals.left_out), (1, 1, 6));
}

/// Messages are no calls.
#[test]
fn messages_are_not_counted_as_calls_that_were_left_out() {
    let mut desk = Desk::new(everything());
    let [anna, ben] = [(); 2].map(|()| desk.table.connect());
    desk.go_on(0);
    desk.table.recorder_end_segment(desk.recorder);
    desk.ask(anna, "ACQ4ANY enwiki:pcache:1 1 9 60", 1);
    desk.ask(ben, "ACQ4ANY enwiki:pcache:1 1 9 60", 1);
    desk.ask(anna, "RELEASE", 2);
    assert_eq!(desk.table.recorder_state(desk.recorder).map(|state| state.left_out), Some(3));
}

/// The call before a gap is recorded, but not all of its messages. So the next segment does not continue.
#[test]
fn messages_that_are_left_out_make_a_gap() {
    const WAITERS: u64 = 60_000;
    let mut desk = Desk::new(everything());
    let anna = desk.table.connect();
    desk.go_on(0);
    desk.ask(anna, "ACQ4ANY enwiki:pcache:1 1 100000 60", 1);
    for number in 0..WAITERS {
        let waiter = desk.table.connect();
        desk.ask(waiter, "ACQ4ANY enwiki:pcache:1 1 100000 60", 2);
        if number % 1_000 == 0 {
            desk.go_on(2);
        }
    }
    desk.go_on(2);
    desk.ask(anna, "RELEASE", 3);
    assert_eq!(desk.table.recorder_state(desk.recorder).map(|state| state.is_running), Some(false));
    desk.go_on(4);
    desk.go_on(5);
    let recording = is_true(&desk.end());
    let [first, second] = &recording.segments[..] else { panic!("{} segments", recording.segments.len()) };
    assert!((first.told.len() as u64) < WAITERS, "some messages are missing");
    assert_eq!((second.left_out, second.continues), (1, false));
}

/// A file made by hand: a head without names, and these records.
fn by_hand(records: &[&[u8]]) -> Vec<u8> {
    let content = [&[poolcounter::recording::VERSION, 0, 0, 0, 0, 0][..], &records.concat()].concat();
    let length = u32::try_from(content.len()).expect("short");
    let checksum = crc32fast::hash(&content);
    [poolcounter::recording::MAGIC, &length.to_le_bytes(), &checksum.to_le_bytes(), &content].concat()
}

/// As postcard writes it.
const LARGEST: [u8; 10] = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];

#[test]
fn absurd_numbers_are_borne() {
    let statistics = [0; 19];
    let segment = [&[0, 0, 0][..], &LARGEST, &statistics, &[3]].concat();
    let file = by_hand(&[&segment, &segment]);
    let recording = read(&file);
    assert_eq!((recording.segments.len(), recording.left_out()), (2, u64::MAX));
    assert_eq!(Totals::of(&file).expect("a recording").left_out, u64::MAX);
}

/// A client with very many locks is refused at once.
#[test]
fn a_client_with_many_locks_is_refused() {
    let claim = |depth: u8| [0, depth, 0, 0, 0, 0, 0];
    // Each is looked for among all the others.
    let claims: Vec<u8> = (0..800_000).flat_map(|index| claim(if index < 400_000 { 0 } else { 255 })).collect();
    // 800,000 in groups of seven bits.
    let many = [0x80, 0xea, 0x30];
    let standing = [&[2, 0][..], &many, &claims, &[0, 0]].concat();
    let key = [1, 0, 0, 1, b'k'];
    let segment = [0, 0, 0, 0].into_iter().chain([0; 19]).collect::<Vec<u8>>();
    let recording = read(&by_hand(&[&segment, &key, &standing, &[3]]));
    assert_eq!(recording.segments[0].standing[0].holder_count(), 800_000);
    let begun = std::time::Instant::now();
    assert!(verify(&recording).is_err());
    // Without the check it takes a minute at least.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
}

/// The second part of a file may end anywhere, too: on a full disk it does.
#[test]
fn a_second_part_may_end_anywhere() {
    let golden = golden();
    let whole = read(&golden);
    for length in 1..golden.len() {
        let recording = is_true(&[&golden[..], &golden[..length]].concat());
        let ends_between = whole_blocks(&golden[..length]) == length;
        assert_eq!(recording.is_cut, !ends_between, "{length}");
        assert_eq!(recording.segments[..1], whole.segments);
    }
}

/// A large file is counted in pieces.
#[test]
fn a_file_is_counted_in_pieces() {
    let golden = golden();
    let file = [&golden[..], &golden, &EMPTY_BLOCK].concat();
    for size in 1..file.len() {
        let (mut tally, mut rest) = (Tally::default(), Vec::new());
        for piece in file.chunks(size) {
            rest.extend_from_slice(piece);
            let read = tally.add(&rest).expect("whole blocks");
            rest.drain(..read);
        }
        assert_eq!((tally.totals(), rest.len()), (Totals::of(&file), 0), "{size}");
    }
    assert_eq!(Tally::default().totals(), Err(RecordingError::Empty));
}

/// A large file is read in pieces, also one that is cut.
#[test]
fn a_file_is_read_in_pieces() {
    let golden = golden();
    let file = [&golden[..], &golden, &EMPTY_BLOCK].concat();
    for file in [&file[..], &file[..file.len() - 9]] {
        for size in 1..file.len() {
            let (mut reader, mut rest) = (Reader::default(), Vec::new());
            for piece in file.chunks(size) {
                rest.extend_from_slice(piece);
                let read = reader.add(&rest).expect("whole blocks");
                rest.drain(..read);
            }
            assert_eq!(reader.finish(&rest), Recording::read(file), "{size}");
        }
    }
    assert_eq!(Reader::default().finish(&[]), Err(RecordingError::Empty));
}

/// Little is written at a time, also if many wait for each key.
#[test]
fn claims_count_when_a_standing_is_written() {
    let mut desk = Desk::new(everything());
    for key in 0..4 {
        for _ in 0..100 {
            let client = desk.table.connect();
            desk.ask(client, &format!("ACQ4ANY enwiki:pcache:{key} 1 200 60"), 0);
        }
    }
    let calls = (1..100).take_while(|_| desk.table.recorder_advance(desk.recorder, at(1), STARTED, 100)).count();
    assert!(calls >= 4, "{calls}");
    let recording = is_true(&desk.end());
    assert!(recording.segments[0].standing.iter().all(|standing| standing.waiter_count() == 99));
}

/// The standing of one key has more bytes than the recorder may keep.
#[test]
fn a_key_with_very_many_waiters_is_recorded() {
    let mut desk = Desk::new(everything());
    let holder = desk.table.connect();
    desk.ask(holder, "ACQ4ANY many 1 1000000 60", 0);
    for _ in 0..20_000 {
        let waiter = desk.table.connect();
        desk.ask(waiter, "ACQ4ANY many 1 1000000 60", 1);
    }
    // Calls come before the bytes are taken.
    desk.table.recorder_advance(desk.recorder, at(2), STARTED, 1);
    let late = desk.table.connect();
    desk.ask(late, "ACQ4ME other 1 10 5", 3);
    // There is room again when these bytes are taken.
    desk.go_on(4);
    desk.go_on(4);
    desk.ask(holder, "RELEASE", 5);
    let recording = is_true(&desk.end());
    let [segment] = &recording.segments[..] else { panic!("one segment") };
    assert_eq!((segment.standing[0].waiter_count(), segment.calls.len(), segment.told.len()), (20_000, 2, 20_000));
    assert_eq!(recording.left_out(), 0);
}
