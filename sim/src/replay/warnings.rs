//! What recordings cannot tell, and what is missing in them.

use super::change::{Change, Plan};
use super::report::GroupReport;
use super::run::RunOutcome;
use super::traffic::Traffic;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Parts of one server may overlap by so many microseconds, because clocks are set; short ones by half of their length.
const SET: u64 = 1_000_000;

/// What is missing in the recordings, and what is in them twice.
pub(super) fn of_sources(traffic: &Traffic) -> Vec<String> {
    let mut warnings = Vec::new();
    let servers: BTreeSet<&str> = traffic.sources.iter().map(|source| &*source.server).collect();
    for server in servers.into_iter().filter(|server| is_twice(traffic, server)) {
        let server = server.escape_debug();
        warnings.push(format!(
            "{server}: there are two recordings of the same time. If they are of one server, its requests are counted twice in all columns."
        ));
    }
    for source in &traffic.sources {
        let server = source.server.escape_debug();
        if source.left_out > 0 {
            let segments = source.segments;
            warnings.push(format!(
                "{server}: {} calls were left out of the recording. Its {segments} parts are played one by one; what was between them is missing in all columns.",
                source.left_out
            ));
        } else if source.segments > 1 {
            warnings.push(format!(
                "{server}: the recording has {} parts. They are played one by one; what was between them is missing in all columns.",
                source.segments
            ));
        }
        if source.is_cut {
            warnings.push(format!("{server}: the file ends too early. Its end is missing in all columns."));
        }
        if let Some(groups) = &source.groups {
            let names: Vec<&str> = groups.iter().map(|name| &**name).collect();
            warnings.push(format!("{server}: only these groups were recorded: {}.", names.join(", ")));
        }
    }
    warnings
}

/// Whether two recordings of a server are of the same time, and may have the same keys.
fn is_twice(traffic: &Traffic, server: &str) -> bool {
    let sources = || traffic.sources.iter().filter(|source| *source.server == *server);
    let groups: Option<Vec<&[Box<str>]>> = sources().map(|source| source.groups.as_deref()).collect();
    if let Some(groups) = groups.map(|groups| groups.concat()) {
        let different: BTreeSet<&str> = groups.iter().map(|name| &**name).collect();
        if different.len() == groups.len() {
            return false;
        }
    }
    let mut spans: Vec<(u64, u64)> = sources().flat_map(|source| source.spans.iter().copied()).collect();
    spans.sort_unstable();
    let mut before = (0, 0);
    spans.into_iter().any(|(begin, end)| {
        let (earlier, latest) = before;
        let overlap = latest.min(end).saturating_sub(begin);
        let shorter = (latest - earlier).min(end - begin);
        if end > latest {
            before = (begin, end);
        }
        overlap > SET.min(shorter / 2)
    })
}

pub(super) fn of(traffic: &Traffic, plan: &Plan, groups: &[GroupReport], b: &RunOutcome) -> Vec<String> {
    let mut warnings = of_sources(traffic);
    let changes = plan.resolve(traffic).unwrap_or_default();
    for group in groups {
        let number = traffic.group_named(&group.info.name);
        let change = number.and_then(|number| changes.get(number).copied().flatten());
        of_group(group, change, plan, traffic, &mut |text| warnings.push(format!("{}: {text}", group.info.name)));
    }
    let (most, recorded) = (b.meter.most_works(), traffic.most_works());
    let is_said = groups.iter().any(|group| group.b.most_works > recorded);
    if plan.cores.is_none() && !plan.changes.is_empty() && most > recorded && !is_said {
        warnings.push(format!(
            "all groups of column B together have {most} works at once; the recording never had more than {recorded}. Whether there are cores for them, it cannot tell: use --cores N."
        ));
    }
    if b.borrowed > 0 {
        warnings.push(format!(
            "{} works of column B are of groups whose work never ended in the recording. Their durations are those of other groups.",
            b.borrowed
        ));
    }
    warnings
}

fn of_group(
    group: &GroupReport,
    change: Option<&Change>,
    plan: &Plan,
    traffic: &Traffic,
    warn: &mut impl FnMut(String),
) {
    if !group.is_near {
        warn("column A is not near to the recording. Do not trust column B.".into());
    }
    let Some(change) = change else { return };
    let info = &group.info;
    if info.other_limits > 0 {
        warn(format!(
            "requests had {} different settings in the recording. What the new setting does not name stays different.",
            info.other_limits + 1
        ));
    }
    match plan.cores {
        None if group.b.most_works > traffic.most_works() => warn(format!(
            "column B has {} works at once; the recording never had more than {}. Whether there are cores for them, it cannot tell: use --cores N.",
            group.b.most_works,
            traffic.most_works()
        )),
        Some(cores) if change.workers.is_some_and(|workers| workers > cores) => warn(format!(
            "{} workers are more than {cores} cores: work on one key alone uses all of them. Column B assumes that work needs CPU and nothing else.",
            change.workers.unwrap_or_default()
        )),
        _ => {}
    }
    if change.fast_stale == Some(true) && !info.fast_stale {
        warn(
            "the recording cannot tell which pages have an old copy. Column B assumes that a page has one if work for it has ended before."
                .into(),
        );
    }
    if change.fast_stale == Some(true) && !info.for_anyone {
        warn("fastStale changes nothing: these requests are for me.".into());
    }
    if change.fast_stale == Some(false) && info.fast_stale && info.limits.timeout == 0 && change.timeout.is_none() {
        warn("the recording does not tell the timeout behind fastStale. Name one.".into());
    }
    if change.timeout.is_some() && info.limits.timeout == 0 && !info.fast_stale {
        warn("its requests never wait, whatever the timeout is.".into());
    }
    if group.b.misses_many() {
        warn(format!(
            "about {} more readers would have asked in column B: results come later, and readers who found a copy are not in the recording.",
            group.b.missing
        ));
    }
}
