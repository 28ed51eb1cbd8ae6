use super::Thresholds;
use super::reading::{Figures, Reading};
use serde_json::{Value, json};
use std::fmt;

/// What is said of servers. The numbers are the statuses that Nagios expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The one that matters more: what is known to be broken comes before what is not known.
    fn worse(self, other: Self) -> Self {
        let rank = |state| match state {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) state: State,
    pub(super) words: String,
    pub(super) data: PerformanceData,
}

impl Verdict {
    pub(super) fn unknown(words: String) -> Self {
        Self { state: State::Unknown, words, data: PerformanceData::default() }
    }
}

/// What Nagios keeps of a check, to draw it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PerformanceData(Vec<Datum>);

#[derive(Clone, Debug, PartialEq)]
struct Datum {
    label: String,
    unit: &'static str,
    value: f64,
    limits: [Option<f64>; 2],
}

impl PerformanceData {
    pub(super) fn to_json(&self) -> Value {
        let entry = |datum: &Datum| (datum.label.clone(), json!(datum.value));
        Value::Object(self.0.iter().map(entry).collect())
    }
}

impl fmt::Display for PerformanceData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Datum { label, unit, value, limits: [warn, crit] }) in self.0.iter().enumerate() {
            let limit = |limit: &Option<f64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
            let before = if at == 0 { " | " } else { " " };
            write!(formatter, "{before}'{label}'={}{unit};{};{};0", rounded(*value), limit(warn), limit(crit))?;
        }
        Ok(())
    }
}

/// To a thousandth.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// A figure, what it is called, and from where on it is bad.
struct Measure {
    name: &'static str,
    words: &'static str,
    unit: &'static str,
    value: Option<f64>,
    limits: [Option<f64>; 2],
}

fn measures(figures: &Figures, thresholds: &Thresholds) -> [Measure; 5] {
    let Thresholds { warn_waiters, crit_waiters, warn_held, crit_held, .. } = *thresholds;
    let Thresholds { warn_refused, crit_refused, warn_clients, crit_clients, .. } = *thresholds;
    let measure = |name, words, unit, value, limits| Measure { name, words, unit, value, limits };
    [
        measure("holders", "holders", "", Some(figures.holders), [None; 2]),
        measure("waiters", "waiters", "", Some(figures.waiters), [warn_waiters, crit_waiters]),
        measure("oldest_hold", "oldest hold that others wait for", "s", figures.held, [warn_held, crit_held]),
        measure("refused", "refused a second", "", figures.refused, [warn_refused, crit_refused]),
        measure("clients", "clients", "%", figures.clients, [warn_clients, crit_clients]),
    ]
}

