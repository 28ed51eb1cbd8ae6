//! Reads a story from its text.

use anyhow::{Context, Result, bail, ensure};

use super::line::{call, name_and_rest, quoted};
use super::{ABILITIES, Scene, Setting, Step, Story};
use crate::transcript::unescaped;

impl Story {
    /// Reads a story.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let title = title.context("a story begins with a comment that says what it shows")?;
        let mut story = Self { name: name.to_owned(), title: title.to_owned(), ..Self::default() };
        for (line, number) in text.lines().zip(1..) {
            if !line.is_empty() && !line.starts_with('#') {
                story.take(line).with_context(|| format!("line {number}: {line}"))?;
            }
        }
        story.setting.check()?;
        ensure!(!story.scenes.is_empty(), "nothing happens");
        ensure!(!story.waits(), "the last call has no answer");
        Ok(story)
    }

    fn take(&mut self, line: &str) -> Result<()> {
        ensure!(line == line.trim(), "spaces at the ends of a line: a byte of this kind is written \\x20");
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if ["servers", "order", "ring", "with", "needs"].contains(&word) {
            ensure!(self.scenes.is_empty(), "settings come first");
            return self.set(word, rest);
        }
        if self.setting.servers.is_empty() {
            self.setting.servers.push("s1".to_owned());
        }
        let step = self.setting.step(line, word, rest)?;
        match step {
            Step::Ask(_) => ensure!(!self.waits(), "a call has no answer yet"),
            Step::Answer(_) => ensure!(self.waits(), "there is no call to answer"),
            _ => {}
        }
        self.scenes.push(Scene { text: line.to_owned(), step });
        Ok(())
    }

    /// Whether a call has begun that is not answered.
    fn waits(&self) -> bool {
        let last = self.scenes.iter().rev().find(|scene| matches!(scene.step, Step::Ask(_) | Step::Answer(_)));
        last.is_some_and(|scene| matches!(scene.step, Step::Ask(_)))
    }

    fn set(&mut self, word: &str, rest: &str) -> Result<()> {
        let words = rest.split(' ').map(str::to_owned);
        match word {
            "servers" => self.setting.servers = words.collect(),
            "order" => {
                let (key, servers) = quoted(rest)?;
                self.setting.order = Some((key, servers.split(' ').map(str::to_owned).collect()));
            }
            "ring" => {
                let node = |node: String| node.split_once(':').map(|(label, weight)| (label.into(), weight.into()));
                self.setting.ring = words.map(node).collect::<Option<_>>().context("a node is label:weight")?;
                self.needs.push("ring".to_owned());
            }
            "with" => {
                for value in words {
                    let (name, value) = value.split_once('=').context("a setting is name=value")?;
                    self.setting.values.push((name.to_owned(), value.to_owned()));
                    self.needs.push(name.to_owned());
                }
            }
            _ => self.needs.extend(words),
        }
        let unknown = self.needs.iter().find(|need| !ABILITIES.contains(&need.as_str()));
        unknown.map_or(Ok(()), |unknown| bail!("unknown: {unknown}"))
    }
}

impl Setting {
    fn check(&self) -> Result<()> {
        ensure!(self.ring.is_empty() || self.ring.len() == self.servers.len(), "a label and a weight for each server");
        if let Some((_, order)) = &self.order {
            let all = order.len() == self.servers.len() && self.servers.iter().all(|server| order.contains(server));
            ensure!(all, "an order is of all servers");
        }
        Ok(())
    }

    fn step(&self, line: &str, word: &str, rest: &str) -> Result<Step> {
        Ok(match word {
            "client" => Step::Ask(call(rest, &self.servers)?),
            "=" => Step::Answer(rest.to_owned()),
            "quiet" if rest.is_empty() => Step::Quiet,
            server if self.has(server) => match rest {
                "stops" => Step::Stop(server.to_owned()),
                "listens" => Step::Listen(server.to_owned()),
                "is full" => Step::Fill(server.to_owned()),
                _ => bail!("a server stops, listens or is full"),
            },
            _ => self.of_connection(line)?,
        })
    }

    fn of_connection(&self, line: &str) -> Result<Step> {
        let (name, rest) = name_and_rest(line)?;
        let (sign, rest) = rest.split_at_checked(1).context("a connection does something")?;
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        Ok(match (sign, rest) {
            ("+", "") => Step::Accept(name, "s1".to_owned()),
            ("+", server) if self.has(server) => Step::Accept(name, server.to_owned()),
            ("<", bytes) if !bytes.is_empty() => Step::Receive(name, unescaped(bytes)?),
            (">", bytes) if !bytes.is_empty() => Step::Send(name, unescaped(bytes)?),
            ("-", "") => Step::Close(name),
            ("!", "") => Step::Reset(name),
            (".", "") => Step::Closed(name),
            _ => bail!("a connection has a+, a+ s1, a< BYTES, a> BYTES, a-, a! and a."),
        })
    }

    fn has(&self, server: &str) -> bool {
        self.servers.iter().any(|known| known == server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Story> {
        Story::parse("test", &format!("# A test.\n{text}\n"))
    }

    #[test]
    fn a_story_is_read() {
        let story = parse(
            "servers s1 s2\norder \"a b\" s2 s1\nwith await_release=1\nclient anyone \"a b\" 1 10 5\na+ s2\n\
             a< ACQ\\n\na>\\x20\\xff\ns1 is full\nquiet\n= read s2 it said so\nclient stats s2 FULL\n= STATS\na.",
        );
        let story = story.unwrap();
        assert_eq!((story.title.as_str(), story.needs), ("A test.", vec!["await_release".to_owned()]));
        let steps: Vec<Step> = story.scenes.into_iter().map(|scene| scene.step).collect();
        let a = || "a".to_owned();
        let expected = [
            Step::Ask("acquire anyone 1 10 5 612062".into()),
            Step::Accept(a(), "s2".into()),
            Step::Receive(a(), b"ACQ\n".into()),
            Step::Send(a(), b" \xff".into()),
            Step::Fill("s1".into()),
            Step::Quiet,
            Step::Answer("read s2 it said so".into()),
            Step::Ask("stats 1 FULL".into()),
            Step::Answer("STATS".into()),
            Step::Closed(a()),
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn what_is_no_story_is_refused() {
        let lines = [
            "",
            "servers s1",
            "= DONE",
            "client close",
            "client close\nclient close\n= OK",
            "client dance\n= OK",
            "client anyone page 1 10 5\n= OK",
            "client anyone \"page\" 1 10\n= OK",
            "client stats s2 FULL\n= OK",
            "a+ s2",
            "a",
            "a?",
            "a<",
            "A+",
            "s1 sleeps",
            "needs patience\na+",
            "with patience=1\na+",
            "with await_release\na+",
            "a+\nwith await_release=1",
            "ring x:1 y:1\na+",
            "servers s1 s2\norder \"k\" s1\na+",
            "quiet please",
        ];
        for line in lines {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(Story::parse("test", "a+\n").is_err());
    }
}
