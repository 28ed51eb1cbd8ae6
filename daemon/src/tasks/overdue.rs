use crate::server::Server;
use std::rc::Rc;
use std::time::Duration;

/// How often holders that are overdue are looked for. Their limits are whole seconds.
const PERIOD: Duration = Duration::from_millis(200);

/// Logs the holders that are overdue, and disconnects those that have held a lock for too long.
pub(crate) async fn run(server: Rc<Server>) {
    loop {
        if !server.watches_holds() {
            server.begins_to_watch_holds().await;
            // A timer that is armed without need costs each command 8 % more instructions.
            continue;
        }
        while server.check_holds() {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(PERIOD).await;
    }
}
