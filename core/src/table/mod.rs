//! The lock table: the holders and the waiters of each key, in order.
//!
//! The caller drives the table. Each call is one event with its time. The answer to
//! the client that caused it is returned; [`LockTable::next_wakeup`] gives the messages to other clients.
//!
//! ```
//! use poolcounter::protocol::{Command, Line, Response};
//! use poolcounter::{HashSeed, LockTable, Timestamp};
//!
//! let at = Timestamp::from_micros;
//! let mut table = LockTable::new(HashSeed::new(1, 2), at(0));
//! let (anna, ben) = (table.connect(), table.connect());
//! let acquire = Command::parse(Line::of(b"ACQ4ME page:1 1 10 5"));
//! table.command(anna, acquire, at(0));
//! table.command(ben, acquire, at(0));
//!
//! // Ben's five seconds pass. The table does nothing until it is called.
//! assert_eq!(table.next_deadline(), Some(at(5_000_000)));
//! table.expire(at(5_000_000));
//! assert_eq!(table.next_wakeup().map(|wakeup| wakeup.response), Some(Response::Timeout));
//!
//! // The table can be looked into at any time.
//! let pool = table.pools().next().expect("Anna holds a key");
//! assert_eq!((pool.key(), pool.holders().count()), (&b"page:1"[..], 1));
//! ```

mod arena;
mod claim;
mod deadlines;
mod observed;
mod occurrences;
mod overdue;
mod pool;
mod queue;
mod snapshot;
mod taped;
mod view;
mod walk;

pub use claim::{ClaimState, Limits};
pub use occurrences::{Occurrence, Occurrences};
pub use overdue::{HoldChange, HoldId, HoldLimits, HoldPolicies, HoldReport};
pub use pool::HashSeed;
pub(crate) use snapshot::SavedStatistics;
pub use snapshot::{SnapshotError, read_section, write_section};
pub use taped::{RecorderId, RecorderState};
pub use view::{ClaimView, ClientView, PoolView};
pub use walk::Cursor;

use crate::Timestamp;
use crate::event::{Event, HoldEnd, Misuse, Refusal, WaitEnd};
use crate::protocol::{Acquire, Command, Response};
use crate::stats::Statistics;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use arena::{Arena, Index};
use claim::{Asked, Claim, Claims, Client};
use deadlines::{Deadline, Deadlines, NO_DEADLINE};
use observed::Listeners;
use overdue::Watch;
use pool::Pools;
use queue::Links;
use taped::Tape;

/// Below this many wake-ups their queue is not worth shrinking.
const SMALL_QUEUE: usize = 1_024;

/// A client of the table, from [`LockTable::connect`] to [`LockTable::disconnect`]. Numbers are
/// reused and stay small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Index);

impl ClientId {
    /// The number, for tables of the caller; after the client has left, a new client may get the number.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

/// A message that ends a client's wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wakeup {
    /// Whom to tell.
    pub client: ClientId,
    /// [`Locked`](Response::Locked), [`Done`](Response::Done) or [`Timeout`](Response::Timeout).
    pub response: Response,
}

/// Locks, queues, timers and statistics of one server, with the behaviour of the reference.
///
/// Every operation is O(1), those that change a timer O(log n). Only claims that exist now take memory, beside a bounded amount for
/// [figures](Self::observe).
///
/// # Panics
///
/// A method that takes a [`ClientId`] panics if that client is not connected.
#[derive(Debug)]
pub struct LockTable {
    clients: Arena<Client>,
    claims: Claims,
    pools: Pools,
    deadlines: Deadlines,
    wakeups: VecDeque<Wakeup>,
    statistics: Statistics,
    /// Who is told of events beside the statistics. Mostly nobody is.
    listeners: Option<Box<Listeners>>,
    /// Who looks for holders that are overdue. Mostly nobody does.
    watch: Option<Box<Watch>>,
    /// Who records the calls. Mostly nobody does.
    tape: Option<Box<Tape>>,
}

impl LockTable {
    /// An empty table, whose uptime begins at `now`.
    #[must_use]
    pub fn new(seed: HashSeed, now: Timestamp) -> Self {
        Self {
            clients: Arena::new(),
            claims: Arena::new(),
            pools: Pools::new(seed),
            deadlines: Deadlines::default(),
            wakeups: VecDeque::new(),
            statistics: Statistics::new(now),
            listeners: None,
            watch: None,
            tape: None,
        }
    }

