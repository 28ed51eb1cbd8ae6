//! Compares the lock table with a simple model: for any events, both must give the same messages in the same order and the same counters.
//!
//! All is recorded, from a step of the input on: played again, a recording gives the same messages.

mod model;
mod tape;

use crate::input::Input;
use model::{Claim, Figures, Model, Request};
use poolcounter::protocol::{Acquire, Command, Mode, Response};
use poolcounter::table::ClaimState;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};
use tape::Tape;

const SEED: HashSeed = HashSeed::new(5, 6);

/// The empty key is invalid.
const KEYS: [&[u8]; 5] = [b"page:1", b"page:2", b"thumb", b"x", b""];

/// The most clients at once. The model's time is quadratic in their claims.
const MOST_CLIENTS: usize = 32;

/// The latest time in a test, so that no sum of times overflows.
const LATEST: u64 = 1 << 50;

/// Each step begins with a byte for its kind.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let mut both = Both::new();
    while !input.is_empty() {
        both.step(&mut input);
        both.compare_figures();
        // Not after each step, because it is slow; and a difference stays.
        both.steps += 1;
        both.tape.go_on(&mut both.table, both.steps, both.now);
        if both.steps.is_multiple_of(8) {
            both.compare();
        }
    }
    both.compare();
    both.everybody_leaves();
    both.tape.check(&mut both.table);
}

/// The table, and the model that gets the same events.
struct Both {
    table: LockTable,
    model: Model,
    /// The table's number of each client of the model.
    ids: Vec<ClientId>,
    now: u64,
    started: u64,
    errors: [u64; 2],
    steps: u32,
    tape: Tape,
}

impl Both {
    fn new() -> Self {
        let started = 77;
        let table = LockTable::new(SEED, Timestamp::from_micros(started));
        Self {
            table,
            model: Model::default(),
            ids: Vec::new(),
            now: started,
            started,
            errors: [0; 2],
            steps: 0,
            tape: Tape::default(),
        }
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.below(18) {
            0 | 1 => self.connect(),
            2 => {
                let Some(client) = self.client(input) else { return };
                self.model.disconnect(client, self.now);
                self.table.disconnect(self.ids[client], self.at());
                self.take_wakeups(Some(client));
            }
            3 => {
                let Some(client) = self.client(input) else { return };
                self.received(client);
            }
            4..=8 => {
                let Some(client) = self.client(input) else { return };
                let request = request(input);
                self.acquire(client, &request);
            }
            9 | 10 => {
                let Some(client) = self.client(input) else { return };
                let expected = self.model.release(client, self.now);
                let answer = self.command(client, Command::Release);
                assert_eq!(answer.as_deref(), Some(expected));
                self.take_wakeups(None);
            }
            11 => self.now = (self.now + u64::from(input.word())).min(LATEST),
            12 => self.now = (self.now + u64::from(input.byte()) * 500_000).min(LATEST),
            13 => {
                self.model.expire(self.now);
                self.table.expire(self.at());
                self.take_wakeups(None);
            }
            14 => self.hand_over(),
            15 | 16 => self.crowd(input),
            _ => self.ask(input),
        }
    }

    fn client(&self, input: &mut Input<'_>) -> Option<usize> {
        let who = input.byte();
        let clients = &self.model.clients;
        clients.get(usize::from(who).checked_rem(clients.len())?).copied()
    }

    fn connect(&mut self) {
        if self.model.clients.len() == MOST_CLIENTS {
            return;
        }
        let id = self.table.connect();
        assert!(self.model.clients.iter().all(|client| self.ids[*client] != id), "a number that is in use");
        self.model.clients.push(self.ids.len());
        self.ids.push(id);
    }

    /// Many clients connect and wait for one key.
    fn crowd(&mut self, input: &mut Input<'_>) {
        for _ in 0..input.below(16) {
            self.connect();
            let bits = input.byte();
            let client = self.model.clients[usize::from(bits >> 3) % self.model.clients.len()];
            let mode = if bits & 1 == 0 { Mode::ForMe } else { Mode::ForAnyone };
            let timeout = [1, 2, 3, 60][usize::from(bits >> 1 & 3)];
            self.acquire(client, &Request { mode, key: KEYS[0], workers: 1, maxqueue: 100, timeout });
        }
    }

