use crate::server::Server;
use crate::system::clock;
use std::future::pending;
use std::rc::Rc;

/// Ends waits when their timeout passes.
pub(crate) async fn run(server: Rc<Server>) {
    loop {
        let deadline = server.arm_alarm();
        let wait = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(clock::instant(deadline)).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = wait => server.expire(),
            () = server.alarm_changed() => {}
        }
    }
}
