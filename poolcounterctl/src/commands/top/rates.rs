use super::poll::Sample;
use crate::admin::Group;
use std::collections::HashMap;

/// How often each outcome came, a second, between two rounds. Empty if that is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rates(HashMap<(String, String), f64>);

impl Rates {
    /// Nothing is known if another daemon answers: its counters have begun anew.
    pub(super) fn between(before: &Sample, after: &Sample) -> Self {
        let seconds = after.at.saturating_duration_since(before.at).as_secs_f64();
        let is_same =
            after.status.pid == before.status.pid && after.status.uptime_seconds >= before.status.uptime_seconds;
        if !is_same || seconds <= 0.0 {
            return Self::default();
        }
        let of_group = |group: &Group| {
            let earlier = before.groups.groups.iter().find(|earlier| earlier.name == group.name).cloned();
            let earlier = earlier.unwrap_or_default();
            let rate = |(outcome, count): (&String, &u64)| {
                let more = count.saturating_sub(earlier.outcome(outcome));
                // What happens between two rounds is far below the 2^52 that a double knows exactly.
                #[expect(clippy::cast_precision_loss)]
                ((group.name.clone(), outcome.clone()), more as f64 / seconds)
            };
            group.outcomes.iter().map(rate).collect::<Vec<_>>()
        };
        Self(after.groups.groups.iter().flat_map(of_group).collect())
    }

    /// Of one group; none if it is not known.
    pub(super) fn of(&self, group: &str, outcomes: &[&str]) -> Option<f64> {
        self.sum(|name| name == group, outcomes)
    }

    /// Of all groups.
    pub(super) fn of_all(&self, outcomes: &[&str]) -> Option<f64> {
        self.sum(|_| true, outcomes)
    }

    fn sum(&self, is_meant: impl Fn(&str) -> bool, outcomes: &[&str]) -> Option<f64> {
        let meant = self.0.iter().filter(|((group, outcome), _)| is_meant(group) && outcomes.contains(&&**outcome));
        meant.map(|(_, rate)| *rate).reduce(|sum, rate| sum + rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{Group, Groups, Keys, Status};
    use crate::commands::keys::{Sort, Window};
    use crate::commands::top::poll::Question;
    use std::time::{Duration, Instant};

    fn sample(pid: u64, uptime: f64, granted: u64) -> Sample {
        let status = Status { pid, uptime_seconds: uptime, ..Status::default() };
        let outcomes = [("granted", granted), ("done", 1)].map(|(name, count)| (name.to_owned(), count)).into();
        let groups = Groups { groups: vec![Group { name: "a".to_owned(), outcomes, ..Group::default() }] };
        let question = Question { sort: Sort::Waiting, window: Window::Minute, group: None };
        Sample { at: Instant::now(), status, groups, keys: Keys::default(), question }
    }

    #[test]
    fn what_was_counted_between_two_rounds() {
        let before = sample(1, 10.0, 5);
        let mut after = sample(1, 14.0, 25);
        after.at = before.at + Duration::from_secs(4);
        let rates = Rates::between(&before, &after);
        assert_eq!(rates.of("a", &["granted"]), Some(5.0));
        assert_eq!((rates.of("a", &["done", "granted"]), rates.of_all(&["done"])), (Some(5.0), Some(0.0)));
        assert_eq!(rates.of("b", &["granted"]), None);
    }

    #[test]
    fn another_daemon_counts_anew() {
        let before = sample(1, 10.0, 5);
        for mut after in [sample(2, 14.0, 25), sample(1, 3.0, 25)] {
            after.at = before.at + Duration::from_secs(4);
            assert_eq!(Rates::between(&before, &after), Rates::default());
        }
    }
}
