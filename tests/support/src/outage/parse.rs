//! Reads a story from its text.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use poolcounter::route::mediawiki_order;

use super::host::{client_address, own_address};
use super::resolver::Manner;
use super::{
    ABILITIES, Amount, Bounds, Deed, Expected, Fate, Kind, Number, PORT, Question, Scene, Step, Story, Times, Way, Work,
};
use crate::replay;

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
        ensure!(!story.scenes.is_empty(), "nothing happens");
        if story.questions().any(|question| question.label.is_some()) {
            story.needs.push("concurrent_clients".to_owned());
        }
        let open = story.questions().find(|question| story.is_open(question.label.as_deref()) == Some(true));
        ensure!(open.is_none(), "`{}` has no answer", open.map_or("", |open| &open.line));
        Ok(story)
    }

    fn questions(&self) -> impl Iterator<Item = &Question> {
        self.scenes.iter().filter_map(|scene| if let Step::Ask(asked) = &scene.step { Some(asked) } else { None })
    }

    fn take(&mut self, line: &str) -> Result<()> {
        ensure!(line == line.trim(), "spaces at the ends of a line");
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if ["servers", "with", "needs"].contains(&word) {
            ensure!(self.scenes.is_empty(), "settings come first");
            return self.set(word, rest);
        }
        if self.servers.is_empty() {
            self.servers.push("s1".to_owned());
        }
        let step = self.step(line, word, rest)?;
        match &step {
            Step::Ask(question) => {
                ensure!(self.is_open(None) != Some(true), "a call has no answer yet");
                let label = question.label.as_deref();
                ensure!(label.is_none() || self.is_open(label) != Some(true), "a call of this name has no answer yet");
            }
            Step::Answer(Expected { label, .. }) => {
                ensure!(self.is_open(label.as_deref()) == Some(true), "there is no call to answer");
            }
            Step::Waits(label) => ensure!(self.is_open(label.as_deref()) == Some(true), "there is no such call"),
            _ => {}
        }
        self.scenes.push(Scene { text: line.to_owned(), step });
        Ok(())
    }

    /// Whether the last call of this label has no answer yet.
    fn is_open(&self, label: Option<&str>) -> Option<bool> {
        self.scenes.iter().rev().find_map(|scene| match &scene.step {
            Step::Ask(question) if question.label.as_deref() == label => Some(true),
            Step::Answer(expected) if expected.label.as_deref() == label => Some(false),
            _ => None,
        })
    }

    fn set(&mut self, word: &str, rest: &str) -> Result<()> {
        let words = rest.split(' ').map(str::to_owned);
        match word {
            "servers" => self.servers = words.collect(),
            "with" => {
                for value in words {
                    let (name, value) = value.split_once('=').context("a setting is name=value")?;
                    self.values.push((name.to_owned(), value.to_owned()));
                    self.needs.push(name.to_owned());
                }
            }
            _ => self.needs.extend(words),
        }
        let known = |need: &str| ABILITIES.contains(&need) || replay::ABILITIES.contains(&need);
        let unknown = self.needs.iter().find(|need| !known(need));
        unknown.map_or(Ok(()), |unknown| bail!("unknown: {unknown}"))
    }

    fn step(&self, line: &str, word: &str, rest: &str) -> Result<Step> {
        Ok(match (word, rest) {
            ("client", "waits") => Step::Waits(None),
            ("client", _) if rest.starts_with("is ") => connected(rest)?,
            ("client", _) => Step::Ask(self.question(rest)?),
            ("=", _) => Step::Answer(expected(None, rest)?),
            ("wait", _) => Step::Wait(duration(rest)?),
            ("witness", _) => self.witness(rest, own_address)?,
            ("stranger", _) => self.witness(rest, |number| (client_address(number), PORT).into())?,
            ("lose", _) => lose(rest)?,
            ("delay", _) => {
                let (way, time, server) = way(rest)?;
                Step::Delay(server, way, duration(time)?)
            }
            ("resolver", "answers") => Step::Resolver(Manner::Prompt),
            ("resolver", "fails") => Step::Resolver(Manner::Failing),
            ("resolver", "is silent") => Step::Resolver(Manner::Silent),
            ("resolver", _) => {
                let time =
                    rest.strip_prefix("takes ").context("a resolver answers, fails, is silent or takes a time")?;
                Step::Resolver(Manner::After(duration(time)?))
            }
            ("count", "from now") => Step::CountAnew,
            ("work", _) => Step::Work(work(rest)?),
            _ if line.starts_with('"') => self.held(line)?,
            (label, "waits") => Step::Waits(Some(label.to_owned())),
            (name, _) if name.contains('.') => named(name, rest)?,
            (server, _) if number(server).is_ok() => of_server(number(server)?, rest)?,
            (label, _) => match rest.strip_prefix("= ") {
                Some(answer) => Step::Answer(expected(Some(label.to_owned()), answer)?),
                None => bail!("this is not a line of a story"),
            },
        })
    }

    fn question(&self, text: &str) -> Result<Question> {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (client, text) = first.parse().map_or((1, text), |client| (client, rest));
        let (text, insistent) = text.strip_prefix("keeps asking ").map_or((text, false), |text| (text, true));
        let (text, label) = match text.rsplit_once(" as ") {
            Some((text, label)) => (text, Some(label.to_owned())),
            None => (text, None),
        };
        ensure!(!insistent || label.is_none(), "a call that is repeated has no name");
        let key = text.split('"').nth(1).map(|key| self.key(key)).transpose()?;
        let raw = key.as_ref().map_or(text.to_owned(), |key| {
            let (before, behind) = (text.find('"').unwrap_or(0), text.rfind('"').unwrap_or(0));
            format!("{}{key}{}", &text[..=before], &text[behind..])
        });
        let line = replay::call(&raw, &self.servers)?;
        Ok(Question { client, line, key, label, insistent })
    }

    /// The real key for a key of the story. It is chosen so that the client tries the servers in the configured order, or first the server that the story names.
    fn key(&self, text: &str) -> Result<String> {
        let (stem, first) = text.split_once('@').map_or((text, None), |(stem, first)| (stem, Some(first)));
        ensure!(
            !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "a key is of letters and digits"
        );
        let place = |name| self.servers.iter().position(|known| known == name).context("no such server");
        let first = first.map(place).transpose()?;
        let addresses = self.addresses();
        let fits = |key: &String| {
            let mut order = mediawiki_order(&addresses, key.as_bytes());
            match first {
                Some(first) => order.next() == Some(first),
                None => order.eq(0..addresses.len()),
            }
        };
        (0..10_000).map(|number| format!("{stem}-{number}")).find(fits).context("no key has the servers in this order")
    }

    /// The servers of the client.
    pub(super) fn addresses(&self) -> Vec<String> {
        let address = |name: &String| match number(name) {
            Ok(number) => format!("{}:{PORT}", client_address(number)),
            Err(_) => format!("{name}:{PORT}"),
        };
        self.servers.iter().map(address).collect()
    }

    fn held(&self, line: &str) -> Result<Step> {
        let (line, bounds) = bounds(line)?;
        let (key, rest) = line[1..].split_once("\" is ").context("a key is held or free")?;
        let (held, server) = match rest.split_once(" at ") {
            Some(("held", server)) => (true, server),
            Some(("free", server)) => (false, server),
            _ => bail!("a key is held at, or free at, a server"),
        };
        Ok(Step::Held(self.key(key)?, number(server)?, held, bounds))
    }

    /// Another client, which connects to the servers at these addresses.
    fn witness(&self, text: &str, address: impl Fn(Number) -> SocketAddr) -> Result<Step> {
        let (name, deed) = text.split_once(' ').context("a witness does something")?;
        let address = |server: &str| number(server).ok().map(&address);
        let place = |text: &str| {
            let (key, server) = text.strip_prefix('"')?.split_once("\" at ")?;
            Some((self.key(key).ok()?, address(server)?))
        };
        let (verb, rest) = deed.split_once(' ').unwrap_or((deed, ""));
        let deed = match (verb, rest) {
            ("holds", _) => place(rest).map(|(key, server)| Deed::Hold(key, server)),
            ("waits", _) => rest.strip_prefix("for ").and_then(place).map(|(key, server)| Deed::WaitFor(key, server)),
            ("connects", _) => rest.strip_prefix("to ").and_then(address).map(Deed::Connect),
            ("releases", "") => Some(Deed::Release),
            ("leaves", "") => Some(Deed::Leave),
            ("hears", "nothing") => Some(Deed::HearNothing),
            ("hears", _) => {
                let (word, bounds) = bounds(rest)?;
                Some(Deed::Hear(word.to_owned(), bounds))
            }
            _ => None,
        };
        let deed = deed
            .context("a witness holds \"a\" at s1, waits for \"a\" at s1, connects to s1, releases, leaves or hears")?;
        Ok(Step::Witness(name.to_owned(), deed))
    }
}

