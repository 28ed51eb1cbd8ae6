use super::Options;
use crate::admin::{AdminAddress, AskError, Groups, History, Status, get, understood};
use crate::commands::wait_for;
use crate::failure::Failure;
use crate::pool::statistics;
use futures_util::future::join_all;
use poolcounter::stats::{Figure, read};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What was read of a server.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) server: String,
    /// Or why there is none.
    pub(super) figures: Result<Figures, String>,
}

/// What is judged. None: this server does not tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) not_ready: Option<String>,
    pub(super) holders: f64,
    pub(super) waiters: f64,
    /// Seconds.
    pub(super) held: Option<f64>,
    /// A second, in the last minute.
    pub(super) refused: Option<f64>,
    /// Percent.
    pub(super) clients: Option<f64>,
}

/// Asks all servers at once.
pub(super) fn all(options: &Options) -> Result<Vec<Reading>, Failure> {
    let within = options.timeout.0;
    if options.stats.is_empty() {
        let one = async |server: &AdminAddress| Reading {
            server: server.to_string(),
            figures: of_admin(server, within).await.map_err(|error| error.cause().to_owned()),
        };
        return wait_for(async { Ok(join_all(options.servers.iter().map(one)).await) });
    }
    let answers = statistics(&options.stats, within);
    let reading = |(server, answer): (&poolcounter::client::Server, Result<String, String>)| Reading {
        server: server.to_string(),
        figures: answer.and_then(|text| of_statistics(&text)),
    };
    Ok(options.stats.iter().zip(answers).map(reading).collect())
}

async fn of_admin(server: &AdminAddress, within: Duration) -> Result<Figures, AskError> {
    let status: Status = answer(server, "/v1/status", within).await?;
    let groups: Groups = answer(server, "/v1/groups", within).await?;
    let history: History = answer(server, "/v1/history", within).await?;
    Ok(figures(&status, &groups, &history))
}

async fn answer<T: DeserializeOwned>(server: &AdminAddress, path: &str, within: Duration) -> Result<T, AskError> {
    understood(server, get(server, path, within).await?)
}

// Counts of clients and locks are far below the 2^52 that a double knows exactly.
#[expect(clippy::cast_precision_loss)]
fn figures(status: &Status, groups: &Groups, history: &History) -> Figures {
    let most = status.max_clients.unwrap_or(status.max_descriptors);
    let oldest = groups.groups.iter().filter_map(|group| group.oldest_contended_hold_seconds);
    Figures {
        not_ready: (!status.ready).then(|| status.not_ready.clone().unwrap_or_else(|| "not ready".to_owned())),
        holders: status.holders as f64,
        waiters: status.waiters as f64,
        held: Some(oldest.fold(0.0, f64::max)),
        refused: refused(history),
        clients: (most > 0).then(|| status.clients as f64 * 100.0 / most as f64),
    }
}

/// Refusals a second in the last minute.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn refused(history: &History) -> Option<f64> {
    let step = history.step_seconds;
    if step.is_nan() || step <= 0.0 {
        return None;
    }
    // A cast saturates.
    let steps = (60.0 / step).ceil() as usize;
    let of_group =
        |refused: &[Option<f64>]| refused.iter().rev().take(steps).flatten().fold(0.0, |sum, count| sum + count);
    let sum: f64 = history.groups.iter().map(|group| of_group(&group.refused)).fold(0.0, |sum, count| sum + count);
    Some(sum / (steps as f64 * step))
}

#[expect(clippy::cast_precision_loss)]
fn of_statistics(text: &str) -> Result<Figures, String> {
    let figures = read(text);
    let count = |name: &str| {
        let found = figures.iter().find(|(known, _)| *known == name);
        let count =
            found.and_then(|(_, figure)| if let Figure::Count(count) = figure { Some(*count as f64) } else { None });
        count.ok_or_else(|| format!("its statistics have no `{name}`"))
    };
    Ok(Figures { holders: count("processing_workers")?, waiters: count("waiting_workers")?, ..Figures::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_those_of_the_last_minute() {
        // A step before the last minute, and one in which the daemon did not run.
        let mut steps = vec![Some(1_000.0)];
        steps.extend([Some(10.0); 11]);
        steps.push(None);
        let history = History { step_seconds: 5.0, groups: vec![crate::admin::GroupHistory { refused: steps }] };
        assert_eq!(refused(&history), Some(110.0 / 60.0));
        assert_eq!(refused(&History::default()), None);
    }

    #[test]
    fn statistics_without_a_count_are_no_answer() {
        let figures = of_statistics("processing_workers: 2\nwaiting_workers: 3\n").unwrap();
        assert_eq!((figures.holders, figures.waiters), (2.0, 3.0));
        assert_eq!(
            of_statistics("processing_workers: 2\n"),
            Err("its statistics have no `waiting_workers`".to_owned())
        );
    }

    #[test]
    fn the_share_of_clients_is_of_their_limit() {
        let status = Status { ready: true, clients: 5, max_descriptors: 1000, ..Status::default() };
        let limited = Status { max_clients: Some(20), ..status.clone() };
        let unlimited = Status { ready: false, not_ready: Some("draining".to_owned()), ..status };
        let of = |status: &Status| figures(status, &Groups::default(), &History::default());
        assert_eq!((of(&limited).clients, of(&limited).not_ready), (Some(25.0), None));
        assert_eq!((of(&unlimited).clients, of(&unlimited).not_ready), (Some(0.5), Some("draining".to_owned())));
    }
}
