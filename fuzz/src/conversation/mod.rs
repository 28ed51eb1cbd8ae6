//! Calls of a client with servers that answer anything at any time: each call must end in time, and no lock may be mistaken for another.
//!
//! The servers are real lock tables behind connections that can be cut, slow and forged. As long as nothing was forged on a connection, the client's locks are
//! compared with the claims of the table.

mod net;

use crate::input::Input;
use net::{Net, Socket};
use poolcounter::Timestamp;
use poolcounter::client::{
    AcquireOutcome, Call, Client, Failure, KeyDistribution, Knowledge, Lock, Outcome, Request, Server, Settings, Step,
};
use poolcounter::protocol::Mode;
use poolcounter::route::Ring;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const SERVERS: [&str; 3] = ["10.0.0.1", "pc.example:80", "unix:/run/poolcounter/socket"];

const KEYS: [&[u8]; 4] = [b"a", b"b", b"page 1", b"\n"];

/// Answers of a server, for the right or the wrong command.
const WORDS: [&[u8]; 14] = [
    b"LOCKED\n",
    b"DONE\n",
    b"RELEASED\n",
    b"NOT_LOCKED\n",
    b"TIMEOUT\n",
    b"QUEUE_FULL\n",
    b"LOCK_HELD\n",
    b"ERROR SOMETHING\n",
    b"ERROR WRONG_STAT",
    b"uptime: 0 days, 0h 0m 0s\n",
    b"\n",
    b"LOC",
    b"KED\n",
    b"\xff\0\n\n",
];

const CAUSES: [&str; 3] = ["Connection refused", "Connection timed out", "Broken pipe"];

/// The most calls and held locks at once.
const MAX_CALLS: usize = 5;

/// The most steps of a call if the driver does each step. Most of them check a look-up, every 5 ms.
const MAX_CALLS_STEPS: usize = 1_000;

/// The state of the network without a fault in the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    Good,
    /// No bytes arrive, in any direction.
    Silent,
    /// Attempts to connect fail at once.
    Refusing,
}

/// The input: the state of the network at the end, the settings, and then steps.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let network = input.one_of(&[Network::Good, Network::Silent, Network::Refusing]);
    let mut world = World::new(&mut input);
    while !input.is_empty() {
        world.step(&mut input);
        world.check_locks();
    }
    world.end(network);
}

/// The settings of both clients, as far as it is checked whether they are kept.
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
struct Expected {
    servers: usize,
    is_ring: bool,
    connect_timeout: u64,
    connect_twice: bool,
    min_answer_timeout: u64,
    first_answer_timeout: u64,
    shares_connections: bool,
    awaits_release: bool,
}

struct World {
    expected: Expected,
    /// The clients share their knowledge of the servers.
    clients: [Client<Socket>; 2],
    net: Rc<RefCell<Net>>,
    calls: Vec<Running>,
    held: Vec<Held>,
}

/// A call under way.
struct Running {
    call: Call,
    /// The client of the call.
    of: usize,
    kind: Kind,
    /// How long its answer may take, in microseconds.
    answer: u64,
    /// Attempts to connect that have neither succeeded nor failed.
    under_way: usize,
    /// The connection to which its command was sent, and when the answer is due.
    sent: Option<(usize, Timestamp)>,
    /// The connection from which it reads.
    listens: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Acquire(&'static [u8]),
    Release,
    ReleaseNothing,
    Statistics,
}

/// A lock that a caller holds.
struct Held {
    lock: Lock,
    of: usize,
    /// The key in the form of the protocol.
    key: Vec<u8>,
    connection: usize,
}

/// What a call needs next.
#[derive(Debug)]
enum Wants {
    LookUp(usize),
    Connect { index: usize, attempt: usize },
    AwaitConnection(Timestamp),
    Pause(Timestamp),
    Send { connection: usize, bytes: Vec<u8>, deadline: Timestamp },
    Receive { connection: usize, deadline: Timestamp },
    Acknowledged(Timestamp),
    Finished(Result<Outcome, Failure>),
}

impl World {
    fn new(input: &mut Input<'_>) -> Self {
        let (settings, expected) = settings(input);
        let mut knowledge = Knowledge::new();
        let clients = [(); 2].map(|()| Client::with_knowledge(settings.clone(), &mut knowledge));
        let net = Rc::new(RefCell::new(Net::new(expected.servers)));
        Self { expected, clients, net, calls: Vec::new(), held: Vec::new() }
    }

