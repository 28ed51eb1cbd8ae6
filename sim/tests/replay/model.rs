//! What is recognised in a recording, and how the model plays it: small stories.

use crate::desk::{Desk, at, group, played, report_of};
use poolcounter::recording::{Naming, Recording};
use poolcounter_sim::replay::{Figures, Plan, Replay, Traffic, TrafficReading};
use std::sync::Arc;

const PAGE: &str = "enwiki:pcache:idhash:3-0!canonical:revid:7";

fn any(limits: &str) -> String {
    format!("ACQ4ANY {PAGE} {limits}")
}

/// Of the only group: granted, done, refused, timed out, not free.
fn answers(figures: &Figures) -> [u64; 5] {
    [figures.granted, figures.done, figures.refused, figures.timed_out, figures.not_free]
}

fn assert_same(recording: &Recording) -> Figures {
    let report = played(recording, &[]);
    let [group] = &report.groups[..] else { panic!("one group") };
    let a = Figures { stale: group.recorded.stale, errors: group.recorded.errors, ..group.a.clone() };
    assert_eq!(group.recorded, a, "column A is the recording");
    assert_eq!(group.a, group.b, "without a change column B is column A");
    group.a.clone()
}

/// Anna works for ten seconds. Ben finds no old copy and asks again. Carl finds one.
fn pairs() -> Recording {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 10 0"), 0);
    let ben = desk.come(&any("1 10 0"), 1_000);
    desk.ask(ben, &any("1 10 15"), 1_020);
    let carl = desk.come("ACQ4ANY enwiki:pcache:idhash:4-0!canonical:revid:9 1 10 0", 2_000);
    let dora = desk.come("ACQ4ANY enwiki:pcache:idhash:4-0!canonical:revid:9 1 10 0", 3_000);
    desk.ask(anna, "RELEASE", 10_000);
    desk.ask(carl, "RELEASE", 11_000);
    for client in [anna, ben, carl, dora] {
        desk.leave(client, 12_000);
    }
    desk.recording()
}

#[test]
fn a_pair_is_one_request_without_an_old_copy() {
    let figures = assert_same(&pairs());
    assert_eq!((figures.requests, answers(&figures)), (4, [2, 1, 0, 0, 2]));
    let report = played(&pairs(), &[]);
    let info = &group(&report, "pcache").info;
    assert!(info.fast_stale && info.limits.timeout == 15 && info.other_limits == 0, "{info:?}");
    assert_eq!(group(&report, "pcache").recorded.stale, Some(1));
    assert_eq!(figures.stale, Some(1));
    // Ben waits 8.98 s, from his second question.
    assert_eq!((figures.wait.count, figures.wait.p50), (1, 8.98));
}

/// Those who are refused get an old copy or an error: the recording does not say which.
#[test]
fn old_copies_are_unknown_where_somebody_is_refused() {
    let mut desk = Desk::new();
    desk.record(0);
    desk.come(&any("1 2 0"), 0);
    let ben = desk.come(&any("1 2 0"), 1_000);
    desk.ask(ben, &any("1 2 15"), 1_020);
    desk.come(&any("1 2 0"), 2_000);
    let carl = desk.come(&any("1 2 0"), 3_000);
    assert_eq!(desk.ask(carl, &any("1 2 15"), 3_020), "QUEUE_FULL");
    let report = played(&desk.recording(), &[]);
    let recorded = &group(&report, "pcache").recorded;
    assert_eq!((recorded.stale, recorded.errors), (None, None));
}

#[test]
fn without_fast_stale_everybody_waits() {
    let report = played(&pairs(), &["ArticleView: fastStale off"]);
    let b = &group(&report, "pcache").b;
    assert_eq!((answers(b), b.stale), ([2, 2, 0, 0, 0], Some(0)));
    assert_eq!(b.wait.max, 9.0);
}

