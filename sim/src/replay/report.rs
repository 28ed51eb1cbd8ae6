//! The recording's own figures, column A and column B, as the page and the commands give them out.

use super::change::{Change, Plan};
use super::figures::{Figures, KeyCounts};
use super::run::{Run, RunOutcome};
use super::series::GroupSeries;
use super::traffic::{GroupInfo, Traffic};
use crate::Invalid;
use crate::conf::Client;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use poolcounter::key::KeyText;
use serde::Serialize;

/// The version of the report's JSON.
pub const VERSION: u32 = 1;

/// How many keys of a group are shown.
const KEYS: usize = 10;

/// Traffic and a plan, and both columns on their way.
#[derive(Debug)]
pub struct Replay {
    traffic: Arc<Traffic>,
    plan: Plan,
    a: Stage,
    b: Stage,
}

#[derive(Debug)]
enum Stage {
    Running(Box<Run>),
    Ended(RunOutcome),
}

/// A replay and its results.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The recordings.
    pub sources: Vec<Source>,
    /// The wall clock at the first moment: microseconds since 1970, UTC.
    pub started_micros: u64,
    /// Seconds from the first moment to the last.
    pub seconds: f64,
    /// What column B plays.
    pub plan: Plan,
    /// By name.
    pub groups: Vec<GroupReport>,
    /// What the recordings cannot tell, and what is missing in them.
    pub warnings: Vec<String>,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The server's name.
    pub server: String,
    /// Whether keys are numbers.
    pub anonymous: bool,
    /// Whether the file ends too early.
    pub is_cut: bool,
    /// How many calls it has.
    pub calls: u64,
    /// How many are missing.
    pub left_out: u64,
    /// How many parts without gaps it has.
    pub segments: u64,
}

/// A group, in all columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupReport {
    /// What is known of it.
    #[serde(flatten)]
    pub info: GroupInfo,
    /// Its new setting, as text; `None`: it stays as it was.
    pub change: Option<String>,
    /// The new setting for LocalSettings.php, with this project's client; empty if the group is of no pool type.
    pub conf: String,
    /// Whether column A is near to the recording: so far B can be trusted.
    pub is_near: bool,
    /// What was recorded.
    pub recorded: Figures,
    /// The model with the recorded settings.
    pub a: Figures,
    /// The model with the new settings.
    pub b: Figures,
    /// Both columns over time.
    pub series: Column<GroupSeries>,
    /// The keys that change most from A to B.
    pub keys: Vec<KeyReport>,
}

/// Something of both columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column<T> {
    /// Of column A.
    pub a: T,
    /// Of column B.
    pub b: T,
}

/// A key, in all columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyReport {
    /// Its text form; of an anonymous key its number.
    pub key: String,
    /// What was recorded.
    pub recorded: KeyCounts,
    /// The model with the recorded settings.
    pub a: KeyCounts,
    /// The model with the new settings.
    pub b: KeyCounts,
}

impl Replay {
    /// At the beginning.
    ///
    /// # Errors
    ///
    /// A change that the recordings do not allow.
    pub fn new(traffic: &Arc<Traffic>, plan: &Plan) -> Result<Self, Invalid> {
        let a = Stage::Running(Box::new(Run::new(traffic, plan, false)?));
        Self::beside(traffic, plan, a)
    }

    /// With a column A that was played before: for the same traffic, and a plan with the same seed and cores.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_a(traffic: &Arc<Traffic>, plan: &Plan, a: RunOutcome) -> Result<Self, Invalid> {
        Self::beside(traffic, plan, Stage::Ended(a))
    }

    fn beside(traffic: &Arc<Traffic>, plan: &Plan, a: Stage) -> Result<Self, Invalid> {
        let b = Stage::Running(Box::new(Run::new(traffic, plan, true)?));
        Ok(Self { traffic: Arc::clone(traffic), plan: plan.clone(), a, b })
    }

    /// Plays as many events, at the most, and says how far it has come: from 0 to 1, which is the end.
    pub fn advance(&mut self, events: u32) -> f64 {
        let begun = self.a.advance(events);
        if begun < 1.0 {
            return begun / 2.0;
        }
        0.5 + self.b.advance(events) / 2.0
    }

    /// Whether column A has ended, so that column B plays.
    #[must_use]
    pub fn plays_b(&self) -> bool {
        matches!(self.a, Stage::Ended(_))
    }

    /// Plays to the end.
    #[must_use]
    pub fn finish(mut self) -> Report {
        while self.advance(u32::MAX) < 1.0 {}
        self.report()
    }

    /// Column A, to be used again. `None` if it has not ended.
    #[must_use]
    pub fn a(&self) -> Option<&RunOutcome> {
        match &self.a {
            Stage::Running(_) => None,
            Stage::Ended(outcome) => Some(outcome),
        }
    }

    /// The result. What was not played yet is missing.
    #[must_use]
    pub fn report(self) -> Report {
        let Self { traffic, plan, a, b } = self;
        let (a, b) = (a.outcome(), b.outcome());
        let changes = plan.resolve(&traffic).unwrap_or_default();
        let mut groups: Vec<GroupReport> = traffic
            .groups()
            .into_iter()
            .enumerate()
            .map(|(number, info)| group(&traffic, number, info, changes.get(number).copied().flatten(), &a, &b))
            .collect();
        groups.sort_by(|one, other| one.info.name.cmp(&other.info.name));
        Report {
            version: VERSION,
            sources: traffic.sources.iter().map(Source::from).collect(),
            started_micros: traffic.began,
            seconds: traffic.duration(),
            warnings: super::warnings::of(&traffic, &plan, &groups, &b),
            plan,
            groups,
        }
    }
}

