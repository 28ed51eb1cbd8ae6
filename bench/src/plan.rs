//! The measurements: modes, rows, measures, and their goals.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::{Deserialize, Serialize};

use crate::load::scrape;

/// A kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub(crate) enum Mode {
    /// Each client acquires and releases a key of its own.
    Own,
    /// All clients want one key with ACQ4ME; it goes from one to the next.
    Shared,
    /// One client works, all others wait with ACQ4ANY for its RELEASE.
    Stampede,
    /// The same, and a client that uses another key meanwhile.
    Bystander,
    /// A bystander while the admin interface is asked for its longest answers, and many keys are held.
    #[value(skip)]
    Scraped,
    /// The load of own, while somebody reads a recording of all calls.
    #[value(skip)]
    Recorded,
    /// The load of own, with a buffer of the latest calls.
    #[value(skip)]
    Buffered,
    /// A new connection for each acquire and release.
    Connect,
    /// Idle connections, then waiters on one key.
    Memory,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Mode::Scraped => "scraped",
            Mode::Recorded => "recorded",
            Mode::Buffered => "buffered",
            _ => return f.pad(self.to_possible_value().as_ref().map_or("", PossibleValue::get_name)),
        };
        f.pad(name)
    }
}

/// One load: a mode and a number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) mode: Mode,
    pub(crate) connections: usize,
}

impl Cell {
    /// How many descriptors it takes, here as in the daemon.
    pub(crate) fn descriptors(&self) -> u64 {
        let holders = if self.mode == Mode::Scraped { scrape::HOLDERS } else { 0 };
        (self.connections + holders) as u64 + 200
    }
}

/// All cells of the comparison without and with the admin interface.
pub(crate) fn admin_cells() -> Vec<Cell> {
    let own = [Mode::Own, Mode::Recorded, Mode::Buffered]
        .into_iter()
        .flat_map(|mode| [1, 50, 1_000].map(|connections| Cell { mode, connections }));
    let others = [Cell { mode: Mode::Scraped, connections: 8_000 }, Cell { mode: Mode::Memory, connections: 10_000 }];
    own.chain(others).collect()
}

/// All cells of a full run.
pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for mode in [Mode::Own, Mode::Shared, Mode::Stampede, Mode::Connect] {
        for connections in [1, 50, 1_000, 10_000] {
            cells.push(Cell { mode, connections });
        }
    }
    cells.push(Cell { mode: Mode::Bystander, connections: 8_000 });
    cells.push(Cell { mode: Mode::Memory, connections: 10_000 });
    cells
}

/// The cells of one part of `--only`: a mode, and perhaps a number of connections, which may be any number.
#[derive(Clone)]
pub(crate) struct Only(pub(crate) Vec<Cell>);

impl FromStr for Only {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Only> {
        let (name, connections) = text.split_once(':').map_or((text, None), |(name, count)| (name, Some(count)));
        let Ok(mode) = Mode::from_str(name, false) else { bail!("unknown mode `{name}`") };
        Ok(Only(match connections {
            Some(count) => vec![Cell { mode, connections: count.parse::<NonZeroUsize>()?.get() }],
            None => cells().into_iter().filter(|cell| cell.mode == mode).collect(),
        }))
    }
}

/// How long a cell is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The number of rounds: both daemons are started again in each.
    pub(crate) rounds: usize,
    /// Pairs of slices in a round.
    pub(crate) pairs: usize,
    /// The length of a slice.
    pub(crate) slice: Duration,
    /// The length of the slice at the start of a round whose figures are not used.
    pub(crate) warm_up: Duration,
}

impl Pace {
    /// The pace for one cell.
    pub(crate) fn new(cell: Cell, quick: bool, rounds: usize) -> Pace {
        let (pairs, slice, warm_up) = match (cell.mode, cell.connections) {
            (Mode::Memory, _) => (1, 0, 0),
            // More than the reference's backlog: the first connections fail and are repeated after a second.
            (Mode::Connect, 16..500) => (4, if quick { 500 } else { 1_000 }, 0),
            (Mode::Connect, 500..) => (2, if quick { 1_000 } else { 2_000 }, 0),
            _ if quick => (2, 200, 100),
            _ => (4, 300, 200),
        };
        Pace { rounds, pairs, slice: Duration::from_millis(slice), warm_up: Duration::from_millis(warm_up) }
    }
}

/// One figure of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// The daemon's CPU microseconds a command (connect: a connection).
    Cpu,
    /// Commands (connections) a second.
    Rate,
    /// Latency in microseconds, as the next two.
    P50,
    P99,
    P999,
    /// Bytes of the daemon's own memory that an idle connection adds.
    IdleBytes,
    /// Bytes of the daemon's own memory that waiting adds to a connection.
    WaiterBytes,
}

/// The figures of a slice.
pub(crate) type Measures = BTreeMap<Measure, f64>;

