use crate::server::Server;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Idle clients are looked for so often in the time that they have. So a connection is closed after at most an eighth more, and a command costs
/// no more than to note the number of the round.
const ROUNDS: u32 = 8;

/// Closes connections that are idle for this long.
pub(crate) async fn run(server: Rc<Server>, timeout: Duration) {
    let round = timeout / ROUNDS;
    let mut rounds = interval_at(Instant::now() + round, round);
    // Nobody is to be closed early because the daemon stood still.
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        server.close_idle(ROUNDS).await;
    }
}
