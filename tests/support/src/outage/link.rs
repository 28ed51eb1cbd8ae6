//! The network between the clients and one server, which can have faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::packet::Segment;
use super::{Kind, Way};
use crate::tunnel::{carry, tunnel};

/// A link. A thread passes its packets on for as long as this process lives.
#[derive(Debug)]
pub(super) struct Link(Arc<Mutex<State>>);

/// What is lost.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) way: Way,
    pub(super) kind: Kind,
    pub(super) extent: Extent,
}

/// How much is lost.
#[derive(Debug)]
pub(super) enum Extent {
    Count(u32),
    Until(Instant),
    Endless,
}

/// The data that was sent to the server, and the faults for further packets.
#[derive(Debug, Default)]
struct State {
    losses: Vec<Loss>,
    delay_to_server: Duration,
    delay_from_server: Duration,
    /// The next sequence number of each side of each connection, by the client's port and whether it is the client's side.
    next: BTreeMap<(u16, bool), u32>,
    /// Port and sequence number, so that repeated packets count once.
    seen: BTreeSet<(u16, u32)>,
    sent: Vec<Vec<u8>>,
    connections: usize,
}

impl Link {
    /// Makes the link. `near` is the address of the server, with the prefix length of its network.
    pub(super) fn lay(name: &str, near: &str) -> Result<Self> {
        let device = tunnel(name, near)?;
        let state = Arc::new(Mutex::new(State::default()));
        let link = Self(Arc::clone(&state));
        let name = name.to_owned();
        thread::spawn(move || {
            if let Err(error) = carry(&device, |packet| locked(&state).pass(packet, Instant::now())) {
                eprintln!("the link to {name} broke: {error}");
            }
        });
        Ok(link)
    }

    pub(super) fn lose(&self, loss: Loss) {
        locked(&self.0).losses.push(loss);
    }

    /// Ends the faults, except those that are limited by a number or a time.
    pub(super) fn mend(&self) {
        locked(&self.0).losses.retain(|loss| !matches!(loss.extent, Extent::Endless));
    }

    pub(super) fn delay(&self, way: Way, time: Duration) {
        let mut state = locked(&self.0);
        if way != Way::From {
            state.delay_to_server = time;
        }
        if way != Way::To {
            state.delay_from_server = time;
        }
    }

    /// How many packets are still to be lost, of the faults with a number.
    pub(super) fn not_lost(&self) -> u32 {
        let state = locked(&self.0);
        let counts = state.losses.iter().map(|loss| if let Extent::Count(count) = loss.extent { count } else { 0 });
        counts.sum()
    }

    /// Resets the record of what was sent.
    pub(super) fn count_anew(&self) {
        let mut state = locked(&self.0);
        state.sent.clear();
        state.connections = 0;
    }

    /// How many connections were attempted.
    pub(super) fn connections(&self) -> usize {
        locked(&self.0).connections
    }

    /// The commands that were sent, whether or not they arrived.
    pub(super) fn sent(&self) -> Vec<Vec<u8>> {
        locked(&self.0).sent.clone()
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // No thread panics while it holds the lock.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// How long the packet takes; `None` if it is lost.
    fn pass(&mut self, packet: &[u8], now: Instant) -> Option<Duration> {
        self.losses.retain(|loss| !matches!(loss.extent, Extent::Until(end) if end <= now));
        let Some(segment) = Segment::read(packet) else { return Some(Duration::ZERO) };
        self.note(&segment);
        let side = (segment.client, segment.to_server);
        let next = self.next.get(&side).copied();
        let lost = self.losses.iter_mut().find(|loss| {
            loss.way.includes(segment.to_server)
                && !matches!(loss.extent, Extent::Count(0))
                && segment.is(loss.kind, next)
        });
        if next.is_none_or(|next| segment.next().wrapping_sub(next).cast_signed() > 0) {
            self.next.insert(side, segment.next());
        }
        if let Some(loss) = lost {
            if let Extent::Count(count) = &mut loss.extent {
                *count -= 1;
            }
            return None;
        }
        Some(if segment.to_server { self.delay_to_server } else { self.delay_from_server })
    }

    fn note(&mut self, segment: &Segment<'_>) {
        let counts = segment.to_server && (segment.begins_connection() || !segment.payload.is_empty());
        if counts && self.seen.insert((segment.client, segment.sequence)) {
            if segment.begins_connection() {
                self.connections += 1;
                // An earlier connection may have had the port.
                self.next.remove(&(segment.client, true));
                self.next.remove(&(segment.client, false));
            } else {
                self.sent.push(segment.payload.to_vec());
            }
        }
    }
}
