//! The player of core's blocking client, for the client stories and the network stories. Each client has a thread.

use std::collections::BTreeMap;
use std::io::{Write, stdin, stdout};
use std::process;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{AcquireOutcome, Failure, KeyDistribution, Lock, ReleaseOutcome, Request, Server, Settings};
use poolcounter::protocol::Mode;
use poolcounter::route::Ring;

/// The clients of this process, by number. Each takes commands in turn.
#[derive(Default)]
struct Players {
    settings: Option<Settings>,
    clients: BTreeMap<u32, Sender<Command>>,
}

/// A command for a client, and where its answer goes.
struct Command {
    text: String,
    answer: Answer,
}

enum Answer {
    /// To the thread that waits for it.
    To(Sender<String>),
    /// To standard output, after this prefix.
    Beside(String),
}

/// A client, and the locks that it holds, the newest last.
struct Player {
    client: BlockingClient,
    held: Vec<Lock>,
    last_key: Vec<u8>,
}

fn main() -> Result<()> {
    let mut players = Players::default();
    for line in stdin().lines() {
        let line = line?;
        if let Some(answer) = players.take(&line).with_context(|| format!("cannot do `{line}`"))? {
            say(&answer)?;
        }
    }
    Ok(())
}

fn say(answer: &str) -> Result<()> {
    Ok(writeln!(stdout(), "{}", answer.replace('\n', "\\n"))?)
}

impl Players {
    /// The answer; `None` for a command that runs at the same time as others.
    fn take(&mut self, line: &str) -> Result<Option<String>> {
        let (label, command) = prefixed(line, '&');
        let (number, command) = prefixed(command, '#');
        if let Some(values) = command.strip_prefix("new ") {
            self.clients.clear();
            self.settings = Some(settings(&values.split(' ').collect::<Vec<_>>())?);
            return Ok(Some("OK".to_owned()));
        }
        let client = self.client(number.map_or(Ok(1), str::parse)?)?;
        let (sender, receiver) = channel();
        let answer = label.map_or(Answer::To(sender), |label| Answer::Beside(format!("&{label} ")));
        client.send(Command { text: command.to_owned(), answer }).map_err(|_| anyhow!("the client has ended"))?;
        if label.is_some() {
            return Ok(None);
        }
        Ok(Some(receiver.recv().context("the client has ended")?))
    }

    fn client(&mut self, number: u32) -> Result<&Sender<Command>> {
        let settings = self.settings.as_ref().context("there are no settings yet")?;
        Ok(self.clients.entry(number).or_insert_with(|| Player::new(settings.clone()).start()))
    }
}

/// The word after this sign at the beginning of a line, and the rest of the line.
fn prefixed(line: &str, sign: char) -> (Option<&str>, &str) {
    match line.strip_prefix(sign).and_then(|rest| rest.split_once(' ')) {
        Some((word, rest)) => (Some(word), rest),
        None => (None, line),
    }
}

impl Player {
    fn new(settings: Settings) -> Self {
        Self { client: BlockingClient::new(settings), held: Vec::new(), last_key: Vec::new() }
    }

    /// Runs until no more commands can come.
    fn start(mut self) -> Sender<Command> {
        let (sender, commands) = channel::<Command>();
        thread::spawn(move || {
            for Command { text, answer } in commands {
                let told = self.answer(&text).with_context(|| format!("cannot do `{text}`"));
                let told = told.and_then(|said| match answer {
                    Answer::To(asker) => Ok(asker.send(said)?),
                    Answer::Beside(prefix) => say(&(prefix + &said)),
                });
                if let Err(error) = told {
                    eprintln!("{error:#}");
                    process::exit(1);
                }
            }
        });
        sender
    }

