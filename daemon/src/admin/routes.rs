//! Who answers which request.

use super::answers::{
    clients, drain, events, groups, history, key, keys, kick, metrics, probes, recorded, recording, reload, status,
};
use super::deadline::Deadline;
use super::host::HostNames;
use super::page;
use super::request::{Act, Misunderstood, Route};
use super::response::{Answer, Problem, of_type, set, text};
use super::shared::{Admin, Origin};
use hyper::body::Body;
use hyper::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use hyper::{Request, StatusCode};
use std::rc::Rc;
use std::time::Duration;

/// The largest body of a request, in bytes.
const MAX_BODY: u64 = 4 * 1024;

/// How long an answer may take. A walk over a million keys takes a second if others want the thread as well.
const PATIENCE: Duration = Duration::from_secs(30);

impl Admin {
    pub(super) async fn answer<B: Body>(
        self: &Rc<Self>,
        origin: Origin,
        request: Request<B>,
        deadline: &Deadline,
    ) -> Answer {
        self.slices.turn().await;
        let answer = async {
            let route = self.route(origin, &request)?;
            let wait = route.wait();
            deadline.begin_after(wait);
            let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
            tokio::time::timeout(PATIENCE + wait, self.follow(origin, route, accept)).await.unwrap_or_else(|_| {
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
            Misunderstood::Key(error) | Misunderstood::Parameter(error) => Problem::new(StatusCode::BAD_REQUEST, error),
        })?;
        // A page of another site can have a browser connect to a port, but not to a Unix socket.
        if origin == Origin::Tcp
            && !route.is_for_any_host()
            && !HostNames::new(&self.running.admin_names()).allow(request)
        {
            let error = "The Host header is none of: an address, localhost, a name of --admin-name.";
            return Err(Problem::new(StatusCode::FORBIDDEN, error));
        }
        if matches!(&route, Route::Page(path) if page::find(path).is_none()) {
            return Err(nothing_there());
        }
        let methods = route.methods();
        if !methods.contains(&request.method().as_str()) {
            return Err(Problem::method(request.method(), methods));
        }
        // There is no authentication, but a socket's file has permissions.
        if matches!(route, Route::Act(_)) && origin == Origin::Tcp {
            let error = "This can be asked for over a Unix socket alone.";
            return Err(Problem::new(StatusCode::FORBIDDEN, error));
        }
        Ok(route)
    }

    async fn follow(self: &Rc<Self>, origin: Origin, route: Route, accept: &str) -> Result<Answer, Problem> {
        Ok(match route {
            Route::Page(path) => file(&path)?,
            Route::Health => text("ok\n"),
            Route::Ready => probes::ready(&self.server),
            Route::Metrics => metrics::metrics(self, accept).await,
            Route::Status => status::status(self).await,
            Route::Groups => groups::groups(self).await,
            Route::History => history::history(self).await,
            Route::Keys(keys) => keys::keys(self, keys).await,
            Route::Key { key, list } => key::key(self, &key, list).await?,
            Route::Clients(list) => clients::clients(self, list).await,
            Route::Events { group } => events::events(self, group)?,
            Route::Recording(tape) => recording::recording(self, origin, tape)?,
            Route::Recorded(last) => recorded::recorded(self, origin, last).await?,
            Route::Act(Act::Kick(client)) => kick::kick(self, client)?,
            Route::Act(Act::Drain(wait)) => drain::drain(self, wait).await,
            Route::Act(Act::Undrain) => drain::undrain(self)?,
            Route::Act(Act::Reload) => reload::reload(self)?,
        })
    }
}

fn nothing_there() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is nothing at this path.")
}

/// A file of the page.
fn file(path: &str) -> Result<Answer, Problem> {
    let page::File { content_type, body } = page::find(path).ok_or_else(nothing_there)?;
    let mut answer = of_type(content_type, body);
    set(&mut answer, CONTENT_SECURITY_POLICY, page::CONTENT_SECURITY_POLICY);
    Ok(answer)
}
