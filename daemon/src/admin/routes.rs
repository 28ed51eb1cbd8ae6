//! Who answers which request.

use super::answers::{clients, probes, status};
use super::request::{Misunderstood, Route};
use super::response::{Answer, Problem, text};
use super::shared::{Admin, Origin};
use hyper::body::Body;
use hyper::{Method, Request, StatusCode};
use std::time::Duration;

/// The largest body of a request, in bytes.
const MAX_BODY: u64 = 4 * 1024;

/// How long an answer may take. A walk over a million keys takes a second if others want the thread as well.
const PATIENCE: Duration = Duration::from_secs(30);

impl Admin {
    pub(super) async fn answer<B: Body>(&self, origin: Origin, request: Request<B>) -> Answer {
        let answer = async {
            let route = self.route(origin, &request)?;
            tokio::time::timeout(PATIENCE, self.follow(route)).await.unwrap_or_else(|_| {
                let error = format!("There was no answer within {} s.", PATIENCE.as_secs());
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error))
            })
        };
        answer.await.unwrap_or_else(Answer::from)
    }

    /// What is asked for, if this connection may ask for it.
    fn route<B: Body>(&self, origin: Origin, request: &Request<B>) -> Result<Route, Problem> {
        let size = request.body().size_hint();
        if size.upper().is_none_or(|bytes| bytes > MAX_BODY) {
            let error = format!("The body of a request has a length of at most {MAX_BODY} bytes, said before it.");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error));
        }
        let route = Route::parse(request.uri().path(), request.uri().query()).map_err(|error| match error {
            Misunderstood::Path => not_found(),
            Misunderstood::Parameter(error) => Problem::new(StatusCode::BAD_REQUEST, error),
        })?;
        // A page of another site can have a browser connect to a port, but not to a Unix socket.
        if origin == Origin::Tcp && !route.is_for_any_host() && !self.names.allow(request) {
            let error = "The Host header is none of: an address, localhost, a name of --admin-name.";
            return Err(Problem::new(StatusCode::FORBIDDEN, error));
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let error = format!("The method {} is not allowed here.", request.method());
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, error));
        }
        Ok(route)
    }

    async fn follow(&self, route: Route) -> Result<Answer, Problem> {
        match route {
            Route::Health => Ok(text("ok\n")),
            Route::Ready => Ok(probes::ready(&self.server)),
            Route::Status => Ok(status::status(self).await),
            Route::Clients(list) => Ok(clients::clients(self, list).await),
            Route::Page(path) if path == "/" => Ok(text("The page comes later.\n")),
            Route::Page(_) => Err(not_found()),
        }
    }
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is nothing at this path.")
}