    fn received(&mut self, client: usize) {
        self.model.received(client, self.now);
        self.table.received(self.ids[client], self.at());
        self.take_wakeups(None);
    }

    fn acquire(&mut self, client: usize, request: &Request) {
        let expected = self.model.acquire(client, request, self.now);
        let Request { mode, key, workers, maxqueue, timeout } = *request;
        let answer =
            self.command(client, Command::Acquire(Acquire::new(mode, key, workers, maxqueue, timeout).expect("a key")));
        assert_eq!(answer.as_deref(), expected);
        self.take_wakeups(None);
    }

    /// The answer without its end.
    fn command(&mut self, client: usize, command: Command<'_>) -> Option<String> {
        let now = self.at();
        let answer = self.table.command(self.ids[client], command, now)?;
        Some(String::from_utf8_lossy(answer.as_bytes()).trim_end().to_owned())
    }

    /// `left`: this client has just left, so messages to it are ignored.
    fn take_wakeups(&mut self, left: Option<usize>) {
        let to_say = std::mem::take(&mut self.model.to_say);
        assert!(to_say.is_empty() || self.table.snapshot().is_err(), "a snapshot must fail while there are wake-ups");
        for (client, line) in to_say {
            assert!(Some(client) == left || self.model.clients.contains(&client));
            let wakeup = self.table.next_wakeup().expect("a wake-up is expected");
            assert_eq!(wakeup.client, self.ids[client]);
            assert_eq!(wakeup.response.as_bytes().strip_suffix(b"\n"), Some(line.as_bytes()));
        }
        assert_eq!(self.table.next_wakeup(), None);
    }

    /// A restored table numbers its clients from 0 on, in their order.
    fn hand_over(&mut self) {
        self.tape.check(&mut self.table);
        let bytes = self.table.snapshot().expect("no wake-up is left");
        self.table = LockTable::restore(&bytes, SEED).expect("its own snapshot");
        let mut clients = self.model.clients.clone();
        clients.sort_by_key(|client| self.ids[*client]);
        let now: Vec<ClientId> = self.table.clients().map(|client| client.id()).collect();
        assert_eq!(clients.len(), now.len());
        for (client, id) in clients.into_iter().zip(now) {
            self.ids[client] = id;
        }
    }

    fn ask(&mut self, input: &mut Input<'_>) {
        let Some(client) = self.client(input) else { return };
        match input.below(5) {
            0 => {
                self.table.count_connect_error();
                self.errors[0] += 1;
            }
            1 => {
                self.table.count_failed_send();
                self.errors[1] += 1;
            }
            2 => {
                let listed: Vec<_> = self.table.statistics().counters.listed(self.keys_in_use()).collect();
                let (name, value) = input.one_of(&listed);
                let answer = self.command(client, Command::Stats(name.to_ascii_uppercase().as_bytes()));
                assert_eq!(answer, Some(format!("{name}: {value}")));
            }
            3 => {
                let seconds = self.now / 1_000_000 - self.started / 1_000_000;
                let (minutes, hours) = (seconds / 60 % 60, seconds / 3_600 % 24);
                let uptime = format!("uptime: {} days, {hours}h {minutes}m {}s", seconds / 86_400, seconds % 60);
                assert_eq!(self.command(client, Command::Stats(b"uptime")).as_ref(), Some(&uptime));
                let full = self.command(client, Command::Stats(b"FULL")).expect("an answer");
                assert!(full.starts_with(&uptime) && full.lines().count() == 21, "{full}");
            }
            _ => {
                let length = input.below(20);
                let name = input.bytes(length);
                let answer =
                    self.table.command(self.ids[client], Command::Stats(name), Timestamp::from_micros(self.now));
                let counters = self.table.statistics().counters.listed(0);
                let mut known = counters.map(|(name, _)| name).chain(["full", "uptime"]);
                let is_known = known.any(|other| other.as_bytes() == name.to_ascii_lowercase());
                assert_eq!(answer == Some(Response::WrongStat), !is_known);
            }
        }
    }

    fn keys_in_use(&self) -> usize {
        KEYS.iter().filter(|key| !self.model.claims_to(key).is_empty()).count()
    }

