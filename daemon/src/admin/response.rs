//! Answers and refusals as HTTP has them.

use super::body::Body;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Response, StatusCode};
use serde::Serialize;

/// An answer.
pub(super) type Answer = Response<Body>;

/// Why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// One plain sentence.
    pub(super) error: String,
    /// The methods that are allowed.
    allowed: Option<&'static [&'static str]>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), allowed: None }
    }

    /// There are other methods for this.
    pub(super) fn method(method: &Method, allowed: &'static [&'static str]) -> Self {
        let error = format!("The method {method} is not allowed here.");
        Self { allowed: Some(allowed), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, error) }
    }
}

impl From<Problem> for Answer {
    fn from(Problem { status, error, allowed }: Problem) -> Self {
        #[derive(Serialize)]
        struct Content {
            error: String,
        }
        let mut answer = json(&Content { error });
        *answer.status_mut() = status;
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            // What follows the head is not read.
            set(&mut answer, CONNECTION, "close");
        }
        if let Some(methods) = allowed.map(|methods| methods.join(", ")).and_then(|text| text.try_into().ok()) {
            answer.headers_mut().insert(ALLOW, methods);
        }
        answer
    }
}

/// An answer of this type.
pub(super) fn of_type(content_type: &'static str, content: impl Into<Body>) -> Answer {
    let mut answer = Response::new(content.into());
    set(&mut answer, CONTENT_TYPE, content_type);
    set(&mut answer, CACHE_CONTROL, "no-store");
    set(&mut answer, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // For what a browser shows as a document by itself. The page has a policy of its own.
    set(&mut answer, CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    answer
}

pub(super) fn json(content: &impl Serialize) -> Answer {
    let mut text = Vec::new();
    write_json(&mut text, content);
    text.push(b'\n');
    of_json(text)
}

/// Writes numbers, text and structs of them as JSON, which is always possible.
pub(super) fn write_json(to: &mut Vec<u8>, content: &impl Serialize) {
    if let Err(error) = serde_json::to_writer(to, content) {
        unreachable!("it is no plain data: {error}");
    }
}

/// An answer of JSON that is already written.
pub(super) fn of_json(text: Vec<u8>) -> Answer {
    of_type("application/json", text)
}

pub(super) fn text(content: &str) -> Answer {
    of_type("text/plain; charset=utf-8", content.as_bytes().to_vec())
}

pub(super) fn set(answer: &mut Answer, name: hyper::header::HeaderName, value: &'static str) {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
}
