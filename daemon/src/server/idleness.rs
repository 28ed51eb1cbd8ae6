//! Clients that have nothing to do with the daemon for a long time.

use super::connection::Connection;
use super::{Hub, Server};
use crate::system::clock;
use std::rc::Rc;
use tracing::debug;

/// So many clients are looked at in one go, which takes some microseconds, and so many of them closed at the most, each of which takes about ten.
const LOOKED_AT: usize = 1_024;
const CLOSED: usize = 32;

impl Server {
    /// The client has said or was told something just now.
    pub(crate) fn used(&self, connection: &Connection) {
        connection.used.set(self.hub.borrow().round);
    }

    /// Begins another round, and closes the connections that were idle in this many whole rounds before it. Other clients are served in between.
    pub(crate) async fn close_idle(&self, rounds: u32) {
        let round = self.hub.borrow().round.wrapping_add(1);
        self.hub.borrow_mut().round = round;
        let (mut place, mut closed) = (0, 0);
        loop {
            let looked = self.hub.borrow_mut().close_idle(place, rounds);
            let Some((next, more)) = looked else { break };
            (place, closed) = (next, closed + more);
            tokio::task::yield_now().await;
        }
        if closed > 0 {
            debug!("{closed} idle connections were closed");
        }
    }
}

impl Hub {
    /// Goes on from this place: up to where it has come, and how many were closed. `None` at the end.
    fn close_idle(&mut self, place: usize, rounds: u32) -> Option<(usize, usize)> {
        let end = self.connections.len().min(place.checked_add(LOOKED_AT)?);
        if place >= end {
            return None;
        }
        let (mut closed, now) = (0, clock::now());
        for index in place..end {
            let Some(connection) = &self.connections[index] else { continue };
            // The round of the last use was not a whole one.
            if self.round.wrapping_sub(connection.used.get()) > rounds && self.is_idle(connection) {
                let connection = Rc::clone(connection);
                self.part_with(&connection, now);
                self.tell_others(now);
                closed += 1;
                if closed == CLOSED {
                    return Some((index + 1, closed));
                }
            }
        }
        Some((end, closed))
    }

    fn is_idle(&self, connection: &Connection) -> bool {
        connection.client().is_some_and(|client| self.table.is_at_rest(client)) && connection.is_at_rest()
    }
}
