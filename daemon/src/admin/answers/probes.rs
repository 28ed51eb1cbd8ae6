use crate::admin::response::{Answer, text};
use crate::server::{NotReady, Server};
use hyper::StatusCode;

/// Whether the daemon takes clients now.
pub(in crate::admin) fn ready(server: &Server) -> Answer {
    match server.not_ready() {
        None => text("ready\n"),
        Some(why) => {
            let mut answer = text(&format!("{}\n", reason(why)));
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            answer
        }
    }
}

/// Why the daemon takes no clients, in words that do not change.
pub(super) fn reason(why: NotReady) -> &'static str {
    match why {
        NotReady::Draining => "draining",
        NotReady::Full => "full",
        NotReady::NoDescriptors => "no descriptors",
    }
}
