//! A simple model of the lock table: one list, which is searched linearly. It follows `docs/protocol.md` and not the code of the table.

use poolcounter::protocol::Mode;

/// A message to a client: the client, and the line without its end.
pub(super) type Said = (usize, &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) client: usize,
    pub(super) key: &'static [u8],
    /// The queue in which it waits; `None` for a held claim.
    pub(super) waits: Option<Mode>,
    pub(super) requested: u64,
    pub(super) granted: Option<u64>,
    pub(super) deadline: Option<u64>,
}

/// The counters of `STATS`, except the errors of sockets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) total_acquired: u64,
    pub(super) total_releases: u64,
    pub(super) processing_workers: u64,
    pub(super) waiting_workers: u64,
    pub(super) full_queues: u64,
    pub(super) lock_mismatch: u64,
    pub(super) lock_while_waiting: u64,
    pub(super) release_mismatch: u64,
    pub(super) processed_count: u64,
    pub(super) processing: u64,
    pub(super) gained: u64,
    pub(super) waiting_for_me: u64,
    pub(super) waiting_for_anyone: u64,
    pub(super) waiting_for_good: u64,
    pub(super) wasted_timeout: u64,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    /// The connected clients.
    pub(super) clients: Vec<usize>,
    /// In the order in which they were requested.
    pub(super) claims: Vec<Claim>,
    /// Messages to clients whose wait has ended.
    pub(super) to_say: Vec<Said>,
    pub(super) figures: Figures,
}

pub(super) struct Request {
    pub(super) mode: Mode,
    pub(super) key: &'static [u8],
    pub(super) workers: u32,
    pub(super) maxqueue: u32,
    pub(super) timeout: u32,
}

impl Model {
    pub(super) fn claims_of(&self, client: usize) -> Vec<Claim> {
        self.claims.iter().copied().filter(|claim| claim.client == client).collect()
    }

    pub(super) fn claims_to(&self, key: &[u8]) -> Vec<Claim> {
        self.claims.iter().copied().filter(|claim| claim.key == key).collect()
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.claims.iter().filter_map(|claim| claim.deadline).min()
    }

    pub(super) fn acquire(&mut self, client: usize, request: &Request, now: u64) -> Option<&'static str> {
        let own = self.claims_of(client);
        if own.len() == 4 {
            self.figures.lock_mismatch += 1;
            return Some("LOCK_HELD");
        }
        if own.iter().any(|claim| claim.waits.is_some()) {
            self.figures.lock_while_waiting += 1;
            return Some("ERROR WAIT_FOR_RESPONSE");
        }
        if request.key.is_empty() || request.workers == 0 || request.maxqueue == 0 {
            return Some("ERROR BAD_SYNTAX");
        }
        let pool = self.claims_to(request.key);
        if pool.len() >= request.maxqueue as usize {
            self.figures.full_queues += 1;
            return Some("QUEUE_FULL");
        }
        let mut claim =
            Claim { client, key: request.key, waits: None, requested: now, granted: Some(now), deadline: None };
        if pool.iter().filter(|claim| claim.waits.is_none()).count() < request.workers as usize {
            self.claims.push(claim);
            self.figures.total_acquired += 1;
            self.figures.processing_workers += 1;
            return Some("LOCKED");
        }
        if request.timeout == 0 {
            return Some("TIMEOUT");
        }
        claim.waits = Some(request.mode);
        claim.granted = None;
        claim.deadline = Some(now + u64::from(request.timeout) * 1_000_000);
        self.claims.push(claim);
        self.figures.waiting_workers += 1;
        None
    }

    pub(super) fn release(&mut self, client: usize, now: u64) -> &'static str {
        let Some(newest) = self.claims.iter().rposition(|claim| claim.client == client) else {
            self.figures.release_mismatch += 1;
            return "NOT_LOCKED";
        };
        let released = self.claims.remove(newest);
        while let Some(waiter) = self.oldest(released.key, Mode::ForAnyone) {
            let waiter = self.claims.remove(waiter);
            self.to_say.push((waiter.client, "DONE"));
            self.figures.waiting_workers -= 1;
            self.figures.waiting_for_good += now - waiter.requested;
            self.figures.gained += now - released.requested;
        }
        if released.waits.is_none() {
            let heir = self.oldest(released.key, Mode::ForMe);
            self.end_hold(released, heir, now);
        }
        self.figures.total_releases += 1;
        "RELEASED"
    }

    pub(super) fn received(&mut self, client: usize, now: u64) {
        self.expire(now);
        for claim in &mut self.claims {
            if claim.client == client {
                claim.deadline = None;
            }
        }
    }

    pub(super) fn disconnect(&mut self, client: usize, now: u64) {
        self.expire(now);
        self.clients.retain(|other| *other != client);
        while let Some(newest) = self.claims.iter().rposition(|claim| claim.client == client) {
            let ended = self.claims.remove(newest);
            if ended.waits.is_some() {
                self.figures.waiting_workers -= 1;
            } else {
                let heir = self.oldest(ended.key, Mode::ForMe).or(self.oldest(ended.key, Mode::ForAnyone));
                self.end_hold(ended, heir, now);
            }
        }
    }

    pub(super) fn expire(&mut self, now: u64) {
        while let Some(due) = self.next_deadline().filter(|due| *due <= now) {
            let oldest = self.claims.iter().position(|claim| claim.deadline == Some(due)).expect("it is one of them");
            let waiter = self.claims.remove(oldest);
            self.to_say.push((waiter.client, "TIMEOUT"));
            self.figures.waiting_workers -= 1;
            self.figures.wasted_timeout += now - waiter.requested;
        }
    }

    fn oldest(&self, key: &[u8], mode: Mode) -> Option<usize> {
        self.claims.iter().position(|claim| claim.key == key && claim.waits == Some(mode))
    }

    /// A hold ends; the claim at the index `heir` gets the lock.
    fn end_hold(&mut self, ended: Claim, heir: Option<usize>, now: u64) {
        self.figures.processed_count += 1;
        self.figures.processing += now - ended.requested;
        let Some(heir) = heir else {
            self.figures.processing_workers -= 1;
            return;
        };
        let heir = &mut self.claims[heir];
        match heir.waits.take().expect("it waited") {
            Mode::ForMe => self.figures.waiting_for_me += now - heir.requested,
            Mode::ForAnyone => self.figures.waiting_for_anyone += now - heir.requested,
        }
        (heir.granted, heir.deadline) = (Some(now), None);
        self.to_say.push((heir.client, "LOCKED"));
        self.figures.waiting_workers -= 1;
        self.figures.total_acquired += 1;
    }
}
