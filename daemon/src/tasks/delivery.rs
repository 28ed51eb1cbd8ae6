use crate::server::Server;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Sends slices whenever there is something to send. Other tasks run, and the runtime looks at the sockets, between two slices.
///
/// The time is shared evenly: slices are sent for as long as the others have worked in between. Otherwise a thousand busy clients would put off each slice
/// by some milliseconds, and the last wake-up by a second.
pub(crate) async fn run(server: Rc<Server>) {
    loop {
        server.outbox_filled().await;
        let mut others = Duration::ZERO;
        while server.tell_slices(others) {
            let start = Instant::now();
            tokio::task::yield_now().await;
            others = start.elapsed();
        }
    }
}
