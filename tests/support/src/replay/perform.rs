//! Acts as the servers of a story, and checks what the client does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use poolcounter::route::mediawiki_order;

use super::server::Server;
use super::{Player, Scene, Setting, Step, Story};
use crate::client::Client;
use crate::deadline::{Deadline, PATIENCE};
use crate::transcript::escaped;

/// How long nothing must happen at the line `quiet`. A client that does the wrong thing later is not detected.
const QUIET: Duration = Duration::from_millis(100);

/// The settings of every client, in this order. Times are longer than any wait of the tests.
const USUAL: [(&str, &str); 4] =
    [("connect_timeout_ms", "20000"), ("answer_timeout_ms", "20000"), ("pass_over_ms", "1000"), ("await_release", "0")];

/// Runs a story with a player, which may have run others before. After an error the player must not be used again.
pub fn perform(story: &Story, player: &mut Player) -> Result<()> {
    let mut stage = Stage { player, servers: story.setting.start()?, connections: BTreeMap::new() };
    stage.begin(&story.setting).map_err(|error| stage.failure(&[], &error))?;
    for (done, Scene { step, .. }) in story.scenes.iter().enumerate() {
        stage.take(step).map_err(|error| stage.failure(&story.scenes[..=done], &error))?;
    }
    stage.end().map_err(|error| stage.failure(&story.scenes, &error.context("after the last step")))
}

/// A player, and the servers that it talks to.
struct Stage<'a> {
    player: &'a mut Player,
    servers: BTreeMap<String, Server>,
    connections: BTreeMap<String, Client>,
}

impl Stage<'_> {
    fn begin(&mut self, setting: &Setting) -> Result<()> {
        let line = setting.line(&self.servers);
        self.player.tell(&line)?;
        self.answer("OK").with_context(|| format!("asked for `{line}`"))
    }

    fn take(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Ask(line) => {
                self.player.news().map_or(Ok(()), |news| bail!(news))?;
                self.player.tell(line)?;
            }
            Step::Answer(text) => self.answer(text)?,
            Step::Accept(name, server) => {
                let accepted = self.accept(server)?;
                let before = self.connections.insert(name.clone(), accepted);
                ensure!(before.is_none(), "there is a connection {name} already");
            }
            Step::Receive(name, bytes) => self.connection(name)?.expect(bytes)?,
            Step::Send(name, bytes) => self.connection(name)?.send(bytes)?,
            Step::Close(name) => self.leave(name)?.close()?,
            Step::Reset(name) => self.leave(name)?.reset()?,
            Step::Closed(name) => {
                self.connection(name)?.expect_end()?;
                self.leave(name)?;
            }
            Step::Stop(server) => self.server(server)?.stop(),
            Step::Listen(server) => self.server(server)?.start()?,
            Step::Fill(server) => self.server(server)?.fill()?,
            Step::Quiet => {
                thread::sleep(QUIET);
                self.nothing_more()?;
            }
        }
        Ok(())
    }

    /// The client closes its connections. After that, no event may be left that the story does not have.
    fn end(&mut self) -> Result<()> {
        self.nothing_more()?;
        self.player.tell("close")?;
        self.answer("OK")?;
        for (name, connection) in &mut self.connections {
            connection.expect_end().with_context(|| format!("connection {name}"))?;
        }
        self.connections.clear();
        self.nothing_more()
    }

    fn answer(&mut self, text: &str) -> Result<()> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (name, cause) = rest.split_once(' ').unwrap_or((rest, ""));
        let text = match self.servers.get(name) {
            Some(server) => format!("{kind} {} {cause}", server.address),
            None => text.to_owned(),
        };
        let said = self.player.hear()?;
        ensure!(said == text, "expected `{text}`, the player says `{said}`");
        Ok(())
    }

    fn nothing_more(&mut self) -> Result<()> {
        let events = self.events();
        ensure!(events.is_empty(), "more happens than the story tells: {}", events.join(", "));
        Ok(())
    }

    /// Events that no step of the story has.
    fn events(&mut self) -> Vec<String> {
        let mut events = Vec::from_iter(self.player.news());
        for (name, connection) in &mut self.connections {
            match connection.read() {
                Err(error) => events.push(format!("{name} cannot be read: {error}")),
                Ok(()) if !connection.received().is_empty() => {
                    events.push(format!("{name}< {}", escaped(connection.received())));
                }
                Ok(()) if connection.ended() => events.push(format!("{name}.")),
                Ok(()) => {}
            }
        }
        let connected = self.servers.iter().filter(|(_, server)| matches!(server.accept(), Ok(Some(_))));
        events.extend(connected.map(|(name, _)| format!("a connection to {name}")));
        events
    }

    /// The error with the steps up to it, and with all other events.
    fn failure(&mut self, scenes: &[Scene], error: &Error) -> Error {
        let mut text = String::new();
        for Scene { text: step, .. } in scenes {
            let _ = writeln!(text, "    {step}");
        }
        let _ = write!(text, "  {error:#}");
        for event in self.events() {
            let _ = write!(text, "\n  there is also: {event}");
        }
        for (name, server) in &self.servers {
            text = text.replace(&server.address.to_string(), name);
        }
        anyhow!(text)
    }

    /// Waits for a connection, as long as the player runs.
    fn accept(&mut self, name: &str) -> Result<Client> {
        let server = self.servers.get(name).with_context(|| format!("there is no server {name}"))?;
        let accepted = Deadline::after(PATIENCE).poll(|| match server.accept() {
            Ok(None) => self.player.ended().map(|status| Err(anyhow!("the player ended with {status}"))),
            accepted => accepted.transpose(),
        });
        Client::from_socket(accepted.with_context(|| format!("the client does not connect to {name}"))??)
    }

    fn server(&mut self, name: &str) -> Result<&mut Server> {
        self.servers.get_mut(name).with_context(|| format!("there is no server {name}"))
    }

    fn connection(&mut self, name: &str) -> Result<&mut Client> {
        self.connections.get_mut(name).with_context(|| format!("there is no connection {name}"))
    }

    fn leave(&mut self, name: &str) -> Result<Client> {
        self.connections.remove(name).with_context(|| format!("there is no connection {name}"))
    }
}