#[test]
fn two_questions_far_apart_are_no_pair() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 10 0"), 0);
    let ben = desk.come(&any("1 10 0"), 1_000);
    desk.ask(ben, &any("1 10 15"), 11_500);
    desk.ask(anna, "RELEASE", 12_000);
    let recording = desk.recording();
    let report = played(&recording, &[]);
    let pcache = group(&report, "pcache");
    assert!(!pcache.info.fast_stale);
    assert_eq!((pcache.recorded.requests, pcache.recorded.stale), (3, None));
    assert_same(&recording);
}

#[test]
fn a_second_try_after_done_is_part_of_its_request() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 10 15"), 0);
    let ben = desk.come(&any("1 10 15"), 500);
    let carl = desk.come(&any("1 10 15"), 600);
    desk.ask(anna, "RELEASE", 2_000);
    assert_eq!(desk.ask(ben, &format!("ACQ4ME {PAGE} 1 10 15"), 2_010), "LOCKED");
    desk.ask(ben, "RELEASE", 3_000);
    desk.leave(carl, 3_100);
    let figures = assert_same(&desk.recording());
    assert_eq!((figures.requests, answers(&figures)), (3, [2, 2, 0, 0, 0]));
    assert_eq!((figures.works, figures.repeated), (2, 1), "Ben's work was there already");
}

#[test]
fn who_leaves_leaves_again() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 10 15"), 0);
    let ben = desk.come(&any("1 10 15"), 100);
    let carl = desk.come(&format!("ACQ4ME {PAGE} 1 10 15"), 200);
    let dora = desk.come(&format!("ACQ4ME {PAGE} 1 10 2"), 300);
    desk.leave(ben, 1_100);
    // Its timer ends with this.
    desk.ask(dora, "nonsense", 1_200);
    // A worker that dies: Carl is next.
    desk.leave(anna, 5_000);
    desk.ask(carl, "RELEASE", 6_000);
    desk.ask(dora, "RELEASE", 7_000);
    let figures = assert_same(&desk.recording());
    assert_eq!(answers(&figures), [3, 0, 0, 0, 0]);
    assert_eq!((figures.left, figures.died, figures.works), (1, 1, 2));
    assert_eq!(figures.wait.p50, 4.8);
}

#[test]
fn who_takes_its_request_back_ends_the_waits_of_others() {
    let mut desk = Desk::new();
    desk.record(0);
    let _anna = desk.come(&any("1 10 15"), 0);
    let ben = desk.come(&any("1 10 15"), 100);
    let _carl = desk.come(&any("1 10 15"), 200);
    assert_eq!(desk.ask(ben, "RELEASE", 1_100), "RELEASED");
    let figures = assert_same(&desk.recording());
    assert_eq!((answers(&figures), figures.left, figures.unfinished), ([1, 1, 0, 0, 0], 1, 1));
}

#[test]
fn what_stands_at_the_beginning_goes_on() {
    let mut desk = Desk::new();
    let anna = desk.come(&any("1 10 60"), 0);
    let ben = desk.come(&any("1 10 60"), 2_000);
    let carl = desk.come(&any("1 10 6"), 3_000);
    let dora = desk.come(&format!("ACQ4ME {PAGE} 1 10 60"), 3_500);
    desk.record(5_000);
    let eve = desk.come(&any("1 10 60"), 6_000);
    desk.expire(9_000);
    desk.ask(anna, "RELEASE", 10_000);
    desk.ask(dora, "RELEASE", 11_000);
    for client in [ben, carl, eve] {
        desk.leave(client, 12_000);
    }
    let recording = desk.recording();
    let figures = assert_same(&recording);
    assert_eq!((figures.requests, answers(&figures)), (5, [1, 2, 0, 1, 0]));
    assert_eq!((figures.wait.count, figures.wait.max), (4, 8.0), "waits count from their beginning");
    assert_eq!((figures.works, figures.unfinished), (2, 0));
    // Room for one: who stands in the queue stays there, and Eve is refused.
    let report = played(&recording, &["pcache: maxqueue 1"]);
    assert_eq!(answers(&group(&report, "pcache").b), [1, 1, 1, 1, 0]);
}