impl Measure {
    /// All measures, in the order of the tables.
    pub(crate) const ALL: [Measure; 7] = [
        Measure::Cpu,
        Measure::Rate,
        Measure::P50,
        Measure::P99,
        Measure::P999,
        Measure::IdleBytes,
        Measure::WaiterBytes,
    ];

    /// The heading of its table, and how many digits of a value are worth printing behind the point.
    pub(crate) fn heading(self) -> (&'static str, fn(f64) -> usize) {
        let time = |value| usize::from(value < 1_000.0);
        match self {
            Measure::Cpu => ("CPU of the daemon, µs a command (connect: a connection)", |_| 2),
            Measure::Rate => ("Commands a second (connect: connections)", |_| 0),
            Measure::P50 => ("Latency p50, µs", time),
            Measure::P99 => ("Latency p99, µs", time),
            Measure::P999 => ("Latency p99.9, µs", time),
            Measure::IdleBytes => ("Memory, bytes an idle connection", |_| 0),
            Measure::WaiterBytes => ("Memory, bytes more a waiter", |_| 0),
        }
    }
}

/// The goal for a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// Ours / reference is at most this.
    RatioAtMost(f64),
    /// Ours is at most this.
    AtMost(f64),
    /// Ours is at most this much more than the other.
    AtMostMore(f64),
    /// Ours is less than this.
    Below(f64),
    /// The reference against itself must be between these.
    Between(f64, f64),
}

impl Goal {
    /// Whether it is met.
    pub(crate) fn is_met(self, ours: f64, ratio: f64) -> bool {
        match self {
            Goal::RatioAtMost(most) => ratio <= most,
            Goal::AtMost(most) => ours <= most,
            Goal::AtMostMore(most) => ours - ours / ratio <= most,
            Goal::Below(bound) => ours < bound,
            Goal::Between(least, most) => (least..=most).contains(&ratio),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::RatioAtMost(most) => write!(f, "ratio <= {most:.2}"),
            Goal::AtMost(most) => write!(f, "<= {most}"),
            Goal::AtMostMore(most) => write!(f, "<= {most} more"),
            Goal::Below(bound) => write!(f, "< {bound}"),
            Goal::Between(least, most) => write!(f, "{least:.2} to {most:.2}"),
        }
    }
}

/// The goal for a figure, if there is one.
pub(crate) fn goal(cell: Cell, measure: Measure, itself: bool) -> Option<Goal> {
    if itself {
        return (measure == Measure::Cpu).then_some(Goal::Between(0.95, 1.05));
    }
    let ratio = match (cell.mode, measure, cell.connections) {
        (Mode::Own, Measure::Cpu, 1_000..) => 0.80,
        (Mode::Own, Measure::Cpu, _) => 0.85,
        (Mode::Connect, Measure::Cpu, _) => 1.05,
        (Mode::Connect, Measure::P99, 1_000) => 0.10,
        (Mode::Stampede, Measure::P50, 10_000) | (Mode::Shared, Measure::P99, _) => 1.0,
        (Mode::Bystander, Measure::P50, _) => 0.05,
        (Mode::Bystander, Measure::P99, _) => return Some(Goal::AtMost(2_000.0)),
        (Mode::Memory, Measure::IdleBytes, _) => return Some(Goal::AtMost(900.0)),
        (Mode::Memory, Measure::WaiterBytes, _) => return Some(Goal::AtMost(200.0)),
        _ => return None,
    };
    Some(Goal::RatioAtMost(ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_takes_a_mode_or_one_row() {
        let rows = |text: &str| text.parse::<Only>().map(|only| only.0).ok();
        assert_eq!(rows("own").unwrap().len(), 4);
        let one = Cell { mode: Mode::Connect, connections: 7 };
        assert_eq!(rows("connect:7"), Some(vec![one]));
        for wrong in ["", "nobody", "own:", "own:0", "own:x"] {
            assert_eq!(rows(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn goals_are_met_at_their_bound_and_missed_beyond_it() {
        assert!(Goal::RatioAtMost(0.8).is_met(5.0, 0.8));
        assert!(!Goal::RatioAtMost(0.8).is_met(0.1, 0.81));
        assert!(Goal::AtMost(900.0).is_met(900.0, 2.0));
        assert!(!Goal::AtMost(900.0).is_met(901.0, 0.1));
        assert!(Goal::AtMostMore(16.0).is_met(32.0, 2.0));
        assert!(!Goal::AtMostMore(16.0).is_met(33.0, 33.0 / 16.5));
        assert!(Goal::Below(100.0).is_met(99.9, 2.0));
        assert!(!Goal::Below(100.0).is_met(100.0, 0.1));
        assert!(!Goal::Between(0.95, 1.05).is_met(1.0, 0.94));
        assert!(!Goal::Between(0.95, 1.05).is_met(1.0, 1.06));
    }

    #[test]
    fn against_itself_only_cpu_is_judged() {
        for cell in cells() {
            for measure in Measure::ALL {
                let judged = goal(cell, measure, true).is_some();
                assert_eq!(judged, measure == Measure::Cpu);
            }
        }
    }
}