fn connected(text: &str) -> Result<Step> {
    let (text, bounds) = bounds(text)?;
    let is = text.strip_prefix("is connected to ").map(|server| (true, server));
    let (is, server) =
        is.or_else(|| Some((false, text.strip_prefix("is not connected to ")?))).context("a client is connected")?;
    Ok(Step::Connected(number(server)?, is, bounds))
}

fn expected(label: Option<String>, text: &str) -> Result<Expected> {
    let (text, bounds) = bounds(text)?;
    let (text, by) = match text.rsplit_once(" by ") {
        Some((text, server)) => (text, Some(number(server)?)),
        None => (text, None),
    };
    ensure!(by.is_none() || text == "LOCKED", "only LOCKED is by a server");
    Ok(Expected { label, text: text.to_owned(), by, bounds })
}

fn lose(text: &str) -> Result<Step> {
    let (text, amount) = match text.rsplit_once(" for ") {
        Some((text, time)) => (text, Some(Amount::For(duration(time)?))),
        None => (text, None),
    };
    let (way, what, server) = way(text)?;
    if let Some(amount) = amount {
        ensure!(what == "everything", "for a time, everything is lost");
        return Ok(Step::Lose(server, way, Kind::Packet, amount));
    }
    let (count, kind) = what.split_once(' ').context("so many packets are lost")?;
    let kind = match kind.trim_end_matches('s') {
        "packet" => Kind::Packet,
        "probe" => Kind::Probe,
        "SYN" => Kind::Syn,
        "data packet" => Kind::Data,
        _ => bail!("packets, data packets, SYNs or probes are lost"),
    };
    Ok(Step::Lose(server, way, kind, Amount::Count(count.parse()?)))
}