#[test]
fn each_segment_is_played_by_itself() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 10 60"), 0);
    desk.pause();
    let ben = desk.come(&any("1 10 60"), 1_000);
    desk.record(2_000);
    desk.ask(anna, "RELEASE", 3_000);
    desk.leave(ben, 4_000);
    let recording = desk.recording();
    assert_eq!((recording.segments.len(), recording.left_out()), (2, 1));
    let figures = assert_same(&recording);
    // Anna is in both.
    assert_eq!((figures.requests, figures.unfinished, answers(&figures)), (3, 1, [1, 1, 0, 0, 0]));
    let warnings = played(&recording, &[]).warnings;
    assert!(warnings.iter().any(|warning| warning.starts_with("pool1: 1 calls were left out")), "{warnings:?}");
}

/// The last call of a segment and the next segment have the same moment.
#[test]
fn a_segment_may_begin_when_another_ends() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 10 60"), 0);
    let ben = desk.come(&any("1 10 60"), 1_000);
    desk.pause();
    desk.record(1_000);
    let carl = desk.come(&any("1 10 60"), 1_000);
    desk.ask(anna, "RELEASE", 3_000);
    for client in [ben, carl] {
        desk.leave(client, 4_000);
    }
    let mut recording = desk.recording();
    assert_eq!(recording.segments.len(), 2);
    recording.segments[1].continues = false;
    let figures = assert_same(&recording);
    assert_eq!((figures.requests, figures.unfinished, answers(&figures)), (5, 2, [1, 2, 0, 0, 0]));
}

/// As the pieces of the daemon's buffer: a wait that reaches into the next one is not cut.
#[test]
fn segments_without_a_gap_are_played_together() {
    let told = |is_in_pieces: bool| {
        let mut desk = Desk::new();
        desk.record(0);
        let next_piece = |desk: &mut Desk, millis: u64| {
            if is_in_pieces {
                desk.pause();
                desk.record(millis);
            }
        };
        desk.come("ACQ4ANY enwiki:pcache:another 1 10 60", 0);
        let anna = desk.come(&any("1 3 60"), 500);
        let ben = desk.come(&any("1 3 60"), 1_000);
        next_piece(&mut desk, 1_500);
        next_piece(&mut desk, 1_600);
        let carl = desk.come(&any("1 3 60"), 2_000);
        let _refused = desk.come(&any("1 3 60"), 2_500);
        next_piece(&mut desk, 2_700);
        desk.ask(anna, "RELEASE", 3_000);
        for client in [ben, carl] {
            desk.leave(client, 4_000);
        }
        desk.recording()
    };
    let (pieces, whole) = (told(true), told(false));
    assert_eq!((pieces.segments.len(), whole.segments.len()), (4, 1));
    let figures = assert_same(&pieces);
    assert_eq!((figures.requests, figures.unfinished, answers(&figures)), (5, 1, [2, 2, 1, 0, 0]));
    for changes in [&[][..], &["pcache: maxqueue 4"]] {
        assert_eq!(played(&pieces, changes), played(&whole, changes), "and there is no warning");
    }
    // After a new head, as after an upgrade, calls may be missing.
    let mut desk = Desk::new();
    desk.record(0);
    let _client = desk.come(&any("1 3 60"), 500);
    let file = desk.end();
    let recording = Recording::read(&[&file[..], &file[..]].concat()).unwrap();
    assert_eq!(recording.segments.iter().map(|segment| segment.continues).collect::<Vec<_>>(), [false, false]);
}

