use super::AdminAddress;
use super::connection::{cause, request};
use crate::failure::{Exit, Failure};
use crate::output::plain;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{Method, Response, StatusCode};
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// The longest answer that is read, in bytes: a thousand keys of a thousand bytes, several times over.
const LONGEST: usize = 32 << 20;

/// Why a server did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    #[error("{server}: {cause}")]
    NoAnswer { server: AdminAddress, cause: String },
    #[error("{server}: {reason}")]
    Refused { server: AdminAddress, status: StatusCode, reason: String },
}

impl AskError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoAnswer { .. } => Exit::NoAnswer,
            Self::Refused { status: StatusCode::SERVICE_UNAVAILABLE, .. } => Exit::TryLater,
            Self::Refused { .. } => Exit::Failed,
        }
    }

    /// Without the server's name.
    pub(crate) fn cause(&self) -> &str {
        match self {
            Self::NoAnswer { cause, .. } => cause,
            Self::Refused { reason, .. } => reason,
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        Self::new(error.exit(), error)
    }
}

pub(crate) async fn get(address: &AdminAddress, path: &str, within: Duration) -> Result<Value, AskError> {
    ask(address, Method::GET, path, within).await
}

pub(crate) async fn post(address: &AdminAddress, path: &str, within: Duration) -> Result<Value, AskError> {
    ask(address, Method::POST, path, within).await
}

/// Asks one question, and gives the JSON of the answer. All of it takes no longer than `within`.
pub(crate) async fn ask(
    address: &AdminAddress,
    method: Method,
    path: &str,
    within: Duration,
) -> Result<Value, AskError> {
    let question = async {
        let answer = request(address, method, path, within).await?;
        read(address, answer).await
    };
    timeout(within, question).await.unwrap_or_else(|_| {
        let cause = format!("no answer within {} s", within.as_secs_f64());
        Err(AskError::NoAnswer { server: address.clone(), cause })
    })
}

pub(super) async fn read(address: &AdminAddress, answer: Response<Incoming>) -> Result<Value, AskError> {
    let status = answer.status();
    let no_answer = |cause: String| AskError::NoAnswer { server: address.clone(), cause };
    let bytes = match Limited::new(answer.into_body(), LONGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(no_answer("its answer is too long".to_owned())),
        Err(error) => {
            return Err(no_answer(error.downcast_ref().map_or_else(|| error.to_string(), cause)));
        }
    };
    let json = serde_json::from_slice::<Value>(&bytes);
    if status.is_success() {
        return json.map_err(|error| no_answer(format!("its answer is no JSON: {error}")));
    }
    let said = json.ok().and_then(|json| Some(plain(json.get("error")?.as_str()?)));
    let reason = said.unwrap_or_else(|| format!("it answered {status}"));
    Err(AskError::Refused { server: address.clone(), status, reason })
}
