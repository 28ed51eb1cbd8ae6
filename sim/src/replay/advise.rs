//! Tries many settings for each group, and compares what they cost.

use super::change::{Change, Plan};
use super::figures::Figures;
use super::hold::{Step, steps};
use super::report::{Source, VERSION};
use super::run::{Run, RunOutcome};
use super::traffic::{GroupInfo, Traffic};
use super::warnings;
use crate::Invalid;
use crate::units::float;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use serde::Serialize;

/// The values that are tried for each group, in all combinations. An empty list: the recorded value, and some below and above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Only these groups or pool types; empty: all.
    pub groups: Vec<String>,
    /// How many may hold a key.
    pub workers: Vec<u32>,
    /// How many may hold it or wait for it.
    pub maxqueue: Vec<u32>,
    /// How many seconds to wait at most.
    pub timeout: Vec<u32>,
}

/// Traffic and a grid, on its way: first all groups with the recorded settings, then each setting of each group.
#[derive(Debug)]
pub struct Advisor {
    traffic: Arc<Traffic>,
    plan: Plan,
    /// The number of a group and a setting.
    trials: Vec<(usize, Change)>,
    recorded: Option<RunOutcome>,
    /// The figures of each trial, and the most works of all groups at one moment.
    outcomes: Vec<(Figures, u64)>,
    run: Option<Run>,
    /// The recorded works of all groups.
    steps: Arc<[Step]>,
}

/// What the settings cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Advice {
    /// The version of the data.
    pub version: u32,
    /// The recordings.
    pub sources: Vec<Source>,
    /// Seconds from the first moment to the last.
    pub seconds: f64,
    /// The seed.
    pub seed: u32,
    /// The cores that all work shares.
    pub cores: Option<u32>,
    /// By name.
    pub groups: Vec<GroupAdvice>,
    /// What is missing in the recordings.
    pub warnings: Vec<String>,
}

/// The settings of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupAdvice {
    /// What is known of it.
    #[serde(flatten)]
    pub info: GroupInfo,
    /// Whether the model with the recorded settings is near to the recording.
    pub is_near: bool,
    /// What was recorded.
    pub recorded: Figures,
    /// The recorded setting first, and then those with few changes before those with many.
    pub settings: Vec<Tried>,
    /// What the recording cannot tell.
    pub notes: Vec<String>,
}

/// A setting and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// How many may hold a key.
    pub workers: u32,
    /// How many may hold it or wait for it.
    pub maxqueue: u32,
    /// How many seconds to wait at most.
    pub timeout: u32,
    /// Whether an old copy is shown where one would have to wait.
    pub fast_stale: bool,
    /// The setting as `poolcounter-sim replay --set` takes it; empty for the recorded one.
    pub change: String,
    /// What the model gives.
    pub figures: Figures,
    /// [`Figures::refusals`].
    pub refusals: u64,
    /// Whether no other setting is as good in everything and better in something: refusals, time spent waiting, work done twice, old copies shown.
    pub is_best: bool,
    /// What the recording cannot tell of it.
    pub doubts: Vec<Doubt>,
}

/// What a recording cannot tell of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Doubt {
    /// More works at once than in the recording.
    Cores,
    /// Which pages have an old copy.
    OldCopies,
    /// Many readers who would have asked.
    Missing,
}

/// A word or two for a table.
impl fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Cores => "cores",
            Self::OldCopies => "old copies",
            Self::Missing => "readers",
        })
    }
}

impl Grid {
    fn settings(&self, group: &GroupInfo) -> Vec<Change> {
        let recorded = group.limits;
        let around = |given: &[u32], recorded: u32, others: &[u32]| {
            let mut values: Vec<u32> = alloc::vec![recorded];
            values.extend(if given.is_empty() { others } else { given });
            values
        };
        let workers = recorded.workers;
        let workers =
            around(&self.workers, workers, &[workers / 2, workers.saturating_mul(2), workers.saturating_mul(4)]);
        let maxqueue = recorded.maxqueue;
        let maxqueue = around(&self.maxqueue, maxqueue, &[maxqueue / 4, maxqueue.saturating_mul(4)]);
        let timeout = recorded.timeout;
        // Programs that never wait do not want to.
        let timeouts = if timeout == 0 {
            alloc::vec![0]
        } else {
            // With timeout 0 nobody would wait.
            around(&self.timeout, timeout, &[(timeout / 2).max(1), timeout.saturating_mul(2)])
        };
        let mut stale = alloc::vec![group.fast_stale];
        if group.for_anyone && timeout > 0 {
            stale.push(!group.fast_stale);
        }
        let mut changes = Vec::new();
        for &workers in &workers {
            for &maxqueue in &maxqueue {
                for &timeout in &timeouts {
                    for &stale in &stale {
                        changes.push(Change {
                            group: group.name.clone(),
                            workers: Some(workers).filter(|&workers| workers != recorded.workers),
                            maxqueue: Some(maxqueue).filter(|&maxqueue| maxqueue != recorded.maxqueue),
                            timeout: Some(timeout).filter(|&timeout| timeout != recorded.timeout),
                            fast_stale: Some(stale).filter(|&stale| stale != group.fast_stale),
                            ..Change::default()
                        });
                    }
                }
            }
        }
        changes.retain(|change| change.check().is_ok());
        // With few changes first.
        changes.sort_by_key(|change| {
            let Change { workers, maxqueue, timeout, fast_stale, .. } = *change;
            let named = [workers.is_some(), maxqueue.is_some(), timeout.is_some(), fast_stale.is_some()];
            (named.into_iter().filter(|&named| named).count(), fast_stale, workers, maxqueue, timeout)
        });
        changes.dedup();
        changes
    }
}