    fn now(&self) -> Timestamp {
        self.net.borrow().now
    }

    fn wait_until(&self, moment: Timestamp) {
        self.net.borrow_mut().wait_until(moment);
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let now = self.now();
        match input.byte() % 24 {
            0..=3 if self.calls.len() + self.held.len() < MAX_CALLS => self.acquire(input),
            4 | 5 if !self.held.is_empty() => {
                let place = input.below(self.held.len());
                self.release(place);
            }
            6 => {
                let of = input.below(2);
                let call = self.clients[of].release_nothing(input.one_of(&KEYS), now);
                self.begin(of, Kind::ReleaseNothing, self.at_once(), call);
            }
            7 => {
                let (of, server) = (input.below(2), input.below(4));
                let call = self.clients[of].statistics(server, input.one_of(&["FULL", "uptime", "x\n", "y"]), now);
                self.begin(of, Kind::Statistics, self.at_once(), call);
            }
            8 if !self.calls.is_empty() => {
                let Running { call, of, .. } = self.calls.swap_remove(input.below(self.calls.len()));
                assert!(self.clients[of].cancel(call).is_ok());
            }
            9 if !self.held.is_empty() => {
                let Held { lock, of, connection, .. } = self.held.swap_remove(input.below(self.held.len()));
                assert_eq!(self.clients[of].abandon(lock), Ok(()));
                assert!(!self.net.borrow().connections[connection].is_open, "a lock that was abandoned is still held");
                self.forget_closed();
            }
            10 => self.wait_until(now.after_micros(u64::from(input.word() & 0x3ff_ffff))),
            11 => {
                let of = input.below(2);
                if input.flag() {
                    self.clients[of].abandon_all();
                } else {
                    self.clients[of].close();
                }
                self.forget_closed();
            }
            12 => self.net.borrow_mut().restart(input.below(self.expected.servers)),
            13 => {
                let of = input.below(2);
                self.clients[of].looked_up(input.below(4), found(input), now);
            }
            _ if !self.calls.is_empty() => {
                let place = input.below(self.calls.len());
                self.go_on(place, input);
            }
            _ => {}
        }
    }

    fn acquire(&mut self, input: &mut Input<'_>) {
        let (of, key, bits) = (input.below(2), input.one_of(&KEYS), input.byte());
        let timeout = [15, 0, 1, u32::MAX][usize::from(bits >> 2 & 3)];
        let answer_timeout = [None, None, Some(0), Some(2_000_000)][usize::from(bits >> 4 & 3)];
        let mode = if bits & 1 == 0 { Mode::ForMe } else { Mode::ForAnyone };
        let mut request = Request::new(key).mode(mode).workers(1).maxqueue([9, 2][usize::from(bits >> 1 & 1)]);
        request = request.timeout_seconds(timeout);
        if let Some(micros) = answer_timeout {
            request = request.answer_timeout(Duration::from_micros(micros));
        }
        let call = self.clients[of].acquire(&request, self.now());
        assert!(call.is_ok() || key == b"\n" || self.expected.is_ring);
        let asked = answer_timeout.unwrap_or(u64::from(timeout) * 1_500_000);
        let answer = if timeout == 0 { self.at_once() } else { asked.max(self.expected.min_answer_timeout) };
        self.begin(of, Kind::Acquire(key), answer, call);
    }

    /// How long an answer may take if the server answers at once.
    fn at_once(&self) -> u64 {
        self.expected.min_answer_timeout.max(self.expected.first_answer_timeout)
    }

    fn release(&mut self, place: usize) {
        let Held { lock, of, .. } = self.held.swap_remove(place);
        let call = self.clients[of].release(lock, self.now()).map_err(Failure::from);
        assert!(call.is_ok());
        self.begin(of, Kind::Release, self.at_once(), call);
    }

    fn begin(&mut self, of: usize, kind: Kind, answer: u64, call: Result<Call, Failure>) {
        // A release is always allowed, also with many calls.
        if let (Ok(call), true) = (call, kind == Kind::Release || self.calls.len() < MAX_CALLS) {
            self.calls.push(Running { call, of, kind, answer, under_way: 0, sent: None, listens: None });
        }
    }