impl Setting {
    /// Starts the servers, at addresses for which the client tries them in the order of the story.
    fn start(&self) -> Result<BTreeMap<String, Server>> {
        let servers = self.servers.iter().map(|_| Server::new()).collect::<Result<Vec<_>>>()?;
        let Some((key, order)) = &self.order else { return Ok(self.servers.iter().cloned().zip(servers).collect()) };
        let addresses: Vec<String> = servers.iter().map(|server| server.address.to_string()).collect();
        let mut servers: Vec<Option<Server>> = servers.into_iter().map(Some).collect();
        let in_order = mediawiki_order(&addresses, key).filter_map(|index| servers[index].take());
        Ok(order.iter().cloned().zip(in_order).collect())
    }

    /// The line to the player that makes its client.
    fn line(&self, servers: &BTreeMap<String, Server>) -> String {
        let node = |(index, name): (usize, &String)| {
            let address = servers[name].address;
            match self.ring.get(index) {
                Some((label, weight)) => format!("{label}:{address}:{weight}"),
                None => address.to_string(),
            }
        };
        let nodes: Vec<String> = self.servers.iter().enumerate().map(node).collect();
        new_line(&nodes, if self.ring.is_empty() { "mediawiki" } else { "ring" }, USUAL, &self.values)
    }
}

/// The line to a player that makes its client: the usual settings, except those of the story.
pub(crate) fn new_line(
    servers: &[String],
    choice: &str,
    usual: [(&str, &str); 4],
    values: &[(String, String)],
) -> String {
    let mut line = format!("new servers={} choice={choice}", servers.join(","));
    for (name, usual) in usual {
        let other = values.iter().find(|(set, _)| set == name);
        let _ = write!(line, " {name}={}", other.map_or(usual, |(_, value)| value));
    }
    line
}