impl Advisor {
    /// At the beginning.
    ///
    /// # Errors
    ///
    /// A group that the recordings do not have, or a value out of bounds.
    pub fn new(traffic: &Arc<Traffic>, seed: u32, cores: Option<u32>, grid: &Grid) -> Result<Self, Invalid> {
        for (number, wanted) in grid.groups.iter().enumerate() {
            // The plan names the groups that there are.
            let change = Change { group: wanted.clone(), ..Change::default() };
            let plan = Plan { changes: alloc::vec![change], ..Plan::default() };
            plan.resolve(traffic)?;
            if grid.groups[..number].contains(wanted) {
                return Err(Invalid::new(wanted.as_str(), "is named twice"));
            }
        }
        let values = [("workers", &grid.workers), ("maxqueue", &grid.maxqueue), ("timeout", &grid.timeout)];
        for (name, values) in values {
            for &value in values {
                let some = Some(value);
                let change = match name {
                    "workers" => Change { workers: some, ..Change::default() },
                    "maxqueue" => Change { maxqueue: some, ..Change::default() },
                    _ => Change { timeout: some, ..Change::default() },
                };
                change.check().map_err(|invalid| Invalid::new(name, invalid.reason))?;
            }
        }
        let names: Vec<String> = grid.groups.iter().flat_map(|name| super::groups_of(name)).collect();
        let mut trials = Vec::new();
        for (number, group) in traffic.groups().iter().enumerate() {
            if names.is_empty() || names.contains(&group.name) {
                trials.extend(grid.settings(group).into_iter().map(|change| (number, change)));
            }
        }
        let plan = Plan { seed, cores, changes: Vec::new() };
        let run = Some(Run::new(traffic, &plan, false)?);
        let steps = steps(&traffic.holds, &traffic.keys).into();
        Ok(Self { traffic: Arc::clone(traffic), plan, trials, recorded: None, outcomes: Vec::new(), run, steps })
    }

    /// Plays as many events, at the most, and says how far it has come: from 0 to 1, which is the end.
    pub fn advance(&mut self, events: u32) -> f64 {
        let share = match &mut self.run {
            Some(run) => run.advance(events),
            None => return 1.0,
        };
        let ended = self.outcomes.len() + usize::from(self.recorded.is_some());
        let total = float(self.trials.len() as u64 + 1);
        if share < 1.0 {
            return (float(ended as u64) + share) / total;
        }
        let outcome = self.run.take().map(|run| run.outcome());
        match (&self.recorded, self.trials.get(self.outcomes.len()), outcome) {
            (None, _, outcome) => self.recorded = outcome,
            (Some(_), Some(&(group, _)), Some(outcome)) => {
                self.outcomes.push((outcome.meter.figures(group), outcome.meter.most_works()));
            }
            _ => {}
        }
        self.run = self.next_run();
        if self.run.is_none() { 1.0 } else { float(ended as u64 + 1) / total }
    }

    fn next_run(&self) -> Option<Run> {
        let (group, change) = self.trials.get(self.outcomes.len())?;
        let plan = Plan { changes: alloc::vec![change.clone()], ..self.plan.clone() };
        let run = Run::new(&self.traffic, &plan, true).ok()?;
        let only = u32::try_from(*group).ok().filter(|_| plan.cores.is_none());
        Some(match only {
            Some(group) => run.only(group, Arc::clone(&self.steps)),
            None => run,
        })
    }

    /// Plays to the end.
    #[must_use]
    pub fn finish(mut self) -> Advice {
        while self.advance(u32::MAX) < 1.0 {}
        self.advice()
    }