#[test]
fn a_reader_who_comes_after_the_result_finds_it() {
    let mut desk = Desk::new();
    desk.record(0);
    // Five works that take a second each, so that their durations are those of the key.
    for second in 0..5 {
        let client = desk.come(&any("1 10 60"), second * 2_000);
        desk.ask(client, "RELEASE", second * 2_000 + 1_000);
    }
    let slow = desk.come(&any("1 10 60"), 20_000);
    let _waits = desk.come(&any("1 10 60"), 20_100);
    let _late = desk.come(&any("1 10 60"), 25_000);
    desk.ask(slow, "RELEASE", 30_000);
    // Just after the end: it had looked before.
    let next = desk.come(&any("1 10 60"), 30_100);
    desk.ask(next, "RELEASE", 31_000);
    let recording = desk.recording();
    let figures = assert_same(&recording);
    assert_eq!((answers(&figures), figures.found, figures.repeated), ([7, 2, 0, 0, 0], 0, 1));
    // With two workers the second request works, too. In most cases a second is drawn for it. Then the late ones find its result.
    let b = |seed| {
        let plan = Plan { seed, ..Plan::default() }.with("pcache: workers 2").unwrap();
        let report = report_of(std::slice::from_ref(&recording), &plan);
        let b = group(&report, "pcache").b.clone();
        (b.found, b.repeated, answers(&b))
    };
    let drawn: std::collections::BTreeSet<_> = (0..50).map(b).collect();
    assert!(drawn.contains(&(2, 1, [7, 0, 0, 0, 0])), "{drawn:?}");
    assert!(drawn.len() > 1, "sometimes ten seconds are drawn: {drawn:?}");
}

/// Two workers: the shorter of two works ends first. With one worker the result comes later, and others would ask until then.
#[test]
fn readers_are_missing_where_a_result_comes_later() {
    let mut desk = Desk::new();
    desk.record(0);
    let slow = desk.come(&any("2 90 60"), 0);
    let quick = desk.come(&any("2 90 60"), 0);
    for reader in 1..=10 {
        desk.come(&any("2 90 60"), reader * 90);
    }
    desk.ask(quick, "RELEASE", 1_000);
    desk.ask(slow, "RELEASE", 5_000);
    let recording = desk.recording();
    assert_eq!(assert_same(&recording).missing, 0);
    let report = played(&recording, &["pcache: workers 1"]);
    let b = &group(&report, "pcache").b;
    // Eleven requests in the first second, and four seconds more.
    assert_eq!((answers(b), b.missing), ([1, 11, 0, 0, 0], 44));
    let words = "pcache: about 44 more readers would have asked in column B";
    assert!(report.warnings.iter().any(|warning| warning.starts_with(words)), "{:?}", report.warnings);
}

#[test]
fn two_pages_in_one_slot_wait_for_each_other() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come("ACQ4ANY enwiki:pcache:1 1 10 60", 0);
    let ben = desk.come("ACQ4ANY enwiki:pcache:2 1 10 60", 1_000);
    desk.ask(anna, "RELEASE", 4_000);
    desk.ask(ben, "RELEASE", 6_000);
    // A later call, so that the recording is long enough.
    desk.ask(ben, "nonsense", 60_000);
    let recording = desk.recording();
    assert_same(&recording);
    let report = played(&recording, &["ArticleView: slots 1"]);
    let b = &group(&report, "pcache").b;
    // Ben is told DONE, but not for his page: he asks again for himself, and works.
    assert_eq!((answers(b), b.works, b.repeated), ([2, 1, 0, 0, 0], 2, 0));
    assert_eq!((b.wait.count, b.wait.max, b.most_works), (1, 3.0, 1));
}

#[test]
fn without_a_pool_everybody_works() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 2 60"), 0);
    for moment in 1..10 {
        desk.come(&any("1 2 60"), moment);
    }
    desk.ask(anna, "RELEASE", 4_000);
    desk.ask(anna, "nonsense", 60_000);
    let report = played(&desk.recording(), &["pcache: none"]);
    let b = &group(&report, "pcache").b;
    assert_eq!((answers(b), b.works, b.repeated, b.most_works), ([10, 0, 0, 0, 0], 10, 9, 10));
}