/// The direction, the words before it, and the server.
fn way(text: &str) -> Result<(Way, &str, Number)> {
    for (word, way) in [(" to ", Way::To), (" from ", Way::From), (" of ", Way::Both)] {
        if let Some((what, server)) = text.rsplit_once(word) {
            return Ok((way, what, number(server)?));
        }
    }
    bail!("it is to, from or of (both) a server")
}

fn named(name: &str, rest: &str) -> Result<Step> {
    if let Some(servers) = rest.strip_prefix("means ") {
        return Ok(Step::Name(name.to_owned(), servers.split(' ').map(number).collect::<Result<_>>()?));
    }
    let count = rest.strip_prefix("was asked for ").context("a name means servers, or was asked for so many times")?;
    let count = count.trim_end_matches('s').strip_suffix(" time").context("so many times")?;
    Ok(Step::Asked(name.to_owned(), times(count)?))
}

fn times(text: &str) -> Result<Times> {
    let (count, or_fewer) = text.strip_prefix("at most ").map_or((text, false), |count| (count, true));
    Ok(Times { count: count.parse()?, or_fewer })
}

fn of_server(server: Number, rest: &str) -> Result<Step> {
    let fate = match rest {
        "vanishes" => Fate::Vanish,
        "swallows connections" => Fate::SwallowConnections,
        "comes back" => Fate::ComeBack,
        "freezes" => Fate::Freeze,
        "thaws" => Fate::Thaw,
        "dies" => Fate::Die,
        "starts" => Fate::Start(Vec::new()),
        "was sent nothing" => return Ok(Step::SentNothing(server)),
        _ => {
            if let Some(options) = rest.strip_prefix("starts ") {
                Fate::Start(options.split(' ').map(str::to_owned).collect())
            } else {
                let what = rest.strip_prefix("was sent ").context("nothing of the kind happens to a server")?;
                let (what, bounds) = bounds(what)?;
                let digit = what.find(|letter: char| letter.is_ascii_digit()).context("so many")?;
                let end = what[digit..].find(' ').context("so many of what?")? + digit;
                return Ok(Step::Sent(server, what[end + 1..].to_owned(), times(&what[..end])?, bounds));
            }
        }
    };
    Ok(Step::Host(server, fate))
}