pub(super) fn judge(readings: &[Reading], thresholds: &Thresholds) -> Verdict {
    let mut state = State::Ok;
    let (mut faults, mut summary, mut data) = (Vec::new(), Vec::new(), Vec::new());
    let mut fault = |worse: State, words: String| {
        state = state.worse(worse);
        faults.push(words);
    };
    for Reading { server, figures } in readings {
        let figures = match figures {
            Ok(figures) => figures,
            Err(cause) if cause.contains(server) => {
                fault(State::Critical, cause.clone());
                continue;
            }
            Err(cause) => {
                fault(State::Critical, format!("{server}: {cause}"));
                continue;
            }
        };
        if let Some(why) = &figures.not_ready {
            let worse = if why == "draining" { State::Warning } else { State::Critical };
            fault(worse, format!("{server}: {why}"));
        }
        for Measure { name, words, unit, value, limits } in measures(figures, thresholds) {
            let [warn, crit] = limits;
            let Some(value) = value else {
                if warn.or(crit).is_some() {
                    fault(State::Unknown, format!("{server} does not tell: {words}"));
                }
                continue;
            };
            let reached = |limit: Option<f64>| limit.is_some_and(|limit| value >= limit);
            let said = format!("{words} {}{unit}", rounded(value));
            match (reached(crit), reached(warn)) {
                (true, _) => fault(State::Critical, format!("{server}: {said}")),
                (_, true) => fault(State::Warning, format!("{server}: {said}")),
                _ => {}
            }
            // Figures of one server need no name.
            let label = if readings.len() > 1 { format!("{server} {name}") } else { name.to_owned() };
            data.push(Datum { label, unit, value, limits });
            summary.push(said);
        }
    }
    let words = match (faults.is_empty(), readings.len()) {
        (false, _) => faults.join("; "),
        (true, 1) => summary.join(", "),
        (true, count) => format!("{count} servers"),
    };
    // The bar ends the words, and a line is all that is read.
    let words = words.replace(['|', '\n'], " ");
    Verdict { state, words, data: PerformanceData(data) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(figures: Result<Figures, String>) -> Reading {
        Reading { server: "pc1:80".to_owned(), figures }
    }

    fn busy() -> Figures {
        Figures {
            holders: 4.0,
            waiters: 38.0,
            held: Some(12.34),
            refused: Some(0.5),
            clients: Some(50.0),
            not_ready: None,
        }
    }

    fn line(verdict: &Verdict) -> String {
        format!("{} - {}{}", verdict.state.name(), verdict.words, verdict.data)
    }

    #[test]
    fn a_server_without_thresholds_is_fine_while_it_is_ready() {
        let verdict = judge(&[reading(Ok(busy()))], &Thresholds::default());
        let expected = "OK - holders 4, waiters 38, oldest hold that others wait for 12.34s, refused a second 0.5, clients 50% \
            | 'holders'=4;;;0 'waiters'=38;;;0 'oldest_hold'=12.34s;;;0 'refused'=0.5;;;0 'clients'=50%;;;0";
        assert_eq!(line(&verdict), expected);
    }

    #[test]
    fn a_threshold_is_reached_by_its_own_value() {
        let limits =
            |warn, crit| Thresholds { warn_waiters: Some(warn), crit_waiters: Some(crit), ..Thresholds::default() };
        let cases = [(39.0, 100.0, State::Ok), (38.0, 39.0, State::Warning), (1.0, 38.0, State::Critical)];
        for (warn, crit, state) in cases {
            assert_eq!(judge(&[reading(Ok(busy()))], &limits(warn, crit)).state, state, "{warn} {crit}");
        }
        let all = Thresholds {
            warn_held: Some(1.0),
            warn_refused: Some(0.5),
            crit_clients: Some(50.0),
            ..Thresholds::default()
        };
        let verdict = judge(&[reading(Ok(busy()))], &all);
        let words =
            "pc1:80: oldest hold that others wait for 12.34s; pc1:80: refused a second 0.5; pc1:80: clients 50%";
        assert_eq!((verdict.state, &*verdict.words), (State::Critical, words));
    }

    #[test]
    fn a_server_that_is_away_is_critical_and_hides_no_other() {
        let verdict =
            judge(&[reading(Err("cannot | connect".to_owned())), reading(Ok(busy()))], &Thresholds::default());
        assert_eq!((verdict.state, &*verdict.words), (State::Critical, "pc1:80: cannot   connect"));
        assert!(line(&verdict).contains("'pc1:80 waiters'=38;;;0"));
    }

    #[test]
    fn draining_is_a_warning_and_other_reasons_are_critical() {
        for (why, state) in [("draining", State::Warning), ("full", State::Critical)] {
            let figures = Figures { not_ready: Some(why.to_owned()), ..busy() };
            assert_eq!(judge(&[reading(Ok(figures))], &Thresholds::default()).state, state, "{why}");
        }
    }

    #[test]
    fn what_a_server_does_not_tell_is_unknown_only_if_it_is_to_be_judged() {
        let quiet = Figures { waiters: 1.0, ..Figures::default() };
        let of = |thresholds| judge(&[reading(Ok(quiet.clone()))], &thresholds).state;
        assert_eq!(of(Thresholds::default()), State::Ok);
        assert_eq!(of(Thresholds { warn_held: Some(5.0), ..Thresholds::default() }), State::Unknown);
        let both = Thresholds { warn_held: Some(5.0), crit_waiters: Some(1.0), ..Thresholds::default() };
        assert_eq!(of(both), State::Critical);
    }
}
