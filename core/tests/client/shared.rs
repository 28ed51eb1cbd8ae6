//! Locks that share a connection.

use crate::driver::{A, ACQUIRE, Driver, Wants, lock};
use poolcounter::client::{AcquireOutcome, Lock, Outcome, ReleaseOutcome};

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
