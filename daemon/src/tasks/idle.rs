use crate::server::Server;
use std::rc::Rc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// How often idle clients are searched for within the timeout. So a connection is closed late by at most an eighth of the timeout, and a command only has to
/// store the number of the round.
const ROUNDS: u32 = 8;

/// Closes connections that are idle for as long as the server allows.
pub(crate) async fn run(server: Rc<Server>) {
    loop {
        let Some(timeout) = server.idle_limit() else {
            server.idle_limit_changed().await;
            continue;
        };
        server.begin_idle_search();
        let round = timeout / ROUNDS;
        let mut rounds = interval_at(Instant::now() + round, round);
        // If the daemon was stopped for some time (SIGSTOP), missed rounds do not follow each other at once, so no connection is closed too early.
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = server.idle_limit_changed() => break,
                _ = rounds.tick() => server.close_idle(ROUNDS).await,
            }
        }
    }
}
