//! Servers that refuse, and servers that are silent.

use crate::driver::{A, ACQUIRE, B, Driver, Wants, lock};
use poolcounter::client::{AcquireOutcome, Failure, Knowledge, Outcome};
use std::time::Duration;

const AT_ONCE: &[u8] = b"ACQ4ME k 1 10 0\n";
const UPTIME: &[u8] = b"uptime: 0 days, 0h 0m 1s\n";

fn other(server: &str) -> String {
    if server == A { B } else { A }.to_owned()
}

fn timed_out(server: &str) -> Wants {
    Wants::End(Err(Failure::Read { server: server.to_owned(), cause: "Connection timed out".to_owned() }))
}

/// A driver whose first server was silent for the whole time of a call with timeout 2; with the two servers.
fn silent() -> (Driver, String, String) {
    let mut driver = Driver::new(&[A, B], |_| ());
    let mut call = driver.acquire();
    let Wants::Connect(server) = driver.step(&mut call) else { panic!("a connection is wanted") };
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.wait(3_000);
    assert_eq!(driver.step(&mut call), timed_out(&server));
    let other = other(&server);
    (driver, server, other)
}

#[test]
fn an_acquire_that_does_not_wait_gives_up_after_a_second_where_answers_come_at_once() {
    let mut driver = Driver::new(&[A], |_| ());
    let (socket, _) = driver.kept();
    let mut call = driver.acquire_within(0);
    driver.sent(&mut call, socket, AT_ONCE);
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.wait(1_000);
    driver.acknowledged(&mut call, socket, true);
    assert_eq!(driver.step(&mut call), timed_out(A));
}

#[test]
fn an_acquire_that_does_not_wait_bears_a_full_backlog_on_a_new_connection() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.acquire_within(0);
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, AT_ONCE);
    driver.wait(3_999);
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.wait(1);
    assert_eq!(driver.step(&mut call), timed_out(A));
}

#[test]
fn a_host_that_acknowledges_nothing_costs_a_second_and_the_next_server_is_asked() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let (socket, server) = driver.kept();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.wait(999);
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.wait(1);
    driver.acknowledged(&mut call, socket, false);
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
    // Once is enough.
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
}

#[test]
fn a_driver_that_cannot_find_out_counts_as_no() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let (socket, server) = driver.kept();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.wait(1_000);
    assert_eq!(driver.step(&mut call), Wants::Acknowledged(socket));
    driver.wait(400);
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
}

#[test]
fn an_answer_may_come_while_the_driver_finds_out() {
    let mut driver = Driver::new(&[A], |_| ());
    let (socket, _) = driver.kept();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.wait(1_000);
    assert_eq!(driver.step(&mut call), Wants::Acknowledged(socket));
    driver.client.received(&mut call, b"DONE\n", driver.now);
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::Done))));
}

#[test]
fn a_wait_that_is_acknowledged_goes_on() {
    let mut driver = Driver::new(&[A], |_| ());
    let (socket, _) = driver.kept();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.wait(1_000);
    driver.acknowledged(&mut call, socket, true);
    driver.wait(1_999);
    driver.received(&mut call, socket, b"LOCKED\n");
    let _held = lock(driver.step(&mut call));
}

#[test]
fn a_host_that_answers_another_connection_is_there() {
    let mut driver = Driver::new(&[A], |_| ());
    let (first, _) = driver.kept();
    let mut waiting = driver.acquire();
    driver.sent(&mut waiting, first, ACQUIRE);
    driver.wait(500);
    driver.kept();
    driver.wait(500);
    assert_eq!(driver.step(&mut waiting), Wants::Receive(first));
}

#[test]
fn the_answer_of_a_release_is_due_at_once_and_without_it_the_next_server_is_asked() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let mut call = driver.acquire();
    let Wants::Connect(server) = driver.step(&mut call) else { panic!("a connection is wanted") };
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"LOCKED\n");
    let lock = lock(driver.step(&mut call));
    driver.release(socket, lock);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.wait(1_000);
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
}

