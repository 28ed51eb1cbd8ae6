use crate::server::Server;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Sends the outbox in slices whenever it has messages. Between two slices, other tasks run and the runtime looks at the sockets.
///
/// The time is shared evenly: slices are sent for as long as the other tasks have run. Otherwise a thousand busy clients would delay each slice by some
/// milliseconds, and the last wake-up by a second.
pub(crate) async fn run(server: Rc<Server>) {
    loop {
        server.outbox_filled().await;
        let mut others = Duration::ZERO;
        while server.deliver(others) {
            let start = Instant::now();
            tokio::task::yield_now().await;
            others = start.elapsed();
        }
    }
}
