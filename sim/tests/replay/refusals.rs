//! What cannot be played is refused, with a reason.

use crate::desk::{Desk, report_of};
use poolcounter::recording::{Naming, Recording};
use poolcounter_sim::replay::{Plan, Replay, Traffic};
use std::sync::Arc;

fn recording(naming: Naming, key: &str) -> Recording {
    let mut desk = Desk::of("pool1", naming);
    desk.record(0);
    let client = desk.come(&format!("ACQ4ANY {key} 1 10 5"), 0);
    desk.ask(client, "RELEASE", 1_000);
    desk.recording()
}

fn refusal(recording: Recording, plan: &Plan) -> String {
    let traffic = Arc::new(Traffic::of(&[recording]).unwrap());
    Replay::new(&traffic, plan).unwrap_err().to_string()
}

#[test]
fn a_setting_is_refused_that_the_recording_does_not_allow() {
    let named = || recording(Naming::Plain, "enwiki:pcache:1");
    for (recording, changes, words) in [
        (
            named(),
            &["ApiParser: workers 2"][..],
            "ApiParser: the recordings have no key of this group or pool type; their groups are: pcache",
        ),
        (named(), &["pcache: workers 2", "ArticleView: timeout 9"], "pcache: there are two settings for this group"),
        (
            recording(Naming::Anonymous(1, 2), "enwiki:pcache:1"),
            &["pcache: slots 4"],
            "pcache.slots: slots cannot be tried on an anonymous recording: they follow from the keys",
        ),
        (
            recording(Naming::Plain, "FileRenderExpensive:5"),
            &["FileRenderExpensive: slots 4"],
            "FileRenderExpensive.slots: other slots cannot be tried: the recorded keys are slots, and not those of pages",
        ),
    ] {
        let plan = changes.iter().try_fold(Plan::default(), |plan, change| plan.with(change)).unwrap();
        assert_eq!(refusal(recording, &plan), words);
    }
    assert_eq!(refusal(named(), &Plan { cores: Some(0), ..Plan::default() }), "cores: must be from 1, not 0");
}

#[test]
fn a_text_is_refused_that_is_no_setting() {
    for (text, words) in [
        ("workers 4", "workers 4: expected a group and its settings, such as `ArticleView: workers 4, maxqueue 50`"),
        (": workers 4", "group: expected a group and its settings, such as `ArticleView: workers 4, maxqueue 50`"),
        ("pcache: workers 0", "pcache.workers: must be from 1 to 100000, not 0"),
        ("pcache: timeout 99999999999", "pcache.timeout: must be from 0 to 3600, not 99999999999"),
        ("pcache: timeout 4000", "pcache.timeout: must be from 0 to 3600, not 4000"),
        ("pcache: workers", "pcache.workers: needs a number, such as `workers 4`"),
        ("pcache: workers 4 maxqueue 50", "pcache.workers: needs a comma after its number: `workers 4, maxqueue 50`"),
        ("pcache: timeout 15 s", "pcache.timeout: \"15 s\" is not a whole number"),
        ("pcache: none, workers 4", "pcache.none: means no pool, so no other setting can be named"),
        ("pcache: none 4", "pcache.none: takes no value"),
        ("pcache: fastStale maybe", "pcache.fastStale: is on or off, not \"maybe\""),
        ("pcache: cups 4", "pcache.cups: the settings are workers, maxqueue, timeout, slots, fastStale and none"),
    ] {
        assert_eq!(Plan::default().with(text).unwrap_err().to_string(), words);
    }
}

#[test]
fn recordings_of_different_years_are_refused() {
    let early = recording(Naming::Plain, "enwiki:pcache:1");
    let mut late = early.clone();
    late.segments[0].wall += 400 * 86_400 * 1_000_000;
    let refusal = Traffic::of(&[early, late]).unwrap_err().to_string();
    assert_eq!(refusal, "the recording contradicts itself: the recordings are more than a year apart");
}

#[test]
fn nothing_is_no_fault() {
    let report = report_of(&[], &Plan::default());
    assert_eq!((report.groups.len(), report.seconds), (0, 0.0));
    let mut desk = Desk::new();
    desk.record(0);
    let report = report_of(&[desk.recording()], &Plan::default());
    assert_eq!((report.groups.len(), report.sources.len()), (0, 1));
}

/// Calls that are missing, come twice, or come in another order, as they may in a file from elsewhere.
#[test]
fn strange_calls_are_played() {
    let mut desk = Desk::new();
    desk.come("ACQ4ANY enwiki:pcache:1 1 9 60", 0);
    desk.come("ACQ4ANY enwiki:pcache:1 1 9 60", 500);
    desk.record(1_000);
    let readers: Vec<_> = (0..30)
        .map(|reader| {
            let mode = if reader % 3 == 0 { "ME" } else { "ANY" };
            desk.come(&format!("ACQ4{mode} enwiki:pcache:{} 2 9 {}", reader % 4, reader % 5), 1_000 + reader * 50)
        })
        .collect();
    for (&reader, moment) in readers.iter().zip(0..) {
        desk.ask(reader, "RELEASE", 3_000 + moment * 60);
        desk.expire(3_000 + moment * 60);
        if moment % 2 == 0 {
            desk.leave(reader, 3_010 + moment * 60);
        }
    }
    let recording = desk.recording();
    let mut number = 1_u64;
    let mut below = |count: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(number >> 33).unwrap() % count
    };
    for _ in 0..500 {
        let mut strange = recording.clone();
        let segment = &mut strange.segments[0];
        for _ in 0..=below(5) {
            let (one, other) = (below(segment.calls.len()), below(segment.calls.len()));
            match below(6) {
                0 => drop(segment.calls.remove(one)),
                1 => segment.calls.insert(one, segment.calls[other].clone()),
                2 => segment.calls.swap(one, other),
                3 => segment.calls[one].client = u32::try_from(below(40)).unwrap(),
                4 => segment.calls[one].told = u32::try_from(below(9)).unwrap(),
                _ => segment.calls[one].answer = segment.calls[other].answer.clone(),
            }
        }
        let plan =
            Plan { cores: Some(1), ..Plan::default() }.with("ArticleView: workers 3, fastStale, slots 2").unwrap();
        let report = report_of(&[strange], &plan);
        let group = &report.groups[0];
        assert_eq!(group.recorded.requests, group.a.requests);
        assert_eq!(group.a.requests, group.b.requests);
    }
}

/// Whatever a file says, it is played or refused.
#[test]
fn a_strange_file_is_played() {
    let mut strange = recording(Naming::Plain, "enwiki:pcache:1");
    let segment = &mut strange.segments[0];
    let calls = segment.calls.clone();
    // The same call again, one without the other, time that goes back, a moment before moment 0.
    segment.calls.extend(calls.iter().rev().cloned());
    segment.calls.extend(calls.iter().skip(1).cloned());
    segment.clock = poolcounter::Timestamp::from_micros(u64::MAX / 2);
    let report = report_of(&[strange], &Plan::default());
    assert_eq!(report.groups[0].recorded.requests, 2);
}