#[test]
fn one_silence_speaks_for_the_idle_connections_and_not_for_those_that_wait() {
    let mut driver = Driver::new(&[A, B], |_| ());
    // Three connections, of which one is used by a call that waits.
    let mut calls = [driver.acquire(), driver.acquire(), driver.acquire()];
    let mut server = String::new();
    let mut sockets = Vec::new();
    for call in &mut calls {
        let Wants::Connect(to) = driver.step(call) else { panic!("a connection is wanted") };
        server = to;
        let socket = driver.connected(call);
        driver.sent(call, socket, ACQUIRE);
        sockets.push(socket);
    }
    let [waits, second, third] = &mut calls;
    driver.received(second, sockets[1], b"DONE\n");
    driver.received(third, sockets[2], b"DONE\n");
    assert_eq!(driver.step(second), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::Done))));
    assert_eq!(driver.step(third), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::Done))));
    driver.wait(1);
    let mut fails = driver.acquire_within(0);
    driver.sent(&mut fails, sockets[2], AT_ONCE);
    driver.wait(1_000);
    driver.acknowledged(&mut fails, sockets[2], true);
    assert_eq!(driver.step(&mut fails), timed_out(&server));
    let mut next = driver.acquire();
    assert_eq!(driver.step(&mut next), Wants::Connect(other(&server)));
    driver.received(waits, sockets[0], b"LOCKED\n");
    let _held = lock(driver.step(waits));
    // It answers: the client uses it again, over a new connection.
    let mut next = driver.acquire();
    assert_eq!(driver.step(&mut next), Wants::Connect(server));
}

#[test]
fn a_silent_server_is_probed_by_one_call_and_left_alone_by_the_others() {
    let (mut driver, server, other) = silent();
    driver.wait(2_999);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(other.clone()));
    driver.wait(1);
    let mut probing = driver.acquire();
    let socket = driver.probes(&mut probing, &server);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(other));
    driver.received(&mut probing, socket, UPTIME);
    driver.sent(&mut probing, socket, ACQUIRE);
    driver.received(&mut probing, socket, b"LOCKED\n");
    let _held = lock(driver.step(&mut probing));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(server));
}

#[test]
fn a_probe_without_an_answer_costs_a_second_and_the_next_server_is_asked() {
    let (mut driver, server, other) = silent();
    driver.wait(3_000);
    let mut call = driver.acquire();
    let socket = driver.probes(&mut call, &server);
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.wait(1_000);
    assert_eq!(driver.step(&mut call), Wants::Connect(other.clone()));
    // Twice three seconds.
    driver.wait(5_999);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(other));
    driver.wait(1);
    let mut call = driver.acquire();
    driver.probes(&mut call, &server);
}

#[test]
fn the_only_server_is_probed_by_every_call() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.acquire_within(0);
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, AT_ONCE);
    driver.wait(4_000);
    assert_eq!(driver.step(&mut call), timed_out(A));
    for _ in 0..2 {
        let mut call = driver.acquire();
        let socket = driver.probes(&mut call, A);
        assert_eq!(driver.step(&mut call), Wants::Receive(socket));
        driver.wait(1_000);
        assert_eq!(driver.step(&mut call), timed_out(A));
    }
    let mut call = driver.acquire();
    let socket = driver.probes(&mut call, A);
    driver.received(&mut call, socket, UPTIME);
    driver.sent(&mut call, socket, ACQUIRE);
}

