//! The player of core's blocking client, for the client stories and the network stories. Each client has a thread.

use std::collections::BTreeMap;
use std::io::{Write, stdin, stdout};
use std::process;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{Choice, Failure, Lock, Outcome, Request, Server, Settings};
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
        let outcome = match words[..] {
            ["acquire", mode, workers, maxqueue, timeout, key] => {
                self.last_key = bytes(key)?;
                let mode = if mode == "me" { Mode::ForMe } else { Mode::ForAnyone };
                let (workers, maxqueue, timeout) = (workers.parse()?, maxqueue.parse()?, timeout.parse()?);
                let key = &self.last_key;
                self.client.acquire(&Request { mode, key, workers, maxqueue, timeout, answer_within: None })
            }
            ["release"] => match self.held.pop() {
                Some(lock) => self.client.release(&lock),
                None => self.client.release_nothing(&self.last_key),
            },
            ["stats", server, name] => self.client.statistics(server.parse()?, name),
            ["abandon"] => {
                if let Some(lock) = self.held.pop() {
                    self.client.abandon(&lock);
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
        Ok(self.reported(outcome))
    }

    fn reported(&mut self, outcome: Result<Outcome, Failure>) -> String {
        let word = match outcome {
            Ok(Outcome::Locked(lock)) => {
                self.held.push(lock);
                "LOCKED"
            }
            Ok(Outcome::Statistics(text)) => return format!("STATS {}", text.trim_end().replace('\n', "; ")),
            Ok(Outcome::Done) => "DONE",
            Ok(Outcome::QueueFull) => "QUEUE_FULL",
            Ok(Outcome::Timeout) => "TIMEOUT",
            Ok(Outcome::LockHeld) => "LOCK_HELD",
            Ok(Outcome::Released) => "RELEASED",
            Ok(Outcome::NotLocked) => "NOT_LOCKED",
            Err(Failure::BadKey(reason)) => return format!("key {reason}"),
            Err(Failure::Connect { server, cause }) => return format!("connect {server} {cause}"),
            Err(Failure::Write { server, cause }) => return format!("write {server} {cause}"),
            Err(Failure::Read { server, cause }) => return format!("read {server} {cause}"),
            Err(Failure::Remote { server, message }) => return format!("remote {server} {message}"),
            Err(other) => return format!("other {other}"),
        };
        word.to_owned()
    }
}

fn settings(values: &[&str]) -> Result<Settings> {
    let mut settings = Settings::new(Vec::new());
    let mut names: Vec<&str> = Vec::new();
    for value in values {
        match value.split_once('=').context("name=value")? {
            ("servers", list) => names = list.split(',').collect(),
            ("choice", "ring") => settings.choice = Choice::Ring(ring(&mut names)?),
            ("choice", "mediawiki") => {}
            ("connect_timeout_ms", time) => settings.connect_timeout = micros(time)?,
            ("answer_timeout_ms", time) => settings.answer_timeout = micros(time)?,
            ("first_answer_timeout_ms", time) => settings.first_answer_timeout = micros(time)?,
            ("pass_over_ms", time) => settings.pass_over = micros(time)?,
            ("await_release", switch) => settings.await_release = switch == "1",
            (name, _) => bail!("no such setting: {name}"),
        }
    }
    settings.servers = names.into_iter().map(Server::parse).collect::<Result<_, _>>()?;
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

fn micros(milliseconds: &str) -> Result<u64> {
    Ok(milliseconds.parse::<u64>()? * 1000)
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits = |at| hex.get(at..at + 2).context("two digits a byte");
    (0..hex.len()).step_by(2).map(|at| Ok(u8::from_str_radix(digits(at)?, 16)?)).collect()
}