    /// A client has come.
    pub fn connect(&mut self) -> ClientId {
        ClientId(self.clients.insert(Client::default()))
    }

    /// Bytes have come from `client`: once for each read, before its lines are handled.
    ///
    /// As in the reference, waiters whose timeout has passed by `now` are told first. Then the bytes cancel the timer of this client, if it waits, permanently.
    pub fn received(&mut self, client: ClientId, now: Timestamp) {
        self.expire(now);
        if self.tape.is_some() {
            self.tape_read(client, now);
        }
        if let Some(claim) = self.waiting_claim(client) {
            self.deadlines.cancel(&mut self.claims, claim);
        }
    }

    /// `client` has sent one line. Send the answer after the wake-ups; with `None` the client waits.
    #[must_use]
    pub fn command(&mut self, client: ClientId, command: Command<'_>, now: Timestamp) -> Option<Response> {
        if self.tape.is_some() {
            return self.tape_command(client, command, now);
        }
        self.execute(client, command, now)
    }

    #[inline]
    fn execute(&mut self, client: ClientId, command: Command<'_>, now: Timestamp) -> Option<Response> {
        match command {
            Command::Acquire(acquire) => self.acquire(client, acquire, now),
            Command::Release => Some(self.release(client, now)),
            Command::Stats(name) => Some(self.statistics.answer(name, self.pools.len(), now)),
            Command::Unknown => Some(Response::BadCommand),
            Command::TooLong => Some(Response::LineTooLong),
        }
    }

    /// `client` has left. Its claims end, newest first. Each lock that it held is granted to the oldest waiter, for-me before for-anyone.
    ///
    /// Waiters whose timeout has passed by `now` are told first. This client may be one of them; skip it.
    pub fn disconnect(&mut self, client: ClientId, now: Timestamp) {
        self.expire(now);
        if self.tape.is_some() {
            self.tape_left(client, now);
        }
        while let Some(claim) = self.clients[client.0].pop() {
            self.end_with_client(claim, now);
        }
        self.clients.remove(client.0);
    }

    /// Tells the waiters whose timeout has passed by `now`, oldest first.
    pub fn expire(&mut self, now: Timestamp) {
        if self.tape.is_some() {
            self.tape_expiry(now);
        }
        while let Some(claim) = self.deadlines.due(now) {
            if self.tape.is_some() {
                self.tape_before_change(self.claims[claim].pool);
            }
            self.dismiss(claim, WaitEnd::TimedOut, now);
        }
    }

