//! The commands that a call sends, and its outcomes for each answer.

use crate::driver::{A, ACQUIRE, B, Driver, Wants};
use poolcounter::client::{AcquireOutcome, Failure, Lock, NotOwned, Outcome, ReleaseOutcome, Request};
use poolcounter::protocol::Mode;

#[test]
fn a_kept_connection_reads_the_answer_of_the_release_before_the_next_command() {
    let mut driver = Driver::new(&[A], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, lock);
    let mut call = driver.acquire();
    driver.received(&mut call, socket, b"RELE");
    driver.received(&mut call, socket, b"ASED\n");
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"DONE\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::Done))));
    assert_eq!(driver.connections, 1);
}

#[test]
fn a_release_can_be_waited_for() {
    let mut driver = Driver::new(&[A], |settings| _ = settings.await_release(true));
    let (socket, lock) = driver.locked();
    let mut call = driver.client.release(lock, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
    driver.received(&mut call, socket, b"RELEASED\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
}

#[test]
fn a_release_whose_connection_is_closed_meanwhile_fails_only_if_it_is_waited_for() {
    for await_release in [false, true] {
        let mut driver = Driver::new(&[A], |settings| _ = settings.await_release(await_release));
        let (socket, lock) = driver.locked();
        let mut call = driver.client.release(lock, driver.now).expect("a release");
        assert_eq!(driver.step(&mut call), Wants::Send(socket, b"RELEASE\n".to_vec()));
        driver.client.close();
        let closed = Failure::Read { server: A.to_owned(), cause: "the connection was closed".to_owned() };
        let expected = if await_release { Err(closed) } else { Ok(Outcome::Release(ReleaseOutcome::Released)) };
        assert_eq!(driver.step(&mut call), Wants::End(expected));
    }
}

#[test]
fn what_a_server_says_cannot_forge_a_line_of_a_log() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.acquire();
    assert!(matches!(driver.step(&mut call), Wants::Connect(_)));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, "ERROR \x1b[2J\rü\n".as_bytes());
    let failure = Failure::Remote { server: A.to_owned(), message: "\\u{1b}[2J\\rü".to_owned() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(failure)));
}

#[test]
fn a_stale_connection_is_replaced_once() {
    let mut driver = Driver::new(&[A], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, lock);
    let mut call = driver.acquire();
    driver.received(&mut call, socket, b"");
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"");
    let closed = Failure::Read { server: A.into(), cause: "the server closed the connection".into() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(closed)));
}

#[test]
fn a_replaced_connection_keeps_the_deadline() {
    let mut driver = Driver::new(&[A], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, lock);
    let mut call = driver.acquire();
    driver.received(&mut call, socket, b"RELEASED\n");
    driver.sent(&mut call, socket, ACQUIRE);
    assert_eq!(driver.step(&mut call), Wants::Receive(socket));
    driver.now = driver.now.after_secs(1);
    driver.acknowledged(&mut call, socket, true);
    driver.now = driver.now.after_micros(1_999_000);
    driver.received(&mut call, socket, b"");
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.now = driver.now.after_micros(1_000);
    let late = Failure::Read { server: A.into(), cause: "Connection timed out".into() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(late)));
}

#[test]
fn a_connection_that_is_out_of_step_is_never_used_again() {
    for answer in [&b"LOCKED\nRELEASED\n"[..], b"RELEASED\n", b"HELLO\n"] {
        let mut driver = Driver::new(&[A], |_| ());
        let mut call = driver.acquire();
        assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
        let socket = driver.connected(&mut call);
        driver.sent(&mut call, socket, ACQUIRE);
        driver.received(&mut call, socket, answer);
        assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Read { .. }))), "{answer:?}");
        let mut call = driver.acquire();
        assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
    }
}

#[test]
fn answers_after_a_time_out_are_not_those_of_the_next_call() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.acquire();
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.now = driver.now.after_secs(3);
    assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Read { .. }))));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
}