#[test]
fn servers_are_played_together() {
    let story = |server: &str, naming, begin: u64| {
        let mut desk = Desk::of(server, naming);
        desk.record(begin);
        let anna = desk.come(&any("1 2 60"), begin);
        let _ben = desk.come(&any("1 2 60"), begin + 1);
        let _carl = desk.come(&any("1 2 60"), begin + 2);
        desk.ask(anna, "RELEASE", begin + 4_000);
        desk.recording()
    };
    for naming in [Naming::Plain, Naming::Anonymous(5, 6)] {
        let recordings = [story("pool1", naming, 1_000), story("pool2", naming, 0)];
        let report = report_of(&recordings, &Plan::default().with("ArticleView: maxqueue 50").unwrap());
        let pcache = group(&report, "pcache");
        assert_eq!((answers(&pcache.recorded), answers(&pcache.a)), ([2, 2, 2, 0, 0], [2, 2, 2, 0, 0]));
        assert_eq!((answers(&pcache.b), pcache.a.most_works), ([2, 4, 0, 0, 0], 2));
        assert_eq!((pcache.recorded.wait.max, pcache.a.wait.max), (3.999, 3.999));
        assert_eq!(report.seconds, 5.0);
        let names: Vec<&str> = report.sources.iter().map(|source| &*source.server).collect();
        assert_eq!(names, ["pool1", "pool2"]);
        // Plain keys of two servers are the same; of anonymous ones nobody knows.
        assert_eq!(pcache.keys.len(), if naming == Naming::Plain { 1 } else { 2 });
    }
}

#[test]
fn programs_that_never_wait_are_left_alone() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come("ACQ4ME nowait:enwiki:ApiParse:a:1 1 10 0", 0);
    desk.come("ACQ4ME nowait:enwiki:ApiParse:a:1 1 10 0", 10);
    desk.ask(anna, "RELEASE", 1_000);
    let recording = desk.recording();
    assert_same(&recording);
    let report = played(&recording, &["ApiParser: timeout 9"]);
    assert_eq!(answers(&group(&report, "ApiParse").b), [1, 0, 0, 0, 1]);
    assert!(report.warnings.iter().any(|warning| warning.contains("never wait")), "{:?}", report.warnings);
}

#[test]
fn the_text_for_localsettings_says_that_slots_stay() {
    const KEEP: &str = "// If this pool has 'slots', keep them";
    let conf = |key: &str, change: &str| {
        let mut desk = Desk::new();
        desk.record(0);
        let anna = desk.come(&format!("ACQ4ME {key} 2 30 7"), 0);
        desk.ask(anna, "RELEASE", 1_000);
        played(&desk.recording(), &[change]).groups[0].conf.clone()
    };
    assert!(conf("FileRenderExpensive:5", "FileRenderExpensive: workers 4").contains(KEEP));
    assert!(!conf("enwiki:SpecialContributions:a:1", "SpecialContributions: workers 4").contains(KEEP));
    assert!(!conf("enwiki:pcache:1", "pcache: slots 4").contains(KEEP));
    // What nobody waits for has a setting, too.
    let never = conf("nowait:enwiki:ApiParse:a:1", "ApiParser: workers 4");
    assert!(never.contains("'maxqueue' => 30"), "{never}");
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come("ACQ4ME nowait:enwiki:ApiParse:a:1 2 30 0", 0);
    desk.ask(anna, "RELEASE", 1_000);
    let never = played(&desk.recording(), &["ApiParser: timeout 9"]).groups[0].info.limits;
    assert_eq!((never.workers, never.maxqueue, never.timeout), (2, 30, 0));
}

