//! Answers that do not end by themselves.

use super::connection::{cause, request};
use super::{AdminAddress, AskError, ask::read};
use http_body_util::BodyExt;
use hyper::Method;
use std::time::Duration;
use tokio::time::timeout;

/// A stream without a byte for this time is broken: a server sends something every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// Why a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The caller has enough.
    Enough,
    /// The server ended it, as it should.
    Complete,
    /// The server ended, or the connection broke.
    Broken(AskError),
}

/// Gives the bytes of the stream at `path` to `take`, until the stream ends or `take` says that it is enough. An error: no stream began.
pub(crate) async fn stream(
    address: &AdminAddress,
    path: &str,
    within: Duration,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<End, AskError> {
    let no_answer = |cause: String| AskError::NoAnswer { server: address.clone(), cause };
    let answer = request(address, Method::GET, path, within).await?;
    if !answer.status().is_success() {
        let refusal = timeout(within, read(address, answer)).await;
        let refusal = refusal.unwrap_or_else(|_| Err(no_answer("no answer in time".to_owned())));
        return refusal.and(Err(no_answer("its answer is no stream".to_owned())));
    }
    let mut body = answer.into_body();
    loop {
        let broken = |cause: String| Ok(End::Broken(no_answer(cause)));
        let frame = match timeout(SILENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return broken(cause(&error)),
            Ok(None) => return Ok(End::Complete),
            Err(_) => return broken(format!("it was silent for {} s", SILENCE.as_secs())),
        };
        if frame.data_ref().is_some_and(|bytes| !take(bytes)) {
            return Ok(End::Enough);
        }
    }
}