#[test]
fn the_next_server_answers_and_the_dead_one_is_passed_over_for_a_while() {
    let mut driver = Driver::new(&[A, B], |_| ());
    let mut call = driver.acquire();
    let Wants::Connect(first) = driver.step(&mut call) else { panic!("a connection is wanted") };
    driver.client.connect_failed(&mut call, "Connection refused");
    let Wants::Connect(second) = driver.step(&mut call) else { panic!("another connection is wanted") };
    assert_ne!(first, second);
    // At once: the dead server is not asked.
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(second.clone()));
    // If the other server fails as well, this one is tried. The error has the last server of the order, and its cause.
    driver.client.connect_failed(&mut call, "No route to host");
    assert_eq!(driver.step(&mut call), Wants::Connect(first.clone()));
    driver.client.connect_failed(&mut call, "Connection refused");
    let failure = Failure::Connect { server: second, cause: "No route to host".into() };
    assert_eq!(driver.step(&mut call), Wants::End(Err(failure)));
    // A second later it is asked again.
    driver.now = driver.now.after_secs(1);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(first));
}

#[test]
fn the_only_server_is_always_asked() {
    let mut driver = Driver::new(&[A], |_| ());
    for _ in 0..3 {
        let mut call = driver.acquire();
        assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
        driver.client.connect_failed(&mut call, "Connection refused");
        let failure = Failure::Connect { server: A.into(), cause: "Connection refused".into() };
        assert_eq!(driver.step(&mut call), Wants::End(Err(failure)));
    }
}

#[test]
fn a_connection_can_be_tried_twice() {
    let mut driver = Driver::new(&[A], |settings| _ = settings.connect_twice(true));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
    driver.client.connecting(&mut call, driver.now);
    // The first attempt times out.
    driver.now = driver.now.after_micros(100_000);
    assert_eq!(driver.step(&mut call), Wants::Pause);
    driver.now = driver.now.after_micros(1_000);
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
    driver.client.connect_failed(&mut call, "Connection refused");
    assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Connect { .. }))));
}

#[cfg(feature = "sockets")]
#[test]
fn locks_have_connections_of_their_own_or_share_one() {
    let mut driver = Driver::new(&[A], |_| ());
    let (first, _lock) = driver.locked();
    let (second, _lock) = driver.locked();
    assert_ne!(first, second);

    let mut driver = Driver::new(&[A], |settings| _ = settings.share_connections(true));
    let (socket, _lock) = driver.locked();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"LOCK_HELD\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::LockHeld))));
}

#[test]
fn work_that_failed_closes_its_connection_alone() {
    let mut driver = Driver::new(&[A], |_| ());
    let (first, kept) = driver.locked();
    let (_, failed) = driver.locked();
    assert_eq!(driver.client.abandon(failed), Ok(()));
    driver.release(first, kept);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Receive(first));
}

#[test]
fn a_lock_of_another_client_is_given_back_and_nothing_is_sent() {
    let (mut one, mut other) = (Driver::new(&[A], |_| ()), Driver::new(&[A], |_| ()));
    let (socket, lock) = one.locked();
    let (others_socket, foreign) = other.locked();
    let Err(NotOwned(foreign)) = one.client.release(foreign, one.now) else { panic!("it is another client's") };
    let Err(NotOwned(foreign)) = one.client.abandon(foreign) else { panic!("it is another client's") };
    // The lock of the same number is still held, and so is the other one.
    one.release(socket, lock);
    other.release(others_socket, foreign);
}

