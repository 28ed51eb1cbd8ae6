//! The client's state machine, driven by hand in virtual time.

#![allow(clippy::expect_used)]

use poolcounter::Timestamp;
use poolcounter::client::{Call, Client, Failure, Lock, Outcome, Request, Server, Settings, Sharing, Step};
use poolcounter::protocol::Mode;

const ACQUIRE: &[u8] = b"ACQ4ME k 1 10 2\n";

/// A socket is the number of its connection.
struct Driver {
    client: Client<u32>,
    connections: u32,
    now: Timestamp,
}

/// What the client wants, with the names that a test compares.
#[derive(Debug, PartialEq)]
enum Wants {
    Connect(String),
    Pause,
    Send(u32, Vec<u8>),
    Receive(u32),
    End(Result<Outcome, Failure>),
}

impl Driver {
    fn new(servers: &[&str], change: impl FnOnce(&mut Settings)) -> Self {
        let servers = servers.iter().map(|server| Server::parse(server).expect("a server")).collect();
        let mut settings = Settings::new(servers);
        change(&mut settings);
        Self { client: Client::new(settings), connections: 0, now: Timestamp::from_micros(5) }
    }

    fn acquire(&self) -> Call {
        let request =
            Request { mode: Mode::ForMe, key: b"k", workers: 1, maxqueue: 10, timeout: 2, answer_within: None };
        self.client.acquire(&request, self.now).expect("a good request")
    }

    fn step(&mut self, call: &mut Call) -> Wants {
        match self.client.step(call, self.now) {
            Step::Connect { server, .. } => Wants::Connect(server.name().to_owned()),
            Step::Pause { .. } => Wants::Pause,
            Step::Send { socket, bytes, .. } => Wants::Send(*socket, bytes.to_vec()),
            Step::Receive { socket, .. } => Wants::Receive(*socket),
            Step::Finished(result) => Wants::End(result),
        }
    }

    fn connected(&mut self, call: &mut Call) -> u32 {
        self.connections += 1;
        self.client.connected(call, self.connections, self.now);
        self.connections
    }

    fn sent(&mut self, call: &mut Call, socket: u32, bytes: &[u8]) {
        assert_eq!(self.step(call), Wants::Send(socket, bytes.to_vec()));
        self.client.sent(call, self.now);
    }

    fn received(&mut self, call: &mut Call, socket: u32, bytes: &[u8]) {
        assert_eq!(self.step(call), Wants::Receive(socket));
        self.client.received(call, bytes, self.now);
    }

    /// Acquires over a new connection.
    fn locked(&mut self) -> (u32, Lock) {
        let mut call = self.acquire();
        assert!(matches!(self.step(&mut call), Wants::Connect(_)));
        let socket = self.connected(&mut call);
        self.sent(&mut call, socket, ACQUIRE);
        self.received(&mut call, socket, b"LOCKED\n");
        (socket, lock(self.step(&mut call)))
    }

    /// Releases without waiting for the answer.
    fn release(&mut self, socket: u32, lock: &Lock) {
        let mut call = self.client.release(lock, self.now).expect("a release");
        self.sent(&mut call, socket, b"RELEASE\n");
        assert_eq!(self.step(&mut call), Wants::End(Ok(Outcome::Released)));
    }
}

fn lock(wants: Wants) -> Lock {
    match wants {
        Wants::End(Ok(Outcome::Locked(lock))) => lock,
        other => panic!("no lock but {other:?}"),
    }
}

#[test]
fn a_kept_connection_reads_the_answer_of_the_release_before_the_next_command() {
    let mut driver = Driver::new(&["a"], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, &lock);
    let mut call = driver.acquire();
    driver.received(&mut call, socket, b"RELE");
    driver.received(&mut call, socket, b"ASED\n");
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"DONE\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Done)));
    assert_eq!(driver.connections, 1);
}