    /// Asks for the next step of the call, and checks it.
    fn wants(&mut self, place: usize) -> Wants {
        let now = self.now();
        let running = &mut self.calls[place];
        let wants = match self.clients[running.of].step(&mut running.call, now) {
            Step::LookUp { index, host } => {
                assert_eq!(host, "pc.example");
                Wants::LookUp(index)
            }
            Step::Connect { index, attempt, .. } => Wants::Connect { index, attempt },
            Step::AwaitConnection { until } => Wants::AwaitConnection(until),
            Step::Pause { until } => Wants::Pause(until),
            Step::Send { socket, bytes, deadline } => {
                Wants::Send { connection: socket.number, bytes: bytes.to_vec(), deadline }
            }
            Step::Receive { socket, deadline } => Wants::Receive { connection: socket.number, deadline },
            Step::Acknowledged { socket, deadline, .. } => {
                assert_eq!(running.sent.map(|(connection, _)| connection), Some(socket.number));
                Wants::Acknowledged(deadline)
            }
            Step::Finished(result) => Wants::Finished(result),
        };
        running.listens = None;
        match &wants {
            Wants::Connect { attempt: 0, .. } => running.under_way = 0,
            Wants::Receive { connection, deadline } => {
                running.listens = Some(*connection);
                // On a shared connection a release may send a delayed RELEASE as well. Before that, it waits for the answer to its own.
                let sends_again = running.kind == Kind::Release && self.expected.shares_connections;
                if let Some((to, by)) = running.sent
                    && to == *connection
                    && !sends_again
                {
                    assert!(*deadline <= by, "the deadline of the answer was moved to a later time");
                }
            }
            _ => {}
        }
        self.forget_closed();
        wants
    }

    /// The next event of a call, from the input; or its deadline passes.
    fn go_on(&mut self, place: usize, input: &mut Input<'_>) {
        let wants = self.wants(place);
        let now = self.now();
        let choice = input.byte();
        let running = &mut self.calls[place];
        let (client, call) = (&mut self.clients[running.of], &mut running.call);
        match wants {
            Wants::LookUp(index) => {
                client.looking_up(call);
                if choice & 1 == 0 {
                    client.looked_up(index, found(input), now);
                }
            }
            Wants::Connect { index, .. } => match choice % 8 {
                0 => client.connect_failed(call, input.one_of(&CAUSES)),
                1 => {
                    client.connecting(call, now);
                    client.connect_failed(call, input.one_of(&CAUSES));
                }
                2 => {
                    client.connecting(call, now);
                    running.under_way += 1;
                }
                _ => {
                    client.connecting(call, now);
                    client.connected(call, Net::connect(&self.net, index), now);
                }
            },
            Wants::AwaitConnection(until) => match choice % 4 {
                0 if running.under_way > 0 => {
                    running.under_way -= 1;
                    client.connect_failed(call, input.one_of(&CAUSES));
                }
                _ => self.wait_until(until),
            },
            Wants::Pause(until) => self.wait_until(until),
            Wants::Send { connection, bytes, deadline } => match choice % 16 {
                0 => client.failed(call, input.one_of(&CAUSES), now),
                1 => self.wait_until(deadline),
                _ => self.send(place, connection, &bytes, deadline),
            },
            Wants::Receive { connection, deadline } => match choice % 16 {
                0 => client.failed(call, input.one_of(&CAUSES), now),
                1 => self.wait_until(deadline),
                2 => {
                    let length = input.below(40);
                    let bytes = input.bytes(length).to_vec();
                    self.forge(place, connection, &bytes);
                }
                3 | 4 => self.forge(place, connection, input.one_of(&WORDS)),
                5 => self.receive(place, connection, 1 + input.below(30)),
                _ => self.receive(place, connection, usize::MAX),
            },
            Wants::Acknowledged(deadline) => match choice % 4 {
                0 => client.acknowledged(call, false, now),
                1 => self.wait_until(deadline),
                _ => client.acknowledged(call, true, now),
            },
            Wants::Finished(result) => self.finished(place, result),
        }
        self.forget_closed();
    }

    fn send(&mut self, place: usize, connection: usize, bytes: &[u8], deadline: Timestamp) {
        let now = self.now();
        let Running { call, of, kind, sent, .. } = &mut self.calls[place];
        let on_it = self.held.iter().filter(|held| held.connection == connection);
        let is_probe = bytes == b"STATS UPTIME\n" && *kind != Kind::Statistics;
        assert!(bytes.strip_suffix(b"\n").is_some_and(|line| !line.contains(&b'\n')));
        if !self.expected.shares_connections {
            assert_eq!(on_it.count(), 0, "a connection that holds a caller's lock is used for something else");
        }
        match kind {
            Kind::Release | Kind::ReleaseNothing => assert!(is_probe || bytes == b"RELEASE\n"),
            Kind::Acquire(_) => assert!(is_probe || bytes.starts_with(b"ACQ4")),
            Kind::Statistics => assert!(bytes.starts_with(b"STATS ")),
        }
        *sent = Some((connection, deadline));
        self.net.borrow_mut().send(connection, bytes);
        self.clients[*of].sent(call, now);
    }

