//! The cases: small crowds whose outcomes depend on seconds and not on milliseconds.

use crate::count::Counts;
use anyhow::Result;
use poolcounter_sim::setting::Mode;
use poolcounter_sim::{Curve, Preset, Scenario, Setting};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) scenario: Scenario,
    pub(crate) setting: Setting,
    /// Seconds within which each parse must end. If one takes longer, the machine was too slow for the expected outcomes.
    pub(crate) slowest_parse: f64,
    /// Whether the simulation has the outcomes that the case must show.
    pub(crate) shows: fn(&Counts) -> bool,
}

pub(crate) fn all() -> Result<Vec<Case>> {
    Ok(vec![without_a_pool()?, waits_that_end()?, fast_stale()?, a_parse_dies()?, for_me()?])
}

/// Two cores, a process for every request, one page.
fn day(hot_readers: &str) -> Result<Scenario> {
    Ok(Scenario {
        duration: 60,
        hot_readers: hot_readers.parse()?,
        readers: Curve::constant(0.0),
        edits: Curve::constant(0.0),
        other_edits: Curve::constant(0.0),
        hot_cached: false,
        parse_spread: 0.0,
        request_cpu: 0.0,
        servers: 1,
        cores: 2,
        web_workers: 1_000,
        ..Preset::QuietDay.scenario()
    })
}

fn without_a_pool() -> Result<Case> {
    Ok(Case {
        name: "without a pool everybody parses",
        scenario: Scenario { parse_cpu: 0.6, ..day("0.5:0,0.501:100,0.6:100,0.601:0")? },
        setting: Setting::none(),
        slowest_parse: 60.0,
        shows: |counts| counts.parses == counts.fresh && counts.parses > 5,
    })
}

/// A cold crowd, some readers in between who find the page in the cache, an edit, and a crowd with an old copy. A parse takes longer than anybody waits.
fn waits_that_end() -> Result<Case> {
    let crowds = "0.5:0,0.501:140,0.65:140,0.651:0,8:0,8.001:80,8.1:80,8.101:0,9:0,9.001:140,9.15:140,9.151:0";
    let edits = "8.6:0,8.601:6000,8.65:6000,8.651:0".parse()?;
    Ok(Case {
        name: "queues are full and waits end",
        scenario: Scenario { parse_cpu: 1.7, edits, ..day(crowds)? },
        setting: Setting { workers: 1, maxqueue: 8, timeout: 1, ..Setting::default() },
        slowest_parse: 7.0,
        shows: |counts| counts.timeout > 4 && counts.queue_full > 4 && counts.stale > 10 && counts.parses == 2,
    })
}

fn fast_stale() -> Result<Case> {
    let edits = "0.2:0,0.201:6000,0.25:6000,0.251:0".parse()?;
    let scenario = day("0.8:0,0.801:140,0.95:140,0.951:0,4:0,4.001:80,4.1:80,4.101:0")?;
    Ok(Case {
        name: "fastStale shows the old copy",
        scenario: Scenario { parse_cpu: 0.7, hot_cached: true, edits, ..scenario },
        setting: Setting { workers: 1, fast_stale: true, ..Setting::default() },
        slowest_parse: 2.9,
        shows: |counts| counts.stale > 10 && counts.fresh > 5 && counts.parses == 1,
    })
}

fn a_parse_dies() -> Result<Case> {
    let scenario = day("0.5:0,0.501:15,1.3:15,1.301:0")?;
    Ok(Case {
        name: "the next one takes over from a parse that dies",
        scenario: Scenario { parse_cpu: 1.0, crash_share: 0.7, seed: 9, ..scenario },
        setting: Setting { workers: 1, timeout: 20, ..Setting::default() },
        slowest_parse: 5.0,
        shows: |counts| counts.crashed > 1 && counts.fresh > 4 && counts.parses == 1,
    })
}

fn for_me() -> Result<Case> {
    Ok(Case {
        name: "for me everybody parses in turn",
        scenario: Scenario { parse_cpu: 0.2, ..day("0.5:0,0.501:100,0.6:100,0.601:0")? },
        setting: Setting { mode: Mode::ForMe, timeout: 20, ..Setting::default() },
        slowest_parse: 3.0,
        shows: |counts| counts.parses == counts.fresh && counts.parses > 5,
    })
}