#[test]
fn a_release_can_be_waited_for() {
    let mut driver = Driver::new(&["a"], |settings| settings.await_release = true);
    let (socket, lock) = driver.locked();
    let mut call = driver.client.release(&lock, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
    driver.received(&mut call, socket, b"RELEASED\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Released)));
}

#[test]
fn what_a_server_says_cannot_forge_a_line_of_a_log() {
    let mut driver = Driver::new(&["a"], |_| ());
    let mut call = driver.acquire();
    assert!(matches!(driver.step(&mut call), Wants::Connect(_)));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, "ERROR \x1b[2J\rü\n".as_bytes());
    let failure = Failure::Remote { server: "a".to_owned(), message: "\\u{1b}[2J\\rü".to_owned() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(failure)));
}

#[test]
fn a_lock_that_another_release_took_is_not_taken_for_released() {
    let mut driver = Driver::new(&["a"], |settings| settings.sharing = Sharing::PerServer);
    let (socket, lock) = driver.locked();
    let mut other = driver.client.release_nothing(b"k", driver.now).expect("a release");
    driver.sent(&mut other, socket, b"RELEASE\n");
    driver.received(&mut other, socket, b"RELEASED\n");
    assert_eq!(driver.step(&mut other), Wants::End(Ok(Outcome::Released)));
    let mut call = driver.client.release(&lock, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
    driver.received(&mut call, socket, b"NOT_LOCKED\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::NotLocked)));
}

#[test]
fn a_stale_connection_is_replaced_once() {
    let mut driver = Driver::new(&["a"], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, &lock);
    let mut call = driver.acquire();
    driver.received(&mut call, socket, b"");
    assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"");
    let closed = Failure::Read { server: "a".into(), cause: "the server closed the connection".into() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(closed)));
}

#[test]
fn a_replaced_connection_keeps_the_deadline() {
    let mut driver = Driver::new(&["a"], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, &lock);
    let mut call = driver.acquire();
    driver.received(&mut call, socket, b"RELEASED\n");
    driver.sent(&mut call, socket, ACQUIRE);
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.now = driver.now.after_micros(2_999_000);
    driver.received(&mut call, socket, b"");
    assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.now = driver.now.after_micros(1_000);
    let late = Failure::Read { server: "a".into(), cause: "Connection timed out".into() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(late)));
}

#[test]
fn a_connection_that_is_out_of_step_is_never_used_again() {
    for answer in [&b"LOCKED\nRELEASED\n"[..], b"RELEASED\n", b"HELLO\n"] {
        let mut driver = Driver::new(&["a"], |_| ());
        let mut call = driver.acquire();
        assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
        let socket = driver.connected(&mut call);
        driver.sent(&mut call, socket, ACQUIRE);
        driver.received(&mut call, socket, answer);
        assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Read { .. }))), "{answer:?}");
        let mut call = driver.acquire();
        assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
    }
}

#[test]
fn answers_after_a_time_out_are_not_those_of_the_next_call() {
    let mut driver = Driver::new(&["a"], |_| ());
    let mut call = driver.acquire();
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.now = driver.now.after_secs(3);
    assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Read { .. }))));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
}

#[test]
fn the_next_server_answers_and_the_dead_one_is_passed_over_for_a_while() {
    let mut driver = Driver::new(&["a", "b"], |_| ());
    let mut call = driver.acquire();
    let Wants::Connect(first) = driver.step(&mut call) else { panic!("a connection is wanted") };
    driver.client.connect_failed(&mut call, "Connection refused", driver.now);
    let Wants::Connect(second) = driver.step(&mut call) else { panic!("another connection is wanted") };
    assert_ne!(first, second);
    // At once: the dead server is not asked.
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(second.clone()));
    // If the other one fails as well, it is asked after all. The error names the last of the order, and its own cause.
    driver.client.connect_failed(&mut call, "No route to host", driver.now);
    assert_eq!(driver.step(&mut call), Wants::Connect(first.clone()));
    driver.client.connect_failed(&mut call, "Connection refused", driver.now);
    let failure = Failure::Connect { server: second, cause: "No route to host".into() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(failure)));
    // A second later it is asked again.
    driver.now = driver.now.after_secs(1);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(first));
}

#[test]
fn the_only_server_is_always_asked() {
    let mut driver = Driver::new(&["a"], |_| ());
    for _ in 0..3 {
        let mut call = driver.acquire();
        assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
        driver.client.connect_failed(&mut call, "Connection refused", driver.now);
        let failure = Failure::Connect { server: "a".into(), cause: "Connection refused".into() };
        assert_eq!(driver.step(&mut call), Wants::End(Err(failure)));
    }
}