    /// Reads the server's bytes, up to this number, or the end of the stream. Without bytes, no event happens.
    fn receive(&mut self, place: usize, connection: usize, most: usize) {
        let now = self.now();
        let bytes: Vec<u8> = {
            let mut net = self.net.borrow_mut();
            let end = &mut net.connections[connection];
            let most = most.min(end.inbox.len());
            if most == 0 && end.is_served {
                return;
            }
            end.inbox.drain(..most).collect()
        };
        let Running { call, of, .. } = &mut self.calls[place];
        self.clients[*of].received(call, &bytes, now);
    }

    /// Gives the client bytes that the server has not sent.
    fn forge(&mut self, place: usize, connection: usize, bytes: &[u8]) {
        let now = self.now();
        self.net.borrow_mut().connections[connection].is_false = true;
        let Running { call, of, .. } = &mut self.calls[place];
        self.clients[*of].received(call, bytes, now);
    }

    fn finished(&mut self, place: usize, result: Result<Outcome, Failure>) {
        let Running { of, kind, sent, .. } = self.calls.swap_remove(place);
        match (kind, result) {
            (Kind::Acquire(key), Ok(Outcome::Acquire(AcquireOutcome::Locked(lock)))) => {
                let (connection, _) = sent.expect("a lock without a request");
                let key = String::from_utf8_lossy(key).replace(' ', "%20").into_bytes();
                let of_both = self.held.iter().any(|held| held.of == of && held.lock == lock);
                assert!(!of_both, "the number of an earlier lock");
                self.held.push(Held { lock, of, key, connection });
                // It may have been closed in the meantime.
                self.forget_closed();
            }
            (Kind::Acquire(_), Ok(Outcome::Acquire(_)))
            | (Kind::Release | Kind::ReleaseNothing, Ok(Outcome::Release(_)))
            | (Kind::Statistics, Ok(Outcome::Statistics(_))) => {}
            (Kind::Release, Err(failure)) => assert!(self.expected.awaits_release, "a release that failed: {failure}"),
            (_, Err(failure)) => {
                let text = failure.to_string();
                assert!(!text.is_empty() && !text.contains(['\n', '\r', '\0']), "{text:?}");
            }
            (_, Ok(outcome)) => panic!("an outcome of another call: {outcome:?}"),
        }
    }

    /// Locks end with their connection. If each lock has its own connection, only the caller ends it.
    fn forget_closed(&mut self) {
        let net = self.net.borrow();
        self.held.retain(|held| net.connections[held.connection].is_open);
    }

    /// Checks that callers really hold the locks that they believe to hold.
    fn check_locks(&self) {
        let net = self.net.borrow();
        for (place, held) in self.held.iter().enumerate() {
            let same = |other: &&Held| other.connection == held.connection;
            if !self.expected.shares_connections {
                assert!(!self.held[..place].iter().any(|other| same(&other)), "two locks on a connection");
            }
            if net.can_be_judged(held.connection) {
                let believed = self.held.iter().filter(same).filter(|other| other.key == held.key).count();
                assert!(net.held(held.connection, &held.key) >= believed, "a lock that its caller holds is gone");
            }
        }
    }

    /// Checks that every call ends in time and that no server has a lock after all locks are released.
    fn end(&mut self, network: Network) {
        self.finish_calls(network);
        while !self.held.is_empty() {
            self.release(0);
            self.finish_calls(network);
            self.check_locks();
        }
        let net = self.net.borrow();
        for connection in 0..net.connections.len() {
            if net.can_be_judged(connection) {
                assert_eq!(net.claims(connection), 0, "a lock that no caller will release");
            }
        }
    }

    fn finish_calls(&mut self, network: Network) {
        while !self.calls.is_empty() {
            let begun = self.now();
            let longest = self.longest(&self.calls[0]);
            let mut steps = 0;
            let calls = self.calls.len();
            while self.calls.len() == calls {
                steps += 1;
                assert!(steps < MAX_CALLS_STEPS, "a call without end");
                self.go_straight_on(network);
            }
            assert!(self.now().micros_since(begun) <= longest, "a call took too long");
        }
    }