    /// When [`expire`](Self::expire) has something to do next. Calling it later or earlier is allowed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.next()
    }

    /// The next client that must be told something, in the reference's order. Call it after each call that changes the table, until it returns `None`.
    #[inline]
    pub fn next_wakeup(&mut self) -> Option<Wakeup> {
        // Mostly there is none.
        if self.wakeups.is_empty() { None } else { self.pop_wakeup() }
    }

    fn pop_wakeup(&mut self) -> Option<Wakeup> {
        let wakeup = self.wakeups.pop_front();
        if self.wakeups.is_empty() && self.wakeups.capacity() > SMALL_QUEUE {
            self.wakeups.shrink_to(SMALL_QUEUE);
        }
        if let (Some(tape), Some(wakeup)) = (&mut self.tape, &wakeup) {
            tape.told(wakeup);
        }
        wakeup
    }

    /// Counters and times.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// A connection could not be accepted.
    pub fn count_connect_error(&mut self) {
        if let Some(tape) = &mut self.tape {
            tape.counted(false);
        }
        self.statistics.counters.connect_errors += 1;
    }

    /// A client's socket did not take an answer completely.
    pub fn count_failed_send(&mut self) {
        if let Some(tape) = &mut self.tape {
            tape.counted(true);
        }
        self.statistics.counters.failed_sends += 1;
    }

    /// Whether there are no claims and no wake-ups.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.claims.len() == 0 && self.wakeups.is_empty()
    }

    /// Whether `client` has no claims, and no wake-up can be for it.
    #[must_use]
    pub fn is_at_rest(&self, client: ClientId) -> bool {
        self.wakeups.is_empty() && self.clients[client.0].claims().is_empty()
    }

    fn acquire(&mut self, client: ClientId, acquire: Acquire<'_>, now: Timestamp) -> Option<Response> {
        if self.clients[client.0].is_full() {
            self.report_misuse(Misuse::TooManyLocks, now);
            return Some(Response::LockHeld);
        }
        if self.waiting_claim(client).is_some() {
            self.report_misuse(Misuse::AcquireWhileWaiting, now);
            return Some(Response::WaitForResponse);
        }
        if acquire.key.is_empty() || acquire.workers == 0 || acquire.maxqueue == 0 {
            return Some(Response::BadSyntax);
        }
        let index = self.pools.find_or_make(acquire.key, &mut self.listeners);
        let pool = &self.pools.arena[index];
        if pool.count() >= acquire.maxqueue {
            self.report(index, client.0, Event::Refused(Refusal::QueueFull), now);
            return Some(Response::QueueFull);
        }
        if pool.holders.len() < acquire.workers {
            self.add_claim(client, index, ClaimState::Held, &acquire, now);
            self.report(index, client.0, Event::Granted, now);
            return Some(Response::Locked);
        }
        if acquire.timeout == 0 {
            self.report(index, client.0, Event::Refused(Refusal::NotFree), now);
            return Some(Response::Timeout);
        }
        let claim = self.add_claim(client, index, ClaimState::Waiting(acquire.mode), &acquire, now);
        self.deadlines.set(&mut self.claims, claim, now.after_secs(acquire.timeout));
        self.report(index, client.0, Event::WaitBegan(acquire.mode), now);
        None
    }

    fn release(&mut self, client: ClientId, now: Timestamp) -> Response {
        let Some(claim) = self.clients[client.0].pop() else {
            self.report_misuse(Misuse::NothingToRelease, now);
            return Response::NotLocked;
        };
        let Claim { pool, state, requested, .. } = self.claims[claim];
        if let ClaimState::Waiting(mode) = state {
            // The releaser itself must not be told that the work is done.
            self.drop_claim(claim);
            self.report(pool, client.0, Event::WaitEnded { mode, since: requested, end: WaitEnd::Cancelled }, now);
        }
        self.tell_done(pool, requested, now);
        if state == ClaimState::Held {
            let heir = self.pools.arena[pool].for_me.oldest();
            self.end_hold(claim, heir, HoldEnd::Released, now);
        }
        Response::Released
    }

    /// Ends a claim because its client has left, without telling other clients that the work is done.
    fn end_with_client(&mut self, claim: Index, now: Timestamp) {
        let Claim { pool: index, client, state, requested, .. } = self.claims[claim];
        match state {
            ClaimState::Held => {
                let pool = &self.pools.arena[index];
                let heir = pool.for_me.oldest().or(pool.for_anyone.oldest());
                self.end_hold(claim, heir, HoldEnd::Left, now);
            }
            ClaimState::Waiting(mode) => {
                self.drop_claim(claim);
                self.report(index, client, Event::WaitEnded { mode, since: requested, end: WaitEnd::Left }, now);
            }
        }
    }

    /// Ends a hold: grants the lock to the waiter `heir`, or frees it.
    #[inline]
    fn end_hold(&mut self, claim: Index, heir: Option<Index>, end: HoldEnd, now: Timestamp) {
        let Claim { pool, client, requested, granted, .. } = self.claims[claim];
        self.report(pool, client, Event::HoldEnded { requested, granted, end }, now);
        self.watch_ended(claim, end, now);
        // The heir is first, because its claim keeps the pool alive.
        if let Some(heir) = heir {
            self.grant_to_waiter(heir, now);
        }
        self.drop_claim(claim);
    }

    /// A waiter becomes a holder.
    fn grant_to_waiter(&mut self, claim: Index, now: Timestamp) {
        self.deadlines.cancel(&mut self.claims, claim);
        let Claim { pool: index, client, state, requested, .. } = self.claims[claim];
        let pool = &mut self.pools.arena[index];
        pool.queue(state).remove(&mut self.claims, claim);
        pool.holders.push(&mut self.claims, claim);
        let claim = &mut self.claims[claim];
        claim.state = ClaimState::Held;
        claim.granted = now;
        self.wakeups.push_back(Wakeup { client: ClientId(client), response: Response::Locked });
        if let ClaimState::Waiting(mode) = state {
            self.report(index, client, Event::WaitEnded { mode, since: requested, end: WaitEnd::Granted }, now);
        }
    }

    /// Tells every for-anyone waiter of a pool that the work is done. Its worker had asked for the lock at `work_requested`.
    fn tell_done(&mut self, pool: Index, work_requested: Timestamp, now: Timestamp) {
        // Only for speed: `drop_claim` would cancel each timer by itself.
        self.deadlines.cancel_all(&mut self.claims, &self.pools.arena[pool].for_anyone);
        // A pool with a waiter has a holder, whose claim keeps the pool alive while its waiters are removed.
        while let Some(claim) = self.pools.arena[pool].for_anyone.oldest() {
            self.dismiss(claim, WaitEnd::Done { work_requested }, now);
        }
    }

    /// A waiter's wait ends without the lock.
    fn dismiss(&mut self, claim: Index, end: WaitEnd, now: Timestamp) {
        let Claim { pool, client, state, requested, .. } = self.claims[claim];
        // A client that waits cannot acquire anything else, so the waiting claim is its newest.
        self.clients[client].pop();
        self.drop_claim(claim);
        let response = if end == WaitEnd::TimedOut { Response::Timeout } else { Response::Done };
        self.wakeups.push_back(Wakeup { client: ClientId(client), response });
        if let ClaimState::Waiting(mode) = state {
            self.report(pool, client, Event::WaitEnded { mode, since: requested, end }, now);
        }
    }

    /// Passes an event on to every listener. No other code counts changes of claims. The end of the last claim is reported before its pool is removed.
    #[inline]
    fn report(&mut self, pool: Index, client: Index, event: Event, now: Timestamp) {
        // Mostly the statistics are the only one, and then a report costs one comparison more than a call of theirs.
        if self.listeners.is_none() {
            self.statistics.count(event, now);
        } else {
            self.report_to_all(pool, client, event, now);
        }
    }

    #[inline(never)]
    fn report_to_all(&mut self, pool: Index, client: Index, event: Event, now: Timestamp) {
        self.statistics.count(event, now);
        if let Some(listeners) = &mut self.listeners {
            listeners.tell(&self.pools.arena[pool], ClientId(client), event, now);
        }
    }

    /// The same for an event that is about no key.
    fn report_misuse(&mut self, misuse: Misuse, now: Timestamp) {
        self.statistics.count(Event::Misused(misuse), now);
    }

    fn waiting_claim(&self, client: ClientId) -> Option<Index> {
        self.clients[client.0].newest().filter(|&claim| self.claims[claim].state != ClaimState::Held)
    }

    /// When the wait of a claim ends by itself.
    fn wait_deadline(&self, claim: &Claim) -> Option<Deadline> {
        (claim.state != ClaimState::Held).then(|| self.deadlines.get(claim.deadline)).flatten()
    }

    fn add_claim(
        &mut self,
        client: ClientId,
        pool: Index,
        state: ClaimState,
        acquire: &Acquire<'_>,
        now: Timestamp,
    ) -> Index {
        let claim = Claim {
            pool,
            client: client.0,
            state,
            requested: now,
            granted: now,
            asked: Asked::from(acquire),
            links: Links::NONE,
            deadline: NO_DEADLINE,
            overdue: false,
        };
        let claim = self.claims.insert(claim);
        self.clients[client.0].push(claim);
        self.pools.arena[pool].queue(state).push(&mut self.claims, claim);
        self.watch_added(pool, state);
        claim
    }

    /// Removes a claim, which is no longer on its client's stack, from its queue and its timer. A pool is removed with its last claim.
    fn drop_claim(&mut self, claim: Index) {
        self.cancel_timer(claim);
        let Claim { pool: index, state, .. } = self.claims[claim];
        let pool = &mut self.pools.arena[index];
        pool.queue(state).remove(&mut self.claims, claim);
        if pool.count() == 0 {
            if let Some(listeners) = &mut self.listeners {
                listeners.key_gone(pool.group);
            }
            self.pools.remove(index);
        } else {
            self.watch_removed(index, state);
        }
        self.claims.remove(claim);
    }
}
