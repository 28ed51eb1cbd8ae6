//! The figures of a scene.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::scene::Scene;
use crate::report::{number, quantile, thousands, word};

/// The headings of the columns.
pub(crate) const HEADINGS: [&str; 10] =
    ["connections", "waiting", "upgrades", "commands", "p50", "p99", "pause median", "pause longest", "goal", "met"];

/// Milliseconds that commands took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Commands that were under way at some moment of an upgrade.
    commands: usize,
    p50: f64,
    pub(crate) p99: f64,
    /// The longest command of each upgrade.
    pauses: Vec<f64>,
}

impl Figures {
    /// The figures of all commands, given upgrade by upgrade.
    pub(crate) fn of(upgrades: &[Vec<Duration>]) -> Figures {
        let milliseconds = |latency: &Duration| latency.as_secs_f64() * 1e3;
        let all: Vec<f64> = upgrades.iter().flatten().map(milliseconds).collect();
        let pauses = upgrades.iter().filter_map(|commands| commands.iter().max());
        Figures {
            commands: all.len(),
            p50: quantile(&all, 0.5),
            p99: quantile(&all, 0.99),
            pauses: pauses.map(milliseconds).collect(),
        }
    }

    /// A line of the table, below [`HEADINGS`].
    pub(crate) fn columns(&self, scene: Scene) -> Vec<String> {
        let counts = [scene.connections(), scene.waiting, self.pauses.len(), self.commands];
        let times = [self.p50, self.p99, quantile(&self.pauses, 0.5), quantile(&self.pauses, 1.0)];
        let goal = scene.goal();
        let counts = counts.iter().map(|count| thousands(&count.to_string()));
        let times = times.iter().map(|&time| number(time, 2));
        let goal = [
            goal.map_or(String::new(), |goal| format!("p99 {goal}")),
            goal.map_or("", |goal| word(goal.is_met(self.p99, 1.0))).to_owned(),
        ];
        counts.chain(times).chain(goal).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ninety-nine commands of 1 ms and one of so many.
    fn upgrade(pause: u64) -> Vec<Duration> {
        [vec![Duration::from_millis(1); 99], vec![Duration::from_millis(pause)]].concat()
    }

    #[test]
    fn a_pause_is_the_longest_command_of_its_upgrade() {
        let figures = Figures::of(&[upgrade(30), upgrade(500), upgrade(20)]);
        assert_eq!(figures.pauses, [30.0, 500.0, 20.0]);
        let columns = figures.columns(Scene { waiting: 10_000, idle: 0 });
        assert_eq!(columns[..6], ["10,000", "10,000", "3", "300", "1.00", "1.19"]);
        assert_eq!(columns[6..], ["30.00", "500.00", "p99 < 100", "yes"]);
        assert_eq!(columns.len(), HEADINGS.len());
    }

    #[test]
    fn a_missed_goal_is_said() {
        let figures = Figures::of(&[vec![Duration::from_millis(100)]]);
        assert_eq!(figures.columns(Scene { waiting: 10_000, idle: 0 })[8..], ["p99 < 100", "NO"]);
        assert_eq!(figures.columns(Scene { waiting: 1_000, idle: 0 })[8..], ["", ""]);
    }
}