#[test]
fn a_call_of_another_client_has_failed_and_takes_nothing() {
    let (mut one, mut other) = (Driver::new(&[A], |_| ()), Driver::new(&[A], |_| ()));
    let (socket, lock) = one.locked();
    let (others_socket, others) = other.locked();
    let mut call = other.client.release(others, other.now).expect("a release");
    assert_eq!(one.step(&mut call), Wants::End(Err(Failure::NoSuchCall)));
    // Its own client has begun it.
    assert_eq!(other.step(&mut call), Wants::Send(others_socket, b"RELEASE\n".to_vec()));
    one.client.sent(&mut call, one.now);
    one.client.received(&mut call, b"LOCKED\n", one.now);
    one.client.received(&mut call, b"", one.now);
    one.client.failed(&mut call, "it broke", one.now);
    one.client.acknowledged(&mut call, false, one.now);
    let Err(NotOwned(mut call)) = one.client.cancel(call) else { panic!("it is another client's") };
    one.release(socket, lock);
    other.sent(&mut call, others_socket, b"RELEASE\n");
    assert_eq!(other.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
}

#[test]
fn a_call_of_a_client_with_more_servers_has_failed() {
    let (many, mut one) = (Driver::new(&[A, B], |_| ()), Driver::new(&[A], |_| ()));
    let mut call = many.client.statistics(1, "UPTIME", many.now).expect("a question");
    assert_eq!(one.step(&mut call), Wants::End(Err(Failure::NoSuchCall)));
    let mut connecting = many.client.statistics(1, "UPTIME", many.now).expect("a question");
    let mut many = many;
    assert_eq!(many.step(&mut connecting), Wants::Connect(B.into()));
    assert_eq!(one.connected(&mut connecting), 1);
    assert_eq!(many.step(&mut connecting), Wants::Await);
}

#[test]
fn a_call_that_is_cancelled_after_its_lock_was_granted_abandons_the_lock() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.acquire();
    assert!(matches!(driver.step(&mut call), Wants::Connect(_)));
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"LOCKED\n");
    assert!(driver.client.cancel(call).is_ok());
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
}

#[test]
fn a_wait_that_is_given_up_closes_its_connection() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.acquire();
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    assert!(driver.client.cancel(call).is_ok());
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
}

#[test]
fn idle_connections_are_not_kept_for_ever_nor_in_any_number() {
    let mut driver = Driver::new(&[A], |settings| _ = settings.max_idle_connections(2));
    let locks: Vec<(u32, Lock)> = (0..5).map(|_| driver.locked()).collect();
    for (socket, lock) in locks {
        driver.release(socket, lock);
    }
    let mut calls = [driver.acquire(), driver.acquire(), driver.acquire()];
    let wants = calls.each_mut().map(|call| driver.step(call));
    assert_eq!(wants, [Wants::Receive(5), Wants::Receive(4), Wants::Connect(A.into())]);

    let mut driver = Driver::new(&[A], |_| ());
    let (socket, lock) = driver.locked();
    driver.release(socket, lock);
    driver.now = driver.now.after_secs(61);
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
}

#[test]
fn what_the_server_refuses_is_an_error_with_its_words() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.acquire();
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"ERROR BAD_SYNTAX\n");
    let refused = Failure::Remote { server: A.into(), message: "BAD_SYNTAX".into() };
    assert_eq!(refused.to_string(), "10.0.0.1 refused: BAD_SYNTAX");
    assert_eq!(driver.step(&mut call), Wants::End(Err(refused)));
}

#[test]
fn statistics_come_whole() {
    let mut driver = Driver::new(&[A], |_| ());
    let mut call = driver.client.statistics(0, "full", driver.now).expect("a question");
    driver.step(&mut call);
    let socket = driver.connected(&mut call);
    driver.sent(&mut call, socket, b"STATS full\n");
    driver.received(&mut call, socket, b"uptime: 0 days\n");
    driver.received(&mut call, socket, b"processed_count: 0\n\n");
    let text = "uptime: 0 days\nprocessed_count: 0\n\n".to_owned();
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Statistics(text))));
    // The error has no line end, and the connection remains usable.
    let mut call = driver.client.statistics(0, "nonsense", driver.now).expect("a question");
    driver.sent(&mut call, socket, b"STATS nonsense\n");
    driver.received(&mut call, socket, b"ERROR WRONG_STAT");
    assert!(matches!(driver.step(&mut call), Wants::End(Err(Failure::Remote { .. }))));
}

#[test]
fn without_a_server_nothing_is_tried() {
    let driver = Driver::new(&[], |_| ());
    let request = Request::new(b"k").mode(Mode::ForMe).maxqueue(10).timeout_seconds(2);
    assert_eq!(driver.client.acquire(&request, driver.now).err(), Some(Failure::NoServer));
}
