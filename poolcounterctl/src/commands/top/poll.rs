use crate::admin::{AdminAddress, AskError, Groups, Keys, Status, get, understood};
use crate::commands::keys::{Sort, Window, path};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

/// The most keys that are asked for: more than fit on any screen.
const KEYS: usize = 200;

/// What is asked of every server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) sort: Sort,
    pub(super) window: Window,
    pub(super) group: Option<String>,
}

/// What a server said in one round.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// When.
    pub(super) at: Instant,
    pub(super) status: Status,
    pub(super) groups: Groups,
    pub(super) keys: Keys,
    /// What was asked.
    pub(super) question: Question,
}

/// What came of a round for the server of this index.
pub(super) type Update = (usize, Result<Sample, AskError>);

/// Asks a server again and again, each time after `interval` or when the question changes, until nobody listens any more. Others do not wait for it.
pub(super) async fn poll(
    index: usize,
    server: AdminAddress,
    mut question: watch::Receiver<Question>,
    updates: mpsc::Sender<Update>,
    [interval, within]: [Duration; 2],
) {
    loop {
        let asked = question.borrow_and_update().clone();
        if updates.send((index, sample(&server, asked, within).await)).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(interval) => {}
            changed = question.changed() => if changed.is_err() { return },
        }
    }
}

async fn sample(server: &AdminAddress, question: Question, within: Duration) -> Result<Sample, AskError> {
    let answers = ask(server, &question, within).await?;
    sample_of(server, answers, question)
}

/// Status, groups and keys, as the server says them.
pub(super) async fn ask(
    server: &AdminAddress,
    Question { sort, window, group }: &Question,
    within: Duration,
) -> Result<[Value; 3], AskError> {
    let keys = format!("{}&limit={KEYS}", path(*sort, *window, group.as_deref()));
    let status = get(server, "/v1/status", within).await?;
    let groups = get(server, "/v1/groups", within).await?;
    Ok([status, groups, get(server, &keys, within).await?])
}

/// The sample of such answers.
pub(super) fn sample_of(
    server: &AdminAddress,
    [status, groups, keys]: [Value; 3],
    question: Question,
) -> Result<Sample, AskError> {
    let (status, groups) = (understood(server, status)?, understood(server, groups)?);
    let keys = understood(server, keys)?;
    Ok(Sample { at: Instant::now(), status, groups, keys, question })
}
