//! Reads a story from its text.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::bytes::unescaped;
use super::{Event, Scene, Step, Story};

/// One line of a transcript.
pub(super) enum Line {
    /// A comment or an empty line.
    Remark,
    Step(Step),
    Event(Event),
}

impl Story {
    /// Reads a transcript.
    pub fn parse(text: &str) -> Result<Self> {
        let mut story = Self::default();
        for (line, number) in text.lines().zip(1..) {
            let parsed = Line::parse(line).with_context(|| format!("line {number}: {line}"))?;
            match (parsed, story.scenes.last_mut()) {
                (Line::Remark, _) => {}
                (Line::Step(step), _) => story.scenes.push(Scene { line: number, step, events: Vec::new() }),
                (Line::Event(event), Some(scene)) => scene.events.push(event),
                (Line::Event(_), None) => bail!("line {number}: an answer before the first step"),
            }
        }
        story.check()?;
        Ok(story)
    }
}

impl Line {
    pub(super) fn parse(line: &str) -> Result<Self> {
        ensure!(line == line.trim(), "spaces at the ends of a line: a byte of this kind is written \\x20");
        if line.is_empty() || line.starts_with('#') {
            return Ok(Self::Remark);
        }
        let (first, rest) = line.split_once(' ').context("a line has two words at least")?;
        let step = match (first, rest) {
            ("wait", time) => Step::Wait(duration(time)?),
            ("clock", time) => Step::Clock(duration(time.strip_prefix('+').context("only forward")?)?),
            ("daemon", "stops") => Step::Freeze,
            ("daemon", "goes on") => Step::Thaw,
            (client, what) => return Self::of_client(client, what),
        };
        Ok(Self::Step(step))
    }

    fn of_client(client: &str, what: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        ensure!(client.chars().all(plain), "a client's name is of small letters and digits");
        let name = client.to_owned();
        let step = match what {
            "connects" => Step::Connect(name),
            "shuts down sending" => Step::ShutDown(name),
            "closes" => Step::Close(name),
            "resets" => Step::Reset(name),
            "<- end of stream" => return Ok(Self::Event(Event::End(name))),
            _ => match what.split_once(' ') {
                Some(("->", bytes)) => Step::Send(name, unescaped(bytes)?),
                Some(("<-", bytes)) => return Ok(Self::Event(Event::Bytes(name, unescaped(bytes)?))),
                _ => bail!("clients send (->), receive (<-), connect, shut down sending, close and reset"),
            },
        };
        Ok(Self::Step(step))
    }
}

/// `1.3s`, exact to the microsecond.
fn duration(text: &str) -> Result<Duration> {
    let text = text.strip_suffix('s').context("times are in seconds, like 1.3s")?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    ensure!(part.len() <= 6, "times are in whole microseconds");
    Ok(Duration::new(whole.parse()?, format!("{part:0<6}").parse::<u32>()? * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = "a connects\na -> ACQ4ME page 1 10 500\\n\na <- LOCKED\\n\nb -> \\x20\\xff{x*90}\\r\\n\nwait 1.3s\n\
            clock +59.999999s\ndaemon stops\na shuts down sending\ndaemon goes on\na <- end of stream\nb resets\n";
        assert_eq!(Story::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for line in
            ["a", "a says hello", "A -> x\\n", "wait 1", "wait 1.0000001s", "clock -1s", " a -> x\\n", "daemon sleeps"]
        {
            assert!(Line::parse(line).is_err(), "{line}");
        }
    }
}