/// `200 requests by 4 processes, timeout 15, at most 35 s`, and perhaps `asking with timeout 0 first,` before the bound.
fn work(text: &str) -> Result<Work> {
    let parts: Vec<&str> = text.split(", ").collect();
    let (amount, timeout, at_most, fast_stale) = match parts[..] {
        [amount, timeout, at_most] => (amount, timeout, at_most, false),
        [amount, timeout, "asking with timeout 0 first", at_most] => (amount, timeout, at_most, true),
        _ => bail!("work is R requests by P processes, timeout T, at most B s"),
    };
    let (requests, processes) = amount.split_once(" requests by ").context("so many requests")?;
    Ok(Work {
        requests: requests.parse()?,
        processes: processes.strip_suffix(" processes").context("so many processes")?.parse()?,
        timeout: timeout.strip_prefix("timeout ").context("a timeout")?.parse()?,
        fast_stale,
        at_most: duration(at_most.strip_prefix("at most ").context("a bound")?)?,
    })
}

/// The time bound at the end of a line, and the words before it.
fn bounds(text: &str) -> Result<(&str, Bounds)> {
    let mut bounds = Bounds::default();
    let mut text = text;
    loop {
        if let Some((before, time)) = text.rsplit_once(" within ").filter(|(_, time)| duration(time).is_ok()) {
            // A timer of the client. On a busy machine it may take twice its time.
            bounds.at_most = Some(duration(time)? * 2);
            text = before;
        } else if let Some((before, time)) = text.rsplit_once(" not before ") {
            bounds.at_least = Some(duration(time)?);
            text = before;
        } else {
            return Ok((text, bounds));
        }
    }
}

/// `1.5 s` or `300 ms`.
fn duration(text: &str) -> Result<Duration> {
    let (number, unit) = text.split_once(' ').context("a time is in s or ms")?;
    let number: f64 = number.parse()?;
    Ok(Duration::try_from_secs_f64(match unit {
        "s" => number,
        "ms" => number / 1000.0,
        _ => bail!("a time is in s or ms"),
    })?)
}

