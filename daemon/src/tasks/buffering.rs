use crate::server::Server;
use std::rc::Rc;
use std::time::Duration;

/// How often the recorder's bytes are moved into the buffer, if there are not many of them earlier.
const PERIOD: Duration = Duration::from_secs(1);

/// How many places of the table are looked at in one turn, which takes less than a millisecond. A build for tests has short slices, so that small crowds do not fit into one.
const PLACES: u32 = if cfg!(debug_assertions) { 16 } else { 512 };

/// Fills the buffer of recorded calls, if there is one.
pub(crate) async fn run(server: Rc<Server>) {
    loop {
        while server.fill_record_buffer(PLACES) {
            tokio::task::yield_now().await;
        }
        if server.has_record_buffer() {
            // It does not matter if the time has passed.
            let _ = tokio::time::timeout(PERIOD, server.record_buffer_needs()).await;
        } else {
            // As in `overdue`: an armed timer has its price.
            server.record_buffer_needs().await;
        }
    }
}