impl Stage {
    fn advance(&mut self, events: u32) -> f64 {
        let Self::Running(run) = self else { return 1.0 };
        let share = run.advance(events);
        if share >= 1.0 {
            *self = Self::Ended(run.outcome());
        }
        share
    }

    fn outcome(self) -> RunOutcome {
        match self {
            Self::Running(run) => run.outcome(),
            Self::Ended(outcome) => outcome,
        }
    }
}

impl Report {
    /// Compact JSON, the same on every machine.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, words and lists can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&super::traffic::Source> for Source {
    fn from(source: &super::traffic::Source) -> Self {
        Self {
            server: source.server.to_string(),
            anonymous: source.anonymous,
            is_cut: source.is_cut,
            calls: source.calls,
            left_out: source.left_out,
            segments: source.segments,
        }
    }
}

fn group(
    traffic: &Traffic,
    number: usize,
    info: GroupInfo,
    change: Option<&Change>,
    a: &RunOutcome,
    b: &RunOutcome,
) -> GroupReport {
    let recorded = traffic.recorded.figures(number);
    let figures = a.meter.figures(number);
    let mut conf = String::new();
    if let Some(change) = change.filter(|_| !info.pools.is_empty()) {
        conf = Change { group: info.name.clone(), ..change.clone() }.conf(info.recorded(), Client::Native);
    }
    GroupReport {
        is_near: recorded.is_near(&figures),
        conf,
        change: change.map(ToString::to_string),
        keys: keys(traffic, number, a, b),
        series: Column { a: a.meter.series(number), b: b.meter.series(number) },
        a: figures,
        b: b.meter.figures(number),
        recorded,
        info,
    }
}

/// The keys whose answers and waits differ most: a second of waiting counts as much as one answer.
fn keys(traffic: &Traffic, group: usize, a: &RunOutcome, b: &RunOutcome) -> Vec<KeyReport> {
    let of_group = |&number: &usize| traffic.keys[number].group as usize == group;
    let change = |number: usize| (a.meter.key(number).distance(b.meter.key(number)), number);
    let mut changed: Vec<(u64, usize)> =
        (0..traffic.keys.len()).filter(of_group).map(change).filter(|(distance, _)| *distance > 0).collect();
    changed.sort_by_key(|&(distance, number)| (core::cmp::Reverse(distance), number));
    let report = |(_, number): (u64, usize)| KeyReport {
        key: KeyText(&traffic.keys[number].name).to_string(),
        recorded: traffic.recorded.key(number),
        a: a.meter.key(number),
        b: b.meter.key(number),
    };
    changed.into_iter().take(KEYS).map(report).collect()
}

impl KeyCounts {
    /// How much two columns differ, in microseconds of waiting.
    fn distance(self, other: Self) -> u64 {
        let counts = |counts: Self| [counts.granted, counts.done, counts.refused, counts.timed_out, counts.stale];
        let answers: u64 = counts(self).into_iter().zip(counts(other)).map(|(a, b)| a.abs_diff(b)).sum();
        answers.saturating_mul(1_000_000).saturating_add(self.waited_micros.abs_diff(other.waited_micros))
    }
}

impl Figures {
    /// Whether more readers are missing than a model may be wrong by.
    pub(super) fn misses_many(&self) -> bool {
        self.missing > (self.requests / 10).max(5)
    }

    /// Whether a model of these figures is near to them: within a tenth, or 5 events, or 50 ms.
    #[must_use]
    pub fn is_near(&self, model: &Self) -> bool {
        let counts = |figures: &Self| [figures.granted, figures.done, figures.refused, figures.timed_out];
        let are_near = |(one, other): (u64, u64)| one.abs_diff(other) <= (one / 10).max(5);
        let waits = |figures: &Self| [figures.wait.p50, figures.wait.p95];
        let last = |(one, other): (f64, f64)| (one - other).abs() <= (one / 10.0).max(0.05);
        counts(self).into_iter().zip(counts(model)).all(are_near) && waits(self).into_iter().zip(waits(model)).all(last)
    }
}
