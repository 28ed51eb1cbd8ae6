//! Locks that share a connection.

use crate::driver::{A, ACQUIRE, Driver, Wants, lock};
use poolcounter::client::{AcquireOutcome, Call, Failure, Lock, Outcome, ReleaseOutcome};

/// Two locks on one connection.
fn two_locks() -> (Driver, u32, Lock, Lock) {
    let mut driver = Driver::new(&[A], |settings| _ = settings.share_connections(true));
    let (socket, older) = driver.locked();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"LOCKED\n");
    let newer = lock(driver.step(&mut call));
    (driver, socket, older, newer)
}

#[test]
fn the_release_of_an_older_lock_is_held_back_until_the_newer_one_is_released() {
    let (mut driver, socket, older, newer) = two_locks();
    let mut call = driver.client.release(older, driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
    let mut call = driver.client.release(newer, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
    driver.received(&mut call, socket, b"RELEASED\n");
    driver.sent(&mut call, socket, b"RELEASE\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
    let mut call = driver.acquire();
    driver.received(&mut call, socket, b"RELEASED\n");
    driver.sent(&mut call, socket, ACQUIRE);
}

#[test]
fn the_release_of_a_lock_that_the_server_has_lost_takes_no_other_lock() {
    let mut driver = Driver::new(&[A], |settings| _ = settings.share_connections(true).await_release(true));
    let (socket, older) = driver.locked();
    let lock_again = |driver: &mut Driver| {
        let mut call = driver.acquire();
        driver.sent(&mut call, socket, ACQUIRE);
        driver.received(&mut call, socket, b"LOCKED\n");
        lock(driver.step(&mut call))
    };
    let newer = lock_again(&mut driver);
    let mut call = driver.client.release(newer, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
    driver.received(&mut call, socket, b"NOT_LOCKED\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::NotLocked))));
    let newest = lock_again(&mut driver);
    let mut call = driver.client.release(older, driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::NotLocked))));
    let mut call = driver.client.release(newest, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
}

#[test]
fn a_release_that_was_held_back_can_be_waited_for() {
    let (mut driver, socket, older, newer) = {
        let mut driver = Driver::new(&[A], |settings| _ = settings.share_connections(true).await_release(true));
        let (socket, older) = driver.locked();
        let mut call = driver.acquire();
        driver.sent(&mut call, socket, ACQUIRE);
        driver.received(&mut call, socket, b"LOCKED\n");
        let newer = lock(driver.step(&mut call));
        (driver, socket, older, newer)
    };
    let mut call = driver.client.release(older, driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
    let mut call = driver.client.release(newer, driver.now).expect("a release");
    for _ in 0..2 {
        driver.sent(&mut call, socket, b"RELEASE\n");
        driver.received(&mut call, socket, b"RELEASED\n");
    }
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
}

#[test]
fn a_release_of_nothing_takes_no_lock() {
    let (mut driver, ..) = two_locks();
    let mut call = driver.client.release_nothing(b"k", driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::NotLocked))));
}

#[test]
fn a_release_beside_a_wait_on_the_same_connection_is_held_back() {
    let mut driver = Driver::new(&[A], |settings| _ = settings.share_connections(true));
    let (socket, older) = driver.locked();
    let mut waiting = driver.acquire();
    driver.sent(&mut waiting, socket, ACQUIRE);
    let mut call = driver.client.release(older, driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
    driver.received(&mut waiting, socket, b"LOCKED\n");
    let newer = lock(driver.step(&mut waiting));
    let mut call = driver.client.release(newer, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
    driver.received(&mut call, socket, b"RELEASED\n");
    driver.sent(&mut call, socket, b"RELEASE\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
}

#[test]
fn a_release_that_was_held_back_for_a_wait_in_vain_ends_the_connection() {
    let mut driver = Driver::new(&[A], |settings| _ = settings.share_connections(true));
    let (socket, older) = driver.locked();
    let mut waiting = driver.acquire();
    driver.sent(&mut waiting, socket, ACQUIRE);
    let mut call = driver.client.release(older, driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
    driver.received(&mut waiting, socket, b"TIMEOUT\n");
    assert_eq!(driver.step(&mut waiting), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::Timeout))));
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
}

/// Two locks on one connection, over which a third is waited for.
fn two_locks_and_a_wait(await_release: bool) -> (Driver, u32, Lock, Lock, Call) {
    let mut driver = Driver::new(&[A], |settings| _ = settings.share_connections(true).await_release(await_release));
    let (socket, older) = driver.locked();
    let mut call = driver.acquire();
    driver.sent(&mut call, socket, ACQUIRE);
    driver.received(&mut call, socket, b"LOCKED\n");
    let newer = lock(driver.step(&mut call));
    let mut waiting = driver.acquire();
    driver.sent(&mut waiting, socket, ACQUIRE);
    (driver, socket, older, newer, waiting)
}

fn released(driver: &mut Driver, lock: Lock) {
    let mut call = driver.client.release(lock, driver.now).expect("a release");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
}

#[test]
fn a_release_that_was_held_back_for_a_wait_in_vain_leaves_the_older_lock() {
    for (answer, result) in [
        (&b"TIMEOUT\n"[..], Ok(Outcome::Acquire(AcquireOutcome::Timeout))),
        (b"ERROR no\n", Err(Failure::Remote { server: A.into(), message: "no".into() })),
    ] {
        let (mut driver, socket, older, newer, mut waiting) = two_locks_and_a_wait(false);
        released(&mut driver, newer);
        driver.received(&mut waiting, socket, answer);
        driver.sent(&mut waiting, socket, b"RELEASE\n");
        assert_eq!(driver.step(&mut waiting), Wants::End(result));
        let mut call = driver.client.release(older, driver.now).expect("a release");
        driver.received(&mut call, socket, b"RELEASED\n");
        driver.sent(&mut call, socket, b"RELEASE\n");
        assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
    }
}

#[test]
fn a_wait_in_vain_keeps_its_outcome_if_the_release_behind_it_fails() {
    for await_release in [false, true] {
        let (mut driver, socket, older, newer, mut waiting) = two_locks_and_a_wait(await_release);
        released(&mut driver, newer);
        driver.received(&mut waiting, socket, b"QUEUE_FULL\n");
        if await_release {
            driver.sent(&mut waiting, socket, b"RELEASE\n");
        }
        driver.client.failed(&mut waiting, "it broke", driver.now);
        assert_eq!(driver.step(&mut waiting), Wants::End(Ok(Outcome::Acquire(AcquireOutcome::QueueFull))));
        let mut call = driver.client.release(older, driver.now).expect("a release");
        assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::NotLocked))));
    }
}