    /// Runs the first call to its end, with a driver that does each step.
    fn go_straight_on(&mut self, network: Network) {
        let wants = self.wants(0);
        let now = self.now();
        let silent = network == Network::Silent;
        let Running { call, of, .. } = &mut self.calls[0];
        let client = &mut self.clients[*of];
        match wants {
            Wants::LookUp(index) => {
                client.looking_up(call);
                if !silent {
                    client.looked_up(index, Ok(vec!["10.1.0.1".to_owned()]), now);
                }
            }
            Wants::Connect { .. } if network == Network::Refusing => client.connect_failed(call, CAUSES[0]),
            Wants::Connect { index, .. } => {
                client.connecting(call, now);
                if !silent {
                    client.connected(call, Net::connect(&self.net, index), now);
                }
            }
            Wants::AwaitConnection(until) | Wants::Pause(until) => self.wait_until(until),
            Wants::Send { connection, bytes, deadline } => self.send(0, connection, &bytes, deadline),
            Wants::Receive { connection, deadline } => {
                let has_come = {
                    let end = &self.net.borrow().connections[connection];
                    !end.inbox.is_empty() || !end.is_served
                };
                if has_come && !silent {
                    self.receive(0, connection, usize::MAX);
                } else {
                    self.wait_until(deadline);
                }
            }
            Wants::Acknowledged(_) if !silent => client.acknowledged(call, true, now),
            Wants::Acknowledged(deadline) => self.wait_until(deadline),
            Wants::Finished(result) => self.finished(0, result),
        }
    }

    /// The longest time of a call in microseconds: by `docs/faults.md` for each server, the look-up of its name, a replaced connection, and an answer.
    fn longest(&self, running: &Running) -> u64 {
        const SECOND: u64 = 1_000_000;
        let Expected { servers, connect_timeout, connect_twice, .. } = &self.expected;
        let tries = if *connect_twice { 2 } else { 1 };
        let connecting = tries * (2 * connect_timeout + SECOND) + 1_000;
        // A STATS UPTIME, the missing answer of a release, and an acquire without acknowledgement.
        let doubt = 3 * SECOND + connect_timeout.max(&400_000);
        *servers as u64 * (2 * connecting + doubt) + running.answer
    }
}

fn settings(input: &mut Input<'_>) -> (Settings, Expected) {
    let bits = input.short();
    let servers = match bits >> 1 & 7 {
        0 => &SERVERS[..1],
        1 => &SERVERS[1..2],
        2 => &SERVERS[1..],
        3 => &SERVERS[..],
        _ => &SERVERS[..2],
    };
    let bit = |shift: u16| usize::from(bits >> shift & 1);
    let expected = Expected {
        servers: servers.len(),
        is_ring: bits >> 4 & 3 == 3,
        shares_connections: bit(6) == 1,
        awaits_release: bit(7) == 1,
        connect_twice: bit(8) == 1,
        min_answer_timeout: [1_000_000, 1_000][bit(13)],
        first_answer_timeout: [4_000_000, 1_000][bit(14)],
        connect_timeout: [100_000, 3_000_000][bit(15)],
    };
    let mut settings = Settings::new(servers.iter().map(|server| Server::parse(server).expect("a server")).collect());
    if expected.is_ring {
        settings.key_distribution(KeyDistribution::Ring(Ring::new(servers.iter().map(|server| (server, 1)))));
    }
    settings
        .share_connections(expected.shares_connections)
        .await_release(expected.awaits_release)
        .connect_twice(expected.connect_twice)
        .max_idle_connections([8, 8, 1, 0][usize::from(bits >> 9 & 3)])
        .max_idle_time(Duration::from_secs([60, 0][bit(11)]))
        .avoid_for(Duration::from_secs([1, 0][bit(12)]))
        .min_answer_timeout(Duration::from_micros(expected.min_answer_timeout))
        .first_answer_timeout(Duration::from_micros(expected.first_answer_timeout))
        .connect_timeout(Duration::from_micros(expected.connect_timeout));
    (settings, expected)
}

/// The result of a look-up.
fn found(input: &mut Input<'_>) -> Result<Vec<String>, String> {
    match input.below(6) {
        0 => Err("Name or service not known".to_owned()),
        1 => Ok(Vec::new()),
        addresses => Ok((1..addresses).map(|last| format!("10.1.0.{last}")).collect()),
    }
}
