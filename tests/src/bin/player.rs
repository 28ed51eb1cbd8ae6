//! Core's blocking client as a player of the client-side stories.

use std::io::{Write, stdin, stdout};

use anyhow::{Context, Result, bail};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{Choice, Failure, Lock, Outcome, Request, Server, Settings};
use poolcounter::protocol::Mode;
use poolcounter::route::Ring;

/// The client, and the locks that it holds, the newest last.
struct Player {
    client: BlockingClient,
    held: Vec<Lock>,
    last_key: Vec<u8>,
}

fn main() -> Result<()> {
    let mut player = Player::new(Settings::new(Vec::new()));
    for line in stdin().lines() {
        let line = line?;
        let answer = player.answer(&line).with_context(|| format!("cannot do `{line}`"))?;
        writeln!(stdout(), "{}", answer.replace('\n', "\\n"))?;
    }
    Ok(())
}

impl Player {
    fn new(settings: Settings) -> Self {
        Self { client: BlockingClient::new(settings), held: Vec::new(), last_key: Vec::new() }
    }

    fn answer(&mut self, line: &str) -> Result<String> {
        let words: Vec<&str> = line.split(' ').collect();
        let outcome = match words[..] {
            ["new", ref values @ ..] => {
                *self = Self::new(settings(values)?);
                return Ok("OK".to_owned());
            }
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