/// Two groups, each with two works at once; together they never had more than two.
#[test]
fn cores_are_those_of_all_groups() {
    let mut desk = Desk::new();
    desk.record(0);
    let mut readers = Vec::new();
    for reader in 0..3 {
        readers.push(desk.come("ACQ4ANY enwiki:pcache:1 1 9 60", reader * 10));
        readers.push(desk.come("ACQ4ME enwiki:ApiParse:a:1 1 9 60", reader * 10));
    }
    for (reader, at) in readers.into_iter().zip((1..).map(|turn| turn * 1_000)) {
        desk.ask(reader, "RELEASE", at);
    }
    let recording = desk.recording();
    let warned = |changes: &[&str]| {
        let report = played(&recording, changes);
        report.warnings.iter().filter(|warning| warning.contains("works at once")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(warned(&["pcache: maxqueue 3"]), [""; 0]);
    let together = warned(&["pcache: workers 2", "ApiParser: workers 2"]);
    let [warning] = &together[..] else { panic!("{together:?}") };
    assert!(warning.starts_with("all groups of column B together have 4 works at once"), "{warning}");
}

#[test]
fn the_same_numbers_come_in_slices_of_any_size() {
    let traffic = Arc::new(Traffic::of(&[pairs()]).unwrap());
    let plan = Plan { cores: Some(1), ..Plan::default() }.with("pcache: workers 2, slots 1").unwrap();
    let whole = Replay::new(&traffic, &plan).unwrap().finish().to_json();
    let mut sliced = Replay::new(&traffic, &plan).unwrap();
    let mut share = 0.0;
    while share < 1.0 {
        let next = sliced.advance(1);
        assert!((share..=1.0).contains(&next), "{next} after {share}");
        assert_eq!(sliced.a().is_some(), next >= 0.5, "column A has ended when a half is done: {next}");
        share = next;
    }
    let a = sliced.a().cloned().unwrap();
    assert_eq!(sliced.report().to_json(), whole);
    assert_eq!(Replay::with_a(&traffic, &plan, a).unwrap().finish().to_json(), whole);
}

#[test]
fn recordings_are_read_in_slices_of_any_size() {
    let one = pairs();
    let mut other = one.clone();
    other.segments[0].wall += 700;
    let recordings = vec![one, other];
    let whole = report_of(&recordings, &Plan::default()).to_json();
    for calls in [1, 2, 5, 1_000_000] {
        let mut reading = TrafficReading::new(recordings.clone()).unwrap();
        let mut share = 0.0;
        while share < 1.0 {
            let next = reading.advance(calls);
            assert!((share..=1.0).contains(&next), "{next} after {share}");
            share = next;
        }
        let report = Replay::new(&Arc::new(reading.finish()), &Plan::default()).unwrap().finish();
        assert_eq!(report.to_json(), whole, "{calls}");
    }
}

#[test]
fn a_thousand_waiters_are_told_at_once() {
    let mut desk = Desk::new();
    desk.record(0);
    let anna = desk.come(&any("1 100000 60"), 0);
    for _ in 0..20_000 {
        desk.come(&any("1 100000 60"), 1);
    }
    desk.ask(anna, "RELEASE", 1_000);
    let figures = assert_same(&desk.recording());
    assert_eq!((figures.done, figures.most_waiting), (20_000, 20_000));
}

/// A file beside its compressed copy, for example.
#[test]
fn the_same_time_twice_is_said() {
    let recording = |server: &str, groups: Option<&str>| {
        let mut desk = Desk::of(server, Naming::Plain);
        desk.record(0);
        let anna = desk.come(&any("1 10 60"), 0);
        desk.ask(anna, "RELEASE", 2_000);
        let mut recording = desk.recording();
        recording.groups = groups.map(|name| vec![name.into()]);
        recording
    };
    let is_said = |recordings: &[Recording]| {
        let said = report_of(recordings, &Plan::default()).warnings;
        said.iter().any(|warning| warning.starts_with("pool1: there are two recordings of the same time."))
    };
    let one = recording("pool1", None);
    let mut later = one.clone();
    later.segments[0].wall += 2_000_000;
    let mut short = one.clone();
    short.segments[0].calls[1].at = at(300);
    assert!(is_said(&[one.clone(), one.clone()]));
    assert!(is_said(&[short.clone(), short.clone()]));
    assert!(is_said(&[one.clone(), short]), "a part of it");
    assert!(is_said(&[one.clone(), recording("pool1", Some("pcache"))]));
    let mut both = one.clone();
    both.segments.extend(one.segments.clone());
    assert!(is_said(&[both]), "one file after the other in the same file");
    assert!(!is_said(&[one.clone(), recording("pool2", None)]), "another server");
    assert!(!is_said(&[one, later]), "one after the other");
    assert!(!is_said(&[recording("pool1", Some("pcache")), recording("pool1", Some("ApiParse"))]), "other groups");
}