#[test]
fn a_connection_can_be_tried_twice() {
    let mut driver = Driver::new(&["a"], |settings| settings.connect_twice = true);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
    // The first attempt runs into its time-out.
    driver.now = driver.now.after_micros(100_000);
    assert_eq!(driver.step(&mut call), Wants::Pause);
    driver.now = driver.now.after_micros(1_000);
    assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
    driver.client.connect_failed(&mut call, "Connection refused", driver.now);
    assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Connect { .. }))));
}

#[test]
fn locks_have_connections_of_their_own_or_share_one() {
    let mut driver = Driver::new(&["a"], |_| ());
    let (first, _lock) = driver.locked();
    let (second, _lock) = driver.locked();
    assert_ne!(first, second);

    let mut driver = Driver::new(&["a"], |settings| settings.sharing = Sharing::PerServer);
    let (socket, _lock) = driver.locked();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"LOCK_HELD\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::LockHeld)));
}

#[test]
fn work_that_failed_closes_its_connection_alone() {
    let mut driver = Driver::new(&["a"], |_| ());
    let (first, kept) = driver.locked();
    let (_, failed) = driver.locked();
    driver.client.abandon(&failed);
    driver.release(first, &kept);
    // Releasing what was abandoned sends nothing.
    let mut call = driver.client.release(&failed, driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Released)));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Receive(first));
}

#[test]
fn a_wait_that_is_given_up_closes_its_connection() {
    let mut driver = Driver::new(&["a"], |_| ());
    let mut call = driver.acquire();
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.client.cancel(&call);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
}

#[test]
fn idle_connections_are_not_kept_for_ever_nor_in_any_number() {
    let mut driver = Driver::new(&["a"], |settings| settings.keep = 2);
    let locks: Vec<(u32, Lock)> = (0..5).map(|_| driver.locked()).collect();
    for (socket, lock) in &locks {
        driver.release(*socket, lock);
    }
    let mut calls = [driver.acquire(), driver.acquire(), driver.acquire()];
    let wants = calls.each_mut().map(|call| driver.step(call));
    assert_eq!(wants, [Wants::Receive(5), Wants::Receive(4), Wants::Connect("a".into())]);

    let mut driver = Driver::new(&["a"], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, &lock);
    driver.now = driver.now.after_secs(61);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect("a".into()));
}

#[test]
fn what_the_server_refuses_is_an_error_with_its_words() {
    let mut driver = Driver::new(&["a"], |_| ());
    let mut call = driver.acquire();
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"ERROR BAD_SYNTAX\n");
    let refused = Failure::Remote { server: "a".into(), message: "BAD_SYNTAX".into() };
    assert_eq!(refused.to_string(), "a refused: BAD_SYNTAX");
    assert_eq!(driver.step(&mut call), Wants::End(Err(refused)));
}

#[test]
fn statistics_come_whole() {
    let mut driver = Driver::new(&["a"], |_| ());
    let mut call = driver.client.statistics(0, "full", driver.now).expect("a question");
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, b"STATS full\n");
    driver.received(&mut call, socket, b"uptime: 0 days\n");
    driver.received(&mut call, socket, b"processed_count: 0\n\n");
    let text = "uptime: 0 days\nprocessed_count: 0\n\n".to_owned();
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Statistics(text))));
    // The refusal has no line end, and the connection is still good.
    let mut call = driver.client.statistics(0, "nonsense", driver.now).expect("a question");
    driver.sent(&mut call, socket, b"STATS nonsense\n");
    driver.received(&mut call, socket, b"ERROR WRONG_STAT");
    assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Remote { .. }))));
}

#[test]
fn without_a_server_nothing_is_tried() {
    let driver = Driver::new(&[], |_| ());
    let request = Request { mode: Mode::ForMe, key: b"k", workers: 1, maxqueue: 10, timeout: 2, answer_within: None };
    assert_eq!(driver.client.acquire(&request, driver.now).err(), Some(Failure::NoServer));
}
