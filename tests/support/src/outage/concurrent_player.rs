//! A player whose calls may run at the same time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::replay::Player;

/// How long to wait for an answer without a bound.
const PATIENCE: Duration = Duration::from_mins(1);

/// A player, and the calls that have no answer yet.
#[derive(Debug)]
pub(super) struct ConcurrentPlayer {
    player: Player,
    /// The label of each call; `None` for the call that the story waits for.
    asked: BTreeMap<Option<String>, Instant>,
    answers: BTreeMap<Option<String>, (Instant, String)>,
}

impl ConcurrentPlayer {
    pub(super) fn start(command: &[OsString]) -> Result<Self> {
        Ok(Self { player: Player::start(command)?, asked: BTreeMap::new(), answers: BTreeMap::new() })
    }

    /// Sends the player a line, for the client with this number.
    pub(super) fn ask(&mut self, label: Option<&str>, client: u32, line: &str) -> Result<()> {
        let label_prefix = label.map_or_else(String::new, |label| format!("&{label} "));
        let client_prefix = if client == 1 { String::new() } else { format!("#{client} ") };
        self.asked.insert(label.map(ToOwned::to_owned), Instant::now());
        self.player.tell(&format!("{label_prefix}{client_prefix}{line}"))
    }

    /// The answer, and how long it took; `None` if it does not come in this time.
    pub(super) fn answer(
        &mut self,
        label: Option<&str>,
        at_most: Option<Duration>,
    ) -> Result<Option<(Duration, String)>> {
        let label = label.map(ToOwned::to_owned);
        let asked = *self.asked.get(&label).context("nothing was asked")?;
        let end = asked + at_most.unwrap_or(PATIENCE);
        while !self.answers.contains_key(&label) {
            let left = end.saturating_duration_since(Instant::now());
            let Some(line) = self.player.hear_within(left)? else { return Ok(None) };
            self.sort(line)?;
        }
        let answer = self.answers.remove(&label);
        self.asked.remove(&label);
        Ok(answer.map(|(came, text)| (came.saturating_duration_since(asked), text)))
    }

    /// The answer, if it is there.
    pub(super) fn early(&mut self, label: Option<&str>) -> Result<Option<&str>> {
        while let Some(line) = self.player.hear_within(Duration::ZERO)? {
            self.sort(line)?;
        }
        Ok(self.answers.get(&label.map(ToOwned::to_owned)).map(|(_, text)| text.as_str()))
    }

    /// Ends the player's input; the player must end, without further output.
    pub(super) fn end(mut self) -> Result<()> {
        if let Some(news) = self.player.news() {
            bail!(news);
        }
        self.player.end()
    }

    fn sort(&mut self, (came, line): (Instant, String)) -> Result<()> {
        let (label, text) = match line.strip_prefix('&').and_then(|line| line.split_once(' ')) {
            Some((label, text)) => (Some(label.to_owned()), text.to_owned()),
            None => (None, line.clone()),
        };
        ensure!(self.asked.contains_key(&label), "nothing was asked, and the player says `{line}`");
        let before = self.answers.insert(label, (came, text));
        ensure!(before.is_none(), "the player answers twice, with `{line}`");
        Ok(())
    }
}