#[test]
fn a_release_that_is_cancelled_before_it_begins_leaves_the_older_lock() {
    let (mut driver, socket, older, newer) = two_locks();
    let call = driver.client.release(newer, driver.now).expect("a release");
    assert!(driver.client.cancel(call).is_ok());
    assert_eq!(driver.client.connection(&older), Some(&socket));
    // The server is told of both.
    let mut call = driver.client.release(older, driver.now).expect("a release");
    driver.sent(&mut call, socket, b"RELEASE\n");
    driver.received(&mut call, socket, b"RELEASED\n");
    driver.sent(&mut call, socket, b"RELEASE\n");
    assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::Released))));
}

#[test]
fn a_release_that_is_cancelled_before_it_begins_leaves_the_wait_beside_it() {
    let (mut driver, socket, older, newer, mut waiting) = two_locks_and_a_wait(false);
    for lock in [older, newer] {
        let call = driver.client.release(lock, driver.now).expect("a release");
        assert!(driver.client.cancel(call).is_ok());
    }
    driver.received(&mut waiting, socket, b"LOCKED\n");
    let newest = lock(driver.step(&mut waiting));
    assert_eq!(driver.client.connection(&newest), Some(&socket));
}

#[test]
fn a_release_of_the_last_lock_that_is_cancelled_before_it_begins_ends_the_connection() {
    let (mut driver, _, older, newer) = two_locks();
    for lock in [older, newer] {
        let call = driver.client.release(lock, driver.now).expect("a release");
        assert!(driver.client.cancel(call).is_ok());
    }
    let mut call = driver.acquire();
    assert_eq!(driver.step(&mut call), Wants::Connect(A.into()));
}

#[test]
fn a_lock_whose_connection_another_one_has_closed_is_not_locked() {
    for await_release in [false, true] {
        let (mut driver, _, older, newer, _) = two_locks_and_a_wait(await_release);
        assert_eq!(driver.client.abandon(newer), Ok(()));
        let mut call = driver.client.release(older, driver.now).expect("a release");
        assert_eq!(driver.step(&mut call), Wants::End(Ok(Outcome::Release(ReleaseOutcome::NotLocked))));
    }
}
