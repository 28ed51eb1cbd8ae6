//! Clients, locks and calls of a parent, in a child that was forked.
#![cfg(all(feature = "blocking", feature = "nonblocking"))]
#![allow(clippy::unwrap_used)]

use poolcounter::blocking::BlockingClient;
use poolcounter::client::{AcquireOutcome, Failure, NotOwned, NotReleased, ReleaseOutcome, Request, Server, Settings};
use poolcounter::nonblocking::{NonblockingCall, NonblockingClient, Progress};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const REQUEST: Request<'_> = Request::new(b"key").timeout_seconds(1);

/// Runs `body` in a child. Whether it was true, and ended in time.
fn in_a_child(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child allocates, which glibc allows, and uses no mutex of a thread that it does not have but those under test.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        // SAFETY: neither call has a condition. The signal ends a child that hangs.
        unsafe {
            libc::alarm(20);
            libc::_exit(i32::from(!body()));
        }
    }
    let mut status = 0;
    // SAFETY: the status is a place for one.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status == 0
}

/// The settings for a server that grants every lock.
fn granting() -> Settings {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                for line in lines.map_while(Result::ok) {
                    let answer: &[u8] = if line == "RELEASE" { b"RELEASED\n" } else { b"LOCKED\n" };
                    stream.write_all(answer).unwrap();
                }
            });
        }
    });
    let mut settings = Settings::new(vec![Server::parse(&address).unwrap()]);
    let patience = Duration::from_secs(20);
    settings.connect_timeout(patience).min_answer_timeout(patience).await_release(true);
    settings
}

#[test]
fn a_child_is_refused_its_parents_lock_and_the_parent_keeps_it() {
    let mut client = BlockingClient::new(granting());
    let AcquireOutcome::Locked(lock) = client.acquire(&REQUEST).unwrap() else {
        panic!("the server grants every lock")
    };
    let mut lock = Some(lock);
    assert!(in_a_child(|| {
        let lock = lock.take().unwrap();
        let hidden = client.descriptor(&lock).is_none();
        let Err(NotOwned(lock)) = client.abandon(lock) else { return false };
        hidden && matches!(client.release(lock), Err(NotReleased::NotOwned(_)))
    }));
    assert!(client.descriptor(lock.as_ref().unwrap()).is_some());
    assert_eq!(client.release(lock.unwrap()), Ok(ReleaseOutcome::Released));
}

/// Runs `body` in many children, while a thread goes on with a call of the client all the time. Nobody answers.
fn in_children_of_a_busy_thread(body: impl Fn(&mut NonblockingClient, NonblockingCall<AcquireOutcome>) -> bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = Settings::new(vec![Server::parse(&listener.local_addr().unwrap().to_string()).unwrap()]);
    settings.min_answer_timeout(Duration::from_mins(10));
    let mut client = NonblockingClient::new(settings);
    let mut call = client.acquire(&REQUEST).unwrap();
    let mut inherited = Some(client.acquire(&REQUEST).unwrap());
    let ended = Arc::new(AtomicBool::new(false));
    let busy = thread::spawn({
        let ended = Arc::clone(&ended);
        move || {
            while !ended.load(Ordering::Relaxed) {
                assert!(matches!(call.progress(), Progress::Waiting(_)));
            }
        }
    });
    // One of them at least is forked while the thread is inside.
    for _ in 0..100 {
        assert!(
            in_a_child(|| body(&mut client, inherited.take().unwrap())),
            "the child hangs, or its client does not work"
        );
    }
    ended.store(true, Ordering::Relaxed);
    busy.join().unwrap();
}

#[test]
fn a_child_uses_a_client_that_a_thread_of_the_parent_was_inside() {
    in_children_of_a_busy_thread(|client, _| {
        client.acquire(&REQUEST).is_ok_and(|mut call| matches!(call.progress(), Progress::Waiting(_)))
    });
}

#[test]
fn a_call_of_the_parent_fails_in_the_child() {
    in_children_of_a_busy_thread(|_, mut call| {
        matches!(call.progress(), Progress::Finished(Err(Failure::ClientDropped)))
    });
}

#[test]
fn a_call_of_the_parent_can_be_dropped_in_the_child() {
    in_children_of_a_busy_thread(|_, call| {
        drop(call);
        true
    });
}
