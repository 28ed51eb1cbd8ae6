//! Servers as their clients see them, on port 7531.

use poolcounter::blocking::BlockingClient;
use poolcounter::client::{Server, Settings};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a connection may take to be made.
pub(crate) const CONNECT: Duration = Duration::from_secs(2);

pub(crate) fn server(text: &str) -> Result<Server, String> {
    Server::parse(text).map_err(|error| error.to_string())
}

/// What every server says to `STATS FULL`, or why it says nothing.
pub(crate) fn statistics(servers: &[Server], within: Duration) -> Vec<Result<String, String>> {
    let asked: Vec<_> = servers
        .iter()
        .map(|server| {
            let (sender, answer) = mpsc::channel();
            let server = server.clone();
            // The system's look-up of a name has no deadline: then its thread stays behind.
            let begun = thread::Builder::new().spawn(move || {
                // Nobody listens any more once the time is over.
                let _ = sender.send(ask(server, within));
            });
            begun.map(|_| answer)
        })
        .collect();
    let deadline = std::time::Instant::now() + within;
    let answer = |asked: std::io::Result<mpsc::Receiver<Result<String, String>>>| {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        let late = || format!("no answer within {} s", within.as_secs_f64());
        asked.map_err(|error| error.to_string())?.recv_timeout(left).unwrap_or_else(|_| Err(late()))
    };
    let answers = asked.into_iter().map(answer).collect::<Vec<_>>();
    servers.iter().zip(answers).map(|(server, answer)| answer.map_err(|cause| named(server, cause))).collect()
}

/// The cause behind the server's name, unless it has it already.
fn named(server: &Server, cause: String) -> String {
    if cause.contains(server.name()) { cause } else { format!("{server}: {cause}") }
}

fn ask(server: Server, within: Duration) -> Result<String, String> {
    let mut settings = Settings::new(vec![server]);
    settings.connect_timeout(CONNECT.min(within)).min_answer_timeout(within);
    BlockingClient::new(settings).statistics(0, "FULL").map_err(|failure| failure.to_string())
}