fn number(server: &str) -> Result<Number> {
    let number = server.strip_prefix('s').and_then(|number| number.parse().ok());
    number.filter(|number| *number > 0).with_context(|| format!("{server} is not a server such as s1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Story> {
        Story::parse("test", &format!("# A test.\n{text}\n"))
    }

    fn steps(text: &str) -> Vec<Step> {
        parse(text).unwrap().scenes.into_iter().map(|scene| scene.step).collect()
    }

    #[test]
    fn calls_are_read() {
        let story = parse(
            "servers s1 s2\nwith connect_timeout_ms=10\nclient 2 me \"a\" 1 10 5 as w\nw waits\n\
             client keeps asking stats s2 FULL\n= STATS within 2 s\nw = LOCKED by s1 not before 1.5 s within 300 ms",
        );
        let mut story = story.unwrap();
        assert_eq!(story.needs, ["connect_timeout_ms", "concurrent_clients"]);
        assert_eq!(story.addresses(), ["10.9.1.2:7531", "10.9.2.2:7531"]);
        let Step::Ask(question) = story.scenes.remove(0).step else { panic!("a question") };
        assert_eq!((question.client, question.label.as_deref(), question.insistent), (2, Some("w"), false));
        assert!(question.line.starts_with("acquire me 1 10 5 612d"), "{}", question.line);
        assert!(question.key.is_some_and(|key| key.starts_with("a-")));
        let steps: Vec<Step> = story.scenes.into_iter().map(|scene| scene.step).collect();
        assert_eq!(steps[0], Step::Waits(Some("w".into())));
        let Step::Ask(question) = &steps[1] else { panic!("a question") };
        assert_eq!((question.client, question.line.as_str(), question.insistent), (1, "stats 1 FULL", true));
        let bounds = Bounds { at_least: Some(Duration::from_millis(1500)), at_most: Some(Duration::from_millis(600)) };
        let expected = Expected { label: Some("w".into()), text: "LOCKED".into(), by: Some(1), bounds };
        assert_eq!(steps[3], Step::Answer(expected));
    }

    #[test]
    fn a_key_has_the_servers_in_the_order_that_it_says() {
        let story = parse("servers s1 s2\nwait 1 s").unwrap();
        let first = |key: &str| mediawiki_order(&story.addresses(), key.as_bytes()).next();
        for stem in ["a", "b", "c"] {
            assert_eq!(first(&story.key(stem).unwrap()), Some(0));
            assert_eq!(first(&story.key(&format!("{stem}@s2")).unwrap()), Some(1));
        }
    }

    #[test]
    fn what_befalls_the_network_is_read() {
        let expected = [
            Step::Lose(1, Way::To, Kind::Probe, Amount::Count(1)),
            Step::Lose(2, Way::Both, Kind::Packet, Amount::For(Duration::from_secs(5))),
            Step::Lose(1, Way::From, Kind::Data, Amount::Count(3)),
            Step::Delay(1, Way::Both, Duration::from_millis(20)),
            Step::Host(1, Fate::SwallowConnections),
            Step::Host(1, Fate::Start(vec!["--max-clients".into(), "1".into()])),
            Step::Name("pool.test".into(), vec![3, 1]),
            Step::Resolver(Manner::After(Duration::from_secs(3))),
            Step::CountAnew,
            Step::Asked("pool.test".into(), Times { count: 1, or_fewer: true }),
            Step::Sent(1, "STATS UPTIME".into(), Times { count: 2, or_fewer: false }, Bounds::default()),
            Step::SentNothing(2),
            Step::Connected(1, false, Bounds { at_least: None, at_most: Some(Duration::from_secs(50)) }),
        ];
        let text = "lose 1 probe to s1\nlose everything of s2 for 5 s\nlose 3 data packets from s1\ndelay 20 ms of s1\n\
                    s1 swallows connections\ns1 starts --max-clients 1\npool.test means s3 s1\nresolver takes 3 s\n\
                    count from now\npool.test was asked for at most 1 time\ns1 was sent 2 STATS UPTIME\n\
                    s2 was sent nothing\nclient is not connected to s1 within 25 s";
        assert_eq!(steps(text), expected);
    }

    #[test]
    fn what_is_no_story_is_refused() {
        let lines = [
            "",
            "servers s1",
            "= DONE",
            "w = DONE",
            "w waits",
            "client waits",
            "client close",
            "client close as w",
            "client close\nclient close\n= OK",
            "client close as w\nclient close as w\nw = OK",
            "client anyone \"a@s2\" 1 10 5\n= DONE",
            "client anyone \"a b\" 1 10 5\n= DONE",
            "client stats s1 FULL\n= STATS by s1",
            "wait 5",
            "wait 5 minutes",
            "lose 1 letter to s1",
            "lose everything to s1",
            "lose 1 probe",
            "s0 dies",
            "s1 sleeps",
            "s1 was sent many",
            "resolver sleeps",
            "pool.test rests",
            "witness w dances",
            "\"a\" is lost at s1",
            "work 200",
            "needs patience\nwait 1 s",
            "wait 1 s\nservers s1",
        ];
        for line in lines {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