    fn compare_figures(&self) {
        let Self { table, model, .. } = self;
        assert_eq!(figures(table), model.figures);
        let counters = &table.statistics().counters;
        assert_eq!([counters.connect_errors, counters.failed_sends], self.errors);
        assert_eq!(table.next_deadline().map(Timestamp::as_micros), model.next_deadline());
        assert_eq!(table.is_idle(), model.claims.is_empty());
        assert_eq!(table.clients().len(), model.clients.len());
        assert_eq!(table.pools().len(), self.keys_in_use());
    }

    fn compare(&self) {
        let Self { table, model, .. } = self;
        for &client in &model.clients {
            let id = self.ids[client];
            let view = table.clients().find(|view| view.id() == id).expect("it is connected");
            let claims: Vec<Claim> = view.claims().map(|claim| self.claim(&claim)).collect();
            assert_eq!(claims, model.claims_of(client));
            assert_eq!(table.is_at_rest(id), claims.is_empty());
        }
        for pool in table.pools() {
            let claims = model.claims_to(pool.key());
            let waiting = |mode| claims.iter().copied().filter(move |claim: &Claim| claim.waits == mode);
            assert!(pool.waiters_for_me().map(|claim| self.claim(&claim)).eq(waiting(Some(Mode::ForMe))));
            assert!(pool.waiters_for_anyone().map(|claim| self.claim(&claim)).eq(waiting(Some(Mode::ForAnyone))));
            let holders: Vec<Claim> = pool.holders().map(|claim| self.claim(&claim)).collect();
            assert!(holders.is_sorted_by_key(|claim| claim.granted), "they stand in the order of their grants");
            assert_eq!(holders.len(), waiting(None).count());
            assert!(waiting(None).all(|claim| holders.contains(&claim)));
        }
    }

    /// A claim in the form of the model.
    fn claim(&self, view: &poolcounter::table::ClaimView<'_>) -> Claim {
        let client = self.model.clients.iter().find(|client| self.ids[**client] == view.client);
        Claim {
            client: *client.expect("it is connected"),
            key: KEYS.into_iter().find(|key| *key == view.key).expect("one of them"),
            waits: match view.state {
                ClaimState::Held => None,
                ClaimState::Waiting(mode) => Some(mode),
            },
            requested: view.requested.as_micros(),
            granted: view.granted.map(Timestamp::as_micros),
            deadline: view.deadline.map(Timestamp::as_micros),
        }
    }

    fn everybody_leaves(&mut self) {
        while let Some(&client) = self.model.clients.first() {
            self.model.disconnect(client, self.now);
            self.table.disconnect(self.ids[client], self.at());
            self.take_wakeups(Some(client));
            self.compare_figures();
        }
        assert!(self.table.is_idle());
    }
}

fn request(input: &mut Input<'_>) -> Request {
    let bits = input.byte();
    let numbers = input.byte();
    Request {
        mode: if bits & 1 == 0 { Mode::ForMe } else { Mode::ForAnyone },
        key: KEYS[usize::from(bits >> 1) % KEYS.len()],
        timeout: [1, 60, 0, u32::MAX, 2, 1, 60, 3][usize::from(bits >> 5)],
        workers: [1, 2, 3, 0, 1, 1, 1, u32::MAX][usize::from(numbers) & 7],
        maxqueue: [9, 100, u32::MAX, 1, 2, 3, 0, 5][usize::from(numbers >> 3) & 7],
    }
}

fn figures(table: &LockTable) -> Figures {
    let (counters, times) = (&table.statistics().counters, &table.statistics().times);
    assert_eq!(times.waiting, times.waiting_for_me + times.waiting_for_anyone);
    Figures {
        total_acquired: counters.total_acquired,
        total_releases: counters.total_releases,
        processing_workers: counters.processing_workers,
        waiting_workers: counters.waiting_workers,
        full_queues: counters.full_queues,
        lock_mismatch: counters.lock_mismatch,
        lock_while_waiting: counters.lock_while_waiting,
        release_mismatch: counters.release_mismatch,
        processed_count: counters.processed_count,
        processing: times.processing,
        gained: times.gained,
        waiting_for_me: times.waiting_for_me,
        waiting_for_anyone: times.waiting_for_anyone,
        waiting_for_good: times.waiting_for_good,
        wasted_timeout: times.wasted_timeout,
    }
}