#[test]
fn calls_fail_at_once_if_one_server_refuses_and_the_other_is_silent() {
    let (mut driver, server, other) = silent();
    for _ in 0..2 {
        let mut call = driver.acquire();
        assert_eq!(driver.step(&mut call), Wants::Connect(other.clone()));
        driver.client.connect_failed(&mut call, "Connection refused");
        let Wants::End(Err(Failure::Connect { cause, .. })) = driver.step(&mut call) else { panic!("a failure") };
        assert!(
            ["Connection refused", "it gave no answer, and is asked again in 3 s"].contains(&cause.as_str()),
            "{cause}"
        );
    }
    // The host of the silent server refuses now, so every call tries it.
    driver.wait(3_000);
    for _ in 0..2 {
        let mut call = driver.acquire();
        for _ in 0..2 {
            assert!(matches!(driver.step(&mut call), Wants::Connect(_)));
            driver.client.connect_failed(&mut call, "Connection refused");
        }
        assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Connect { .. }))));
    }
    let mut call = driver.acquire();
    let mut asked = Vec::new();
    while let Wants::Connect(server) = driver.step(&mut call) {
        asked.push(server);
        driver.client.connect_failed(&mut call, "Connection refused");
    }
    assert!(asked.contains(&server) && asked.contains(&other));
}

#[test]
fn a_server_that_lets_nobody_in_is_away() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let mut call = driver.acquire();
    let Wants::Connect(server) = driver.step(&mut call) else { panic!("a connection is wanted") };
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"");
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"LOCKED\n");
    let _held = lock(driver.step(&mut call));
}

#[test]
fn a_connection_that_the_system_gave_up_speaks_for_the_server() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let mut call = driver.acquire();
    let Wants::Connect(server) = driver.step(&mut call) else { panic!("a connection is wanted") };
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.client.failed(&mut call, "Connection timed out", driver.now);
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
}

#[test]
fn what_one_client_learns_serves_all_with_the_same_knowledge() {
    let mut knowledge = Knowledge::new();
    let mut first = Driver::with_knowledge(&[A, B], |_| (), &mut knowledge);
    let mut second = Driver::with_knowledge(&[A, B], |_| (), &mut knowledge);
    let (_, server) = second.kept();
    let mut call = first.acquire();
    assert_eq!(first.step(&mut call), Wants::Connect(server.clone()));
    first.client.connecting(&mut call, first.now);
    first.wait(100);
    second.wait(100);
    assert_eq!(first.step(&mut call), Wants::Connect(other(&server)));
    // Not even its existing connection is used.
    let mut call = second.acquire();
    assert_eq!(second.step(&mut call), Wants::Connect(other(&server)));
}

#[test]
fn an_impatient_caller_says_nothing_of_the_server() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let mut call = driver.impatient(15, 2_000);
    let Wants::Connect(server) = driver.step(&mut call) else { panic!("a connection is wanted") };
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, b"ACQ4ME k 1 10 15\n");
    driver.wait(2_000);
    assert_eq!(driver.step(&mut call), timed_out(&server));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(server));
}

#[test]
fn a_server_that_has_just_answered_another_call_is_not_silent() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let mut call = driver.acquire();
    let Wants::Connect(server) = driver.step(&mut call) else { panic!("a connection is wanted") };
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.wait(2_500);
    driver.kept();
    driver.wait(500);
    assert_eq!(driver.step(&mut call), timed_out(&server));
    let mut call = driver.acquire();
    assert!(matches!(driver.step(&mut call), Wants::Send(..)));
}

#[test]
fn after_a_host_that_vanished_the_next_server_has_the_whole_time() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let (socket, server) = driver.kept();
    let mut call = driver.impatient(1, 1_000);
    driver.sent(&mut call, socket, b"ACQ4ME k 1 10 1\n");
    driver.wait(1_000);
    driver.acknowledged(&mut call, socket, false);
    assert_eq!(driver.step(&mut call), Wants::Connect(other(&server)));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, b"ACQ4ME k 1 10 1\n");
    driver.wait(999);
    driver.received(&mut call, socket, b"LOCKED\n");
    let _held = lock(driver.step(&mut call));
}

#[test]
fn the_answer_of_a_release_is_due_within_a_second_whatever_the_answer_timeout() {
    let mut driver = Driver::new(&[A], |settings| _ = settings.min_answer_timeout(Duration::from_secs(10)));
    let (socket, lock) = driver.locked();
    driver.release(socket, lock);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.wait(1_000);
    assert_eq!(driver.step(&mut call), timed_out(A));
}