    fn answer(&mut self, line: &str) -> Result<String> {
        let words: Vec<&str> = line.split(' ').collect();
        let said = match words[..] {
            ["acquire", mode, workers, maxqueue, timeout, key] => {
                self.last_key = bytes(key)?;
                let mode = if mode == "me" { Mode::ForMe } else { Mode::ForAnyone };
                let request = Request::new(&self.last_key).mode(mode).workers(workers.parse()?);
                let request = request.maxqueue(maxqueue.parse()?).timeout_seconds(timeout.parse()?);
                let outcome = self.client.acquire(&request);
                outcome.map(|outcome| self.acquired(outcome))
            }
            ["release"] => {
                let outcome = match self.held.pop() {
                    Some(lock) => self.client.release(lock).map_err(Failure::from),
                    None => self.client.release_nothing(&self.last_key),
                };
                outcome.map(released)
            }
            ["stats", server, name] => {
                let text = self.client.statistics(server.parse()?, name);
                text.map(|text| format!("STATS {}", text.trim_end().replace('\n', "; ")))
            }
            ["abandon"] => {
                if let Some(lock) = self.held.pop() {
                    self.client.abandon(lock)?;
                }
                return Ok("OK".to_owned());
            }
            ["close"] => {
                self.held.clear();
                self.client.close();
                return Ok("OK".to_owned());
            }
            _ => bail!("there is no such command"),
        };
        Ok(said.unwrap_or_else(failed))
    }

    fn acquired(&mut self, outcome: AcquireOutcome) -> String {
        let word = match outcome {
            AcquireOutcome::Locked(lock) => {
                self.held.push(lock);
                "LOCKED"
            }
            AcquireOutcome::Done => "DONE",
            AcquireOutcome::QueueFull => "QUEUE_FULL",
            AcquireOutcome::Timeout => "TIMEOUT",
            AcquireOutcome::LockHeld => "LOCK_HELD",
        };
        word.to_owned()
    }
}

fn released(outcome: ReleaseOutcome) -> String {
    let word = match outcome {
        ReleaseOutcome::Released => "RELEASED",
        ReleaseOutcome::NotLocked => "NOT_LOCKED",
    };
    word.to_owned()
}

fn failed(failure: Failure) -> String {
    match failure {
        Failure::BadKey(reason) => format!("key {reason}"),
        Failure::Connect { server, cause } => format!("connect {server} {cause}"),
        Failure::Write { server, cause } => format!("write {server} {cause}"),
        Failure::Read { server, cause } => format!("read {server} {cause}"),
        Failure::Remote { server, message } => format!("remote {server} {message}"),
        other => format!("other {other}"),
    }
}

fn settings(values: &[&str]) -> Result<Settings> {
    let value = |name: &str| {
        let mut given = values.iter().rev().filter_map(|value| value.strip_prefix(name)?.strip_prefix('='));
        given.next().with_context(|| format!("no {name}"))
    };
    let mut names: Vec<&str> = value("servers")?.split(',').collect();
    let ring = if value("choice")? == "ring" { Some(ring(&mut names)?) } else { None };
    let mut settings = Settings::new(names.into_iter().map(Server::parse).collect::<Result<_, _>>()?);
    if let Some(ring) = ring {
        settings.key_distribution(KeyDistribution::Ring(ring));
    }
    for value in values {
        match value.split_once('=').context("name=value")? {
            ("servers" | "choice", _) => &mut settings,
            ("connect_timeout_ms", time) => settings.connect_timeout(milliseconds(time)?),
            ("answer_timeout_ms", time) => settings.min_answer_timeout(milliseconds(time)?),
            ("first_answer_timeout_ms", time) => settings.first_answer_timeout(milliseconds(time)?),
            ("pass_over_ms", time) => settings.avoid_for(milliseconds(time)?),
            ("await_release", switch) => settings.await_release(switch == "1"),
            (name, _) => bail!("no such setting: {name}"),
        };
    }
    Ok(settings)
}

/// The ring of nodes `label:server:weight`, of which the servers remain.
fn ring(nodes: &mut [&str]) -> Result<Ring> {
    let mut labels = Vec::new();
    for node in nodes {
        let (label, rest) = node.split_once(':').context("no label")?;
        let (server, weight) = rest.rsplit_once(':').context("no weight")?;
        labels.push((label, weight.parse()?));
        *node = server;
    }
    Ok(Ring::new(labels))
}

fn milliseconds(text: &str) -> Result<Duration> {
    Ok(Duration::from_millis(text.parse()?))
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits = |at| hex.get(at..at + 2).context("two digits a byte");
    (0..hex.len()).step_by(2).map(|at| Ok(u8::from_str_radix(digits(at)?, 16)?)).collect()
}
