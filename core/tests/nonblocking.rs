//! The client for event loops, with a loop that is late.
#![cfg(feature = "nonblocking")]

use poolcounter::client::{Outcome, Request, Server, Settings};
use poolcounter::nonblocking::{NonblockingClient, Progress};
use poolcounter::protocol::Mode;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

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
    (settings.connect_timeout, settings.answer_timeout) = (1_000, 1_000);
    let mut client = NonblockingClient::new(settings);
    let answer_within = Some(1_000);
    let request = Request { mode: Mode::ForMe, key: b"key", workers: 1, maxqueue: 1, timeout: 1, answer_within };
    let mut call = client.acquire(&request).unwrap();
    let result = loop {
        match client.progress(&mut call) {
            Progress::Finished(result) => break result,
            // The loop is busy for much longer than the timeouts of connecting and answering.
            Progress::Waiting(_) => thread::sleep(Duration::from_millis(300)),
            Progress::LookUp(_) => panic!("an address needs no look-up"),
        }
    };
    assert!(matches!(result, Ok(Outcome::Locked(_))), "{result:?}");
    client.close();
    server.join().unwrap().unwrap();
}
