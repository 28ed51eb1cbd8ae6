//! The client for event loops: a loop that is late, calls and clients that are dropped.
#![cfg(feature = "nonblocking")]
#![allow(clippy::unwrap_used)]

use poolcounter::client::{AcquireOutcome, Failure, NotOwned, Outcome, ReleaseOutcome, Request, Server, Settings};
use poolcounter::nonblocking::{Direction, NonblockingCall, NonblockingClient, Progress, Wait};
use poolcounter::protocol::Mode;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn what_is_there_counts_before_the_deadline_does() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        lines.next().transpose()?;
        stream.write_all(b"LOCKED\n")?;
        // Until the client closes the connection.
        lines.next().transpose().map(drop)
    });
    let mut settings = Settings::new(vec![Server::parse(&address).unwrap()]);
    let millisecond = Duration::from_millis(1);
    settings.connect_timeout(millisecond).min_answer_timeout(millisecond);
    let mut client = NonblockingClient::new(settings);
    let request = Request::new(b"key").mode(Mode::ForMe).maxqueue(1).timeout_seconds(1).answer_timeout(millisecond);
    let mut call = client.acquire(&request).unwrap();
    let result = loop {
        match call.progress() {
            Progress::Finished(result) => break result,
            // The loop is busy for much longer than the timeouts of connecting and answering.
            Progress::Waiting(_) => thread::sleep(Duration::from_millis(300)),
            Progress::LookUp(_) => panic!("an address needs no look-up"),
        }
    };
    assert!(matches!(result, Ok(AcquireOutcome::Locked(_))), "{result:?}");
    client.close();
    server.join().unwrap().unwrap();
}

/// A server that grants every lock, and tells when a connection ends.
fn granting() -> (NonblockingClient, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (ended, ends) = channel();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let ended = ended.clone();
            thread::spawn(move || {
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                for line in lines.map_while(Result::ok) {
                    let answer: &[u8] = if line == "RELEASE" { b"RELEASED\n" } else { b"LOCKED\n" };
                    stream.write_all(answer).unwrap();
                }
                ended.send(()).unwrap();
            });
        }
    });
    let mut settings = Settings::new(vec![Server::parse(&address).unwrap()]);
    settings.connect_timeout(PATIENCE).min_answer_timeout(PATIENCE);
    (NonblockingClient::new(settings), ends)
}

const PATIENCE: Duration = Duration::from_secs(20);

const REQUEST: Request<'_> = Request::new(b"key").timeout_seconds(1);

fn finish<A: TryFrom<Outcome>>(call: &mut NonblockingCall<A>) -> Result<A, Failure> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match call.progress() {
            Progress::Finished(result) => return result,
            Progress::Waiting(_) => thread::sleep(Duration::from_millis(1)),
            Progress::LookUp(_) => panic!("an address needs no look-up"),
        }
    }
    panic!("the call does not end")
}

#[test]
fn a_call_that_is_dropped_abandons_its_lock_at_once() {
    let (mut client, ends) = granting();
    let mut call = client.acquire(&REQUEST).unwrap();
    // The command is sent, and the lock is granted, when the call waits to read.
    while !matches!(call.progress(), Progress::Waiting(Wait { descriptor: Some((_, Direction::Read)), .. })) {}
    drop(call);
    assert_eq!(ends.recv_timeout(PATIENCE), Ok(()));
    // The client is of use afterwards.
    assert!(matches!(finish(&mut client.acquire(&REQUEST).unwrap()), Ok(AcquireOutcome::Locked(_))));
}

#[test]
fn a_call_that_has_finished_is_dropped_without_its_lock() {
    let (mut client, ends) = granting();
    let mut call = client.acquire(&REQUEST).unwrap();
    let Ok(AcquireOutcome::Locked(lock)) = finish(&mut call) else { panic!("the server grants every lock") };
    drop(call);
    assert_eq!(finish(&mut client.release(lock).unwrap()), Ok(ReleaseOutcome::Released));
    assert_eq!(ends.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_lock_of_another_client_is_given_back() {
    let ((mut client, ends), (mut other, _)) = (granting(), granting());
    let mut call = client.acquire(&REQUEST).unwrap();
    let Ok(AcquireOutcome::Locked(lock)) = finish(&mut call) else { panic!("the server grants every lock") };
    let Err(NotOwned(lock)) = other.release(lock) else { panic!("it is another client's") };
    let Err(NotOwned(lock)) = other.abandon(lock) else { panic!("it is another client's") };
    assert_eq!(ends.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(finish(&mut client.release(lock).unwrap()), Ok(ReleaseOutcome::Released));
}

#[test]
fn a_client_that_is_dropped_closes_its_connections_and_its_calls_fail() {
    let (mut client, ends) = granting();
    let mut call = client.acquire(&REQUEST).unwrap();
    while !matches!(call.progress(), Progress::Waiting(Wait { descriptor: Some((_, Direction::Read)), .. })) {}
    drop(client);
    assert_eq!(ends.recv_timeout(PATIENCE), Ok(()));
    assert_eq!(finish(&mut call), Err(Failure::ClientDropped));
}