    /// The settings that were tried so far.
    #[must_use]
    pub fn advice(self) -> Advice {
        let Self { traffic, plan, trials, recorded, outcomes, .. } = self;
        let mut groups = Vec::new();
        for (number, info) in traffic.groups().into_iter().enumerate() {
            let Some(a) = &recorded else { continue };
            let tried = trials.iter().zip(&outcomes).filter(|((group, _), _)| *group == number);
            let mut settings: Vec<Tried> =
                tried.map(|((_, change), outcome)| tried_setting(&traffic, &plan, &info, change, outcome)).collect();
            if settings.is_empty() {
                continue;
            }
            mark_best(&mut settings);
            let recorded = traffic.recorded.figures(number);
            let is_near = recorded.is_near(&a.meter.figures(number));
            let notes = notes(&info, is_near, &recorded, &settings);
            groups.push(GroupAdvice { info, is_near, recorded, settings, notes });
        }
        groups.sort_by(|one, other| one.info.name.cmp(&other.info.name));
        Advice {
            version: VERSION,
            sources: traffic.sources.iter().map(Source::from).collect(),
            seconds: traffic.duration(),
            seed: plan.seed,
            cores: plan.cores,
            groups,
            warnings: warnings::of_sources(&traffic),
        }
    }
}

impl Advice {
    /// Compact JSON, the same on every machine.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, words and lists can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn tried_setting(traffic: &Traffic, plan: &Plan, info: &GroupInfo, change: &Change, outcome: &(Figures, u64)) -> Tried {
    let (figures, most_works) = outcome;
    let limits = info.limits;
    let is_changed = change.workers.or(change.maxqueue).or(change.timeout).is_some() || change.fast_stale.is_some();
    let fast_stale = change.fast_stale.unwrap_or(info.fast_stale);
    let mut doubts = Vec::new();
    if plan.cores.is_none() && *most_works > traffic.most_works() {
        doubts.push(Doubt::Cores);
    }
    if fast_stale && !info.fast_stale {
        doubts.push(Doubt::OldCopies);
    }
    if figures.misses_many() {
        doubts.push(Doubt::Missing);
    }
    Tried {
        workers: change.workers.unwrap_or(limits.workers),
        maxqueue: change.maxqueue.unwrap_or(limits.maxqueue),
        timeout: change.timeout.unwrap_or(limits.timeout),
        fast_stale,
        change: if is_changed { change.to_string() } else { String::new() },
        figures: figures.clone(),
        refusals: figures.refusals(),
        is_best: false,
        doubts,
    }
}

/// Settings are best that no other one beats. Of equal ones, the first.
fn mark_best(settings: &mut [Tried]) {
    let costs = |tried: &Tried| {
        let Figures { wait, repeated, stale, .. } = &tried.figures;
        [float(tried.refusals), wait.mean * float(wait.count), float(*repeated), float(stale.unwrap_or(0))]
    };
    let all: Vec<[f64; 4]> = settings.iter().map(costs).collect();
    for (number, tried) in settings.iter_mut().enumerate() {
        let mine = &all[number];
        let beats = |(other, costs): (usize, &[f64; 4])| {
            let as_good = |one: &[f64; 4], than: &[f64; 4]| one.iter().zip(than).all(|(one, than)| one <= than);
            as_good(costs, mine) && (!as_good(mine, costs) || other < number)
        };
        tried.is_best = !all.iter().enumerate().any(beats);
    }
}

fn notes(info: &GroupInfo, is_near: bool, recorded: &Figures, settings: &[Tried]) -> Vec<String> {
    let mut notes = Vec::new();
    if !is_near {
        notes.push("The model is not near to the recording. Do not trust these numbers.".into());
    }
    if recorded.wait.count + recorded.refused + recorded.not_free == 0 {
        notes.push(
            "Nobody waited and nobody was refused, so the recording cannot tell which setting is better under load."
                .into(),
        );
    }
    if info.limits.timeout == 0 {
        notes.push("These requests never wait, so no timeout was tried.".into());
    }
    if info.other_limits > 0 {
        notes.push(format!(
            "Requests had {} different settings. A value that is not changed stays different.",
            info.other_limits + 1
        ));
    }
    let some = |doubt| settings.iter().any(|tried| tried.doubts.contains(&doubt));
    if some(Doubt::Cores) {
        notes.push("cores: there is more work at once than in the recording, which cannot tell whether there are cores for it. --cores N says how many there are.".into());
    }
    if some(Doubt::OldCopies) {
        notes.push("old copies: the recording cannot tell which pages have one. A page is taken to have one if work for it has ended before.".into());
    }
    if some(Doubt::Missing) {
        notes.push(
            "readers: results come later than in the recording, so more readers would have asked than it has.".into(),
        );
    }
    notes
}
