//! The command `poolcounter-sim`.

use anyhow::{Result, ensure};
use poolcounter::recording::{Naming, Scope, Title};
use poolcounter::{HashSeed, LockTable, Timestamp};
use poolcounter_sim::{Comparison, FIELDS, Preset, Report, Simulation};
use poolcounter_test_support::Scratch;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(env!("CARGO_BIN_EXE_poolcounter-sim")).args(arguments).output()?)
}

fn printed(arguments: &[&str]) -> Result<String> {
    let output = run(arguments)?;
    ensure!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn json_is_the_report_of_the_library() -> Result<()> {
    let query = "preset=slow-parse&seed=7&duration=120&a=forMe,workers:3&parseCpu=2.5";
    let lab = Comparison::from_query(query)?;
    let a = Simulation::new(&lab.scenario, &lab.a)?.finish();
    let b = Simulation::new(&lab.scenario, &lab.b)?.finish();
    let expected = Report::new(&lab, a, b).to_json() + "\n";
    assert_eq!(printed(&["--json", "--scenario", query])?, expected);
    let preset = ["--preset", "slow-parse", "--seed=7", "--duration", "120"];
    let rest = ["--a", "forMe,workers:3", "--parse-cpu", "2.5", "--json"];
    assert_eq!(printed(&[&preset[..], &rest].concat())?, expected);
    assert_eq!(printed(&["--scenario", &format!("?{}", lab.to_query()), "--json"])?, expected);
    Ok(())
}

#[test]
fn a_table_shows_both_settings() -> Result<()> {
    let table = printed(&["--preset", "breaking-news", "--duration", "60"])?;
    let lab = Comparison::of(Preset::BreakingNews).with("duration", "60")?;
    let totals = Simulation::new(&lab.scenario, &lab.a)?.finish().totals;
    let requests = format!("{},{:03}", totals.requests / 1_000, totals.requests % 1_000);
    assert!(table.starts_with("v=1&preset=breaking-news&seed=1&duration=60\n\na: none\nb: forAnyone,"), "{table}");
    assert!(table.contains(&format!("\nrequests{requests:>34}{requests:>14}\n")), "{table}");
    Ok(())
}

#[test]
fn help_names_every_field_and_the_list_every_preset() -> Result<()> {
    let help = printed(&["--help"])?;
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(FIELDS.iter().all(|field| words.contains(field.label)), "{help}");
    // A terminal has 80 columns.
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    assert!(help.contains("--other-parse-cpu N"), "{help}");
    let list = printed(&["--list-presets"])?;
    let names: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, Preset::ALL.map(Preset::name));
    assert_eq!(printed(&["--version"])?, format!("poolcounter-sim {}\n", env!("CARGO_PKG_VERSION")));
    Ok(())
}

#[test]
fn a_mistake_is_named() -> Result<()> {
    let cases: [(&[&str], &str); 5] = [
        (&["--cores", "0"], "cores: must be from 1 to 1024, not 0"),
        (&["--a", "forAll"], "a.forAll: there is no such setting"),
        (&["--preset", "doomsday"], "preset: there is no preset \"doomsday\""),
        (&["--cups", "3"], "invalid option '--cups'"),
        (&["breaking-news"], "unexpected argument \"breaking-news\""),
    ];
    for (arguments, complaint) in cases {
        let output = run(arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr)?, format!("poolcounter-sim: {complaint}\n"));
        assert!(output.stdout.is_empty());
    }
    Ok(())
}

/// A recording of every kind of call.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/recording.golden");

#[test]
fn a_recording_is_played() -> Result<()> {
    let output = run(&["verify", GOLDEN, GOLDEN])?;
    let text = String::from_utf8(output.stdout)?;
    let line = format!(
        "{GOLDEN}: pool1 from 2026-11-27 09:00:00 UTC, 14 calls, 0 left out: 9 answers and 2 messages are the same\n"
    );
    assert_eq!((output.status.code(), text), (Some(0), line.repeat(2)));
    Ok(())
}

#[test]
fn what_is_no_recording_is_named() -> Result<()> {
    for (arguments, words) in [
        (&["verify"][..], "verify needs a file"),
        (&["verify", "/nowhere"], "/nowhere: No such file or directory"),
        (
            &["verify", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
            "Cargo.toml: this is not a recording of poolcounterd",
        ),
    ] {
        let output = run(arguments)?;
        let said = String::from_utf8(output.stderr)?;
        assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
    }
    Ok(())
}

/// A file from elsewhere may say anything of its server and its start.
#[test]
fn a_strange_title_is_printed() -> Result<()> {
    let now = Timestamp::default();
    let mut table = LockTable::new(HashSeed::new(1, 2), now);
    let title = Title { server: "\u{1b}[2J\n".into(), program: "".into(), started: u64::MAX };
    let recorder = table.add_recorder(&title, Scope { groups: None, naming: Naming::Plain }, 0);
    table.recorder_advance(recorder, now, 0, 1);
    let scratch = Scratch::new()?;
    let file = scratch.file("strange.rec");
    std::fs::write(&file, table.remove_recorder(recorder))?;
    let text = printed(&["verify", &file.display().to_string()])?;
    assert!(text.contains(r": \u{1b}[2J\n from 9999-12-31 23:59:59 UTC, 0 calls"), "{text}");
    Ok(())
}
