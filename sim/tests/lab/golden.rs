//! The numbers of three scenarios, as they stand in the tree: a seed gives the same everywhere and always.
//!
//! `GOLDEN=write cargo test -p poolcounter_sim --test lab` writes them anew.

use anyhow::{Context, Result};
use poolcounter_sim::{Comparison, Preset, Report, Simulation};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn report(preset: Preset) -> Result<Report> {
    let lab = Comparison::of(preset);
    let a = Simulation::new(&lab.scenario, &lab.a)?.finish();
    let b = Simulation::new(&lab.scenario, &lab.b)?.finish();
    Ok(Report::new(&lab, a, b))
}

/// The totals to read, and a digest of everything else.
fn golden(report: &Report) -> Value {
    let digest: [u8; 20] = Sha1::digest(report.to_json()).into();
    let digest = digest.map(|byte| format!("{byte:02x}")).concat();
    json!({ "a": report.a.totals, "b": report.b.totals, "sha1OfReport": digest })
}

fn file(preset: Preset) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{}.json", preset.name()))
}

#[test]
fn three_scenarios_give_the_numbers_in_the_tree() -> Result<()> {
    for preset in [Preset::BreakingNews, Preset::BotCrawl, Preset::WorkerCrash] {
        let came = serde_json::to_string_pretty(&golden(&report(preset)?))? + "\n";
        if env::var_os("GOLDEN").is_some_and(|word| word == "write") {
            fs::write(file(preset), &came)?;
        }
        let expected = fs::read_to_string(file(preset)).with_context(|| format!("{:?}", file(preset)))?;
        assert_eq!(came, expected, "{}", preset.name());
    }
    Ok(())
}

#[test]
fn another_seed_gives_other_numbers() -> Result<()> {
    let lab = Comparison::of(Preset::SlowParse).with("duration", "60")?;
    let other = lab.clone().with("seed", "2")?;
    let run = |lab: &Comparison| Ok::<_, anyhow::Error>(Simulation::new(&lab.scenario, &lab.b)?.finish());
    assert_eq!(run(&lab)?, run(&lab)?);
    assert_ne!(run(&lab)?, run(&other)?);
    Ok(())
}
