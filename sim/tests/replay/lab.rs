//! Days of the lab, which are recorded and replayed. The lab with the new setting says what is true.

use crate::desk::{played, report_of};
use poolcounter::recording::{Recording, verify};
use poolcounter_sim::replay::{Plan, Report};
use poolcounter_sim::{Comparison, Outcome, Scenario, Setting, Simulation};

fn day(query: &str) -> Comparison {
    Comparison::from_query(query).unwrap()
}

fn recorded(scenario: &Scenario, setting: &Setting) -> Recording {
    let mut simulation = Simulation::new(scenario, setting).unwrap().recorded();
    while simulation.advance(100_000) < 1.0 {}
    let recording = Recording::read(&simulation.end_recording()).unwrap();
    assert_eq!(verify(&recording).unwrap().first, None);
    recording
}

fn truth(scenario: &Scenario, setting: &Setting) -> Outcome {
    Simulation::new(scenario, setting).unwrap().finish()
}

/// Column A has the very counts of the recording, because it knows every duration and every reaction.
fn assert_exact(report: &Report, name: &str) {
    for group in &report.groups {
        let mut a = group.a.clone();
        a.stale = group.recorded.stale;
        a.errors = group.recorded.errors;
        assert_eq!(group.recorded, a, "{name}: {}", group.info.name);
        assert!(group.is_near);
    }
}

#[test]
fn column_a_is_the_recording() {
    for (query, settings) in [
        ("preset=breaking-news&duration=900", &["forAnyone", "forAnyone,workers:1,maxqueue:20,timeout:3"][..]),
        ("preset=breaking-news&duration=900&cores=64", &["forAnyone,fastStale", "forMe,workers:3,timeout:9"]),
        ("preset=worker-crash&duration=900&seed=4", &["forAnyone", "forAnyone,workers:1,fastStale"]),
        ("preset=slow-parse&duration=900&patience=9", &["forAnyone,workers:1,maxqueue:5", "forAnyone,slots:3"]),
        ("preset=bot-crawl&duration=900", &["forMe,workers:2,maxqueue:10,timeout:5,slots:4"]),
    ] {
        for setting in settings {
            let report = played(&recorded(&day(query).scenario, &setting.parse().unwrap()), &[]);
            assert_exact(&report, &format!("{query} {setting}"));
        }
    }
}

/// Many cores, so that a parse always takes the same time, and no reader gives up. A parse is drawn anew where the recording has none, so all take about the same time.
const ROOMY: &str = "preset=breaking-news&duration=900&cores=1024&webWorkers=10000&parseSpread=0.1&patience=600&hotCached=false&readers=0";

/// Within a tenth, or some events.
fn assert_near(what: &str, truth: u64, model: u64) {
    assert!(truth.abs_diff(model) <= (truth / 10).max(5), "{what}: {model} instead of {truth}");
}

#[test]
fn column_b_is_the_lab_with_the_new_setting() {
    let lab = day(ROOMY);
    for (old, change, new) in [
        ("forAnyone,workers:1,maxqueue:100", "pcache: maxqueue 400", "forAnyone,workers:1,maxqueue:400"),
        ("forAnyone,workers:1,maxqueue:400", "pcache: maxqueue 30", "forAnyone,workers:1,maxqueue:30"),
        ("forAnyone,workers:1,maxqueue:400", "pcache: timeout 2", "forAnyone,workers:1,maxqueue:400,timeout:2"),
        ("forAnyone,workers:1,maxqueue:900", "pcache: workers 4", "forAnyone,workers:4,maxqueue:900"),
        ("forAnyone,workers:1,maxqueue:400", "pcache: fastStale", "forAnyone,workers:1,maxqueue:400,fastStale"),
        ("forAnyone,workers:1,maxqueue:400,fastStale", "pcache: fastStale off", "forAnyone,workers:1,maxqueue:400"),
    ] {
        let recording = recorded(&lab.scenario, &old.parse().unwrap());
        let report = played(&recording, &[change]);
        let [group] = &report.groups[..] else { panic!("one group") };
        let b = &group.b;
        let truth = truth(&lab.scenario, &new.parse().unwrap()).totals;
        let name = |what: &str| format!("{old} -> {change}: {what}");
        assert_near(&name("parses"), truth.parses, b.works);
        assert_near(&name("repeated"), truth.repeated_parses, b.repeated);
        assert_near(&name("stale"), truth.stale, b.stale.unwrap());
        assert_near(&name("errors"), truth.errors, b.errors.unwrap());
    }
}

/// Eight cores for everybody. The lab's requests use CPU time for other things, too, so these take none here.
#[test]
fn with_cores_work_takes_longer_where_more_of_it_runs() {
    let lab =
        day("preset=slow-parse&duration=600&servers=1&cores=8&webWorkers=10000&requestCpu=0&readers=0&parseSpread=0\
                   &patience=600&parseCpu=4&hotReaders=20&edits=6");
    let recording = recorded(&lab.scenario, &"forAnyone,workers:2,maxqueue:900".parse().unwrap());
    let plan = Plan { cores: Some(8), ..Plan::default() }.with("pcache: workers 32").unwrap();
    let report = report_of(&[recording], &plan);
    assert_exact(&report, "with cores");
    let truth = truth(&lab.scenario, &"forAnyone,workers:32,maxqueue:900".parse().unwrap()).totals;
    let b = &report.groups[0].b;
    assert_near("parses", truth.parses, b.works);
    assert_near("repeated", truth.repeated_parses, b.repeated);
    let without = report_of(
        &[recorded(&lab.scenario, &"forAnyone,workers:2,maxqueue:900".parse().unwrap())],
        &Plan { cores: None, ..plan },
    );
    assert!(without.groups[0].b.wait.p95 * 2.0 < b.wait.p95, "{} {}", without.groups[0].b.wait.p95, b.wait.p95);
    assert!(without.warnings.iter().any(|warning| warning.contains("use --cores N")), "{:?}", without.warnings);
}
