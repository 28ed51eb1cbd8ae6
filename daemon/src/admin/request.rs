//! What a request asks for: its path and its parameters. This file knows nothing else of the daemon, so the fuzzer can include it.

use percent_encoding::percent_decode_str;
use poolcounter::key::KeyText;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The most entries that an answer's list has, and how many it has if the request does not say.
const MOST: usize = 1_000;
const USUAL: usize = 100;

/// How many groups a request names at most.
const MOST_GROUPS: usize = 64;

/// The longest time, in seconds, that an answer may be waited for.
const LONGEST_WAIT: u64 = 24 * 60 * 60;
/// What the value of `cursor` can be.
const CURSOR: &str = "what \"next\" was in an answer to the same request";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A file of the page, by its path, if there is one.
    Page(String),
    Health,
    Ready,
    Metrics,
    Status,
    Groups,
    History,
    Keys(Keys),
    Key {
        key: Vec<u8>,
        list: List<ClaimRank>,
    },
    Clients(List<u64>),
    Events {
        group: Option<String>,
    },
    Recording(Tape),
    Recorded(Last),
    Act(Act),
}

/// What is to be recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tape {
    /// Of these groups alone.
    pub(super) groups: Option<Vec<String>>,
    /// Keys are named by numbers.
    pub(super) anonymous: bool,
    /// When it ends; `None`: when the other side leaves.
    pub(super) time: Option<Duration>,
}

/// The latest calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    /// Of this time at least.
    pub(super) time: Duration,
    /// Keys are named by numbers.
    pub(super) anonymous: bool,
}

/// What an operator wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Disconnect the client with this number.
    Kick(u64),
    /// Refuse new clients. The answer comes at once, or when all have gone or this time is over.
    Drain(Option<Duration>),
    /// Let clients in again.
    Undrain,
    /// Read the configuration again.
    Reload,
}

/// Which keys, in which order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) order: Order,
    /// Of this group alone.
    pub(super) group: Option<String>,
    pub(super) limit: usize,
}

/// An order of keys, and behind which one the list begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Waiting(Option<KeyRank>),
    Held(Option<KeyRank>),
    /// The hot keys of a window; the list begins after this many of them.
    Top(Top, Window, usize),
}

/// What the lists that are maintained are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Top {
    Acquires,
    Refused,
    Waited,
}

/// How far a maintained list looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    Minute,
    Hour,
}

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List<R> {
    /// How many entries there may be.
    pub(super) limit: usize,
    /// The rank of the entry that the part before ended with.
    pub(super) after: Option<R>,
}

/// A key's place among others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyRank {
    /// How many wait, where that counts.
    pub(super) waiters: Reverse<u32>,
    /// Since when, in microseconds.
    pub(super) since: u64,
    pub(super) key: Vec<u8>,
}

/// A claim's place among those to the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClaimRank {
    pub(super) waits: bool,
    /// Since when, in microseconds.
    pub(super) since: u64,
    /// The client's number for people.
    pub(super) client: u64,
}

/// Why a request cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misunderstood {
    /// The path names no key.
    Key(String),
    /// A parameter that the path does not have, or has twice, or with another kind of value.
    Parameter(String),
}

impl Route {
    /// Reads a path and the parameters after it.
    pub(super) fn parse(path: &str, query: Option<&str>) -> Result<Self, Misunderstood> {
        let mut parameters = Parameters::parse(query.unwrap_or_default())?;
        let route = match path {
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/metrics" | "/prometheus" => Self::Metrics,
            "/v1/status" => Self::Status,
            "/v1/groups" => Self::Groups,
            "/v1/history" => Self::History,
            "/v1/keys" => Self::Keys(parameters.keys()?),
            "/v1/clients" => Self::Clients(parameters.list()?),
            "/v1/events" => Self::Events { group: parameters.group()? },
            "/v1/recording" => match parameters.last()? {
                Some(time) => Self::Recorded(Last { time, anonymous: parameters.anonymous()? }),
                None => Self::Recording(parameters.tape()?),
            },
            "/v1/kick" => Self::Act(Act::Kick(parameters.client()?)),
            "/v1/drain" => Self::Act(Act::Drain(parameters.wait()?)),
            "/v1/undrain" => Self::Act(Act::Undrain),
            "/v1/reload" => Self::Act(Act::Reload),
            path => match path.strip_prefix("/v1/keys/") {
                Some(key) => Self::Key { key: key_of_path(key)?, list: parameters.list()? },
                None => return Ok(Self::Page(path.to_owned())),
            },
        };
        parameters.end()?;
        Ok(route)
    }

    /// How long the answer may be waited for, beyond what an answer takes.
    pub(super) fn wait(&self) -> Duration {
        match self {
            Self::Act(Act::Drain(Some(wait))) => *wait,
            _ => Duration::ZERO,
        }
    }

    /// The methods by which it is asked for.
    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Act(_) => &["POST"],
            _ => &["GET", "HEAD"],
        }
    }

    /// Whether any name of this host may be used: programs ask for these by whatever name the host has, and no user's key is in the answers.
    pub(super) fn is_for_any_host(&self) -> bool {
        matches!(self, Self::Health | Self::Ready | Self::Metrics)
    }
}

/// A key in its text form, encoded once more, as any part of a path.
fn key_of_path(path: &str) -> Result<Vec<u8>, Misunderstood> {
    let text = percent_decode_str(path).decode_utf8_lossy();
    KeyText::parse(&text)
        .map_err(|error| Misunderstood::Key(format!("The path does not end with a key's text form: {error}.")))
}

/// Whether a group may have this name.
fn is_group(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    name.len() <= 64 && name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(is_inner)
}

/// A number as the daemon itself writes it: without a sign and without zeros before it.
fn number<T: FromStr + fmt::Display>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

/// The parameters of a request that nobody has asked for yet.
struct Parameters<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    fn parse(query: &'a str) -> Result<Self, Misunderstood> {
        let mut parameters: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(Misunderstood::Parameter(format!("The parameter {name:?} is there twice.")));
            }
            parameters.push((name, percent_decode_str(value).decode_utf8_lossy()));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter, if it is there.
    fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(other, _)| *other == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// What the value of a parameter means, if it is there; `wanted` says what could stand there.
    fn read<T>(
        &mut self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Misunderstood> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let wrong = || Misunderstood::Parameter(format!("The parameter {name:?} must be {wanted}."));
        read(&text).map(Some).ok_or_else(wrong)
    }

    fn limit(&mut self) -> Result<usize, Misunderstood> {
        let read = |text: &str| number(text).filter(|limit| (1..=MOST).contains(limit));
        Ok(self.read("limit", &format!("a number from 1 to {MOST}"), read)?.unwrap_or(USUAL))
    }

    fn cursor<R: FromStr>(&mut self) -> Result<Option<R>, Misunderstood> {
        self.read("cursor", CURSOR, |text| text.parse().ok())
    }

    /// The order by a list that is maintained. No such list is longer than an answer may be, so a larger cursor was in no answer.
    fn top(&mut self, top: Top) -> Result<Order, Misunderstood> {
        let windows = |text: &str| match text {
            "minute" => Some(Window::Minute),
            "hour" => Some(Window::Hour),
            _ => None,
        };
        let window = self.read("window", "minute or hour", windows)?.unwrap_or(Window::Minute);
        let skip = self.read("cursor", CURSOR, |text| number(text).filter(|skip| *skip <= MOST))?;
        Ok(Order::Top(top, window, skip.unwrap_or_default()))
    }

    fn list<R: FromStr>(&mut self) -> Result<List<R>, Misunderstood> {
        Ok(List { limit: self.limit()?, after: self.cursor()? })
    }

    fn group(&mut self) -> Result<Option<String>, Misunderstood> {
        self.read("group", "the name of a group", |text| is_group(text).then(|| text.to_owned()))
    }

    fn tape(&mut self) -> Result<Tape, Misunderstood> {
        let names = |text: &str| {
            let names: Vec<String> = text.split(',').map(str::to_owned).collect();
            (names.len() <= MOST_GROUPS && names.iter().all(|name| is_group(name))).then_some(names)
        };
        let groups = self.read("groups", "names of groups with commas between them, 64 at most", names)?;
        Ok(Tape { groups, anonymous: self.anonymous()?, time: self.seconds("seconds")? })
    }

    fn anonymous(&mut self) -> Result<bool, Misunderstood> {
        let flag = |text: &str| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        Ok(self.read("anonymous", "0 or 1", flag)?.unwrap_or(false))
    }

    /// How far back the latest calls go. The buffer has those of all groups, and they end now.
    fn last(&mut self) -> Result<Option<Duration>, Misunderstood> {
        let last = self.seconds("last")?;
        match ["seconds", "groups"].iter().find(|name| self.0.iter().any(|(other, _)| other == *name)) {
            Some(name) if last.is_some() => {
                Err(Misunderstood::Parameter(format!("The parameter {name:?} cannot be there together with \"last\".")))
            }
            _ => Ok(last),
        }
    }

    fn seconds(&mut self, name: &str) -> Result<Option<Duration>, Misunderstood> {
        let seconds = |text: &str| number(text).filter(|seconds| (1..=LONGEST_WAIT).contains(seconds));
        let time = self.read(name, &format!("a number from 1 to {LONGEST_WAIT}"), seconds)?;
        Ok(time.map(Duration::from_secs))
    }

    fn wait(&mut self) -> Result<Option<Duration>, Misunderstood> {
        let read = |text: &str| text.parse().ok().filter(|seconds| *seconds <= LONGEST_WAIT);
        let wait = self.read("wait", &format!("a number of seconds, at most {LONGEST_WAIT}"), read)?;
        Ok(wait.map(Duration::from_secs))
    }

    fn client(&mut self) -> Result<u64, Misunderstood> {
        let client = self.read("client", "the number of a client", number)?;
        client.ok_or_else(|| Misunderstood::Parameter("The parameter \"client\" is missing.".to_owned()))
    }

    fn keys(&mut self) -> Result<Keys, Misunderstood> {
        let orders = ["waiting", "held", "acquires", "refused", "waited"];
        let read = |text: &str| orders.iter().find(|order| **order == text).copied();
        let order = self.read("sort", "waiting, held, acquires, refused or waited", read)?;
        let order = match order {
            Some("held") => Order::Held(self.cursor()?),
            Some("acquires") => self.top(Top::Acquires)?,
            Some("refused") => self.top(Top::Refused)?,
            Some("waited") => self.top(Top::Waited)?,
            _ => Order::Waiting(self.cursor()?),
        };
        Ok(Keys { order, group: self.group()?, limit: self.limit()? })
    }

    fn end(self) -> Result<(), Misunderstood> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Misunderstood::Parameter(format!("There is no parameter {name:?} here."))),
        }
    }
}

impl fmt::Display for KeyRank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.waiters.0, self.since, KeyText(&self.key))
    }
}

impl FromStr for KeyRank {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let read = || {
            let (waiters, rest) = text.split_once('.')?;
            let (since, key) = rest.split_once('.')?;
            let waiters = Reverse(waiters.parse().ok()?);
            Some(Self { waiters, since: since.parse().ok()?, key: KeyText::parse(key).ok()? })
        };
        read().ok_or(())
    }
}

impl fmt::Display for ClaimRank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", u8::from(self.waits), self.since, self.client)
    }
}

impl FromStr for ClaimRank {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let read = || {
            let (waits, rest) = text.split_once('.')?;
            let (since, client) = rest.split_once('.')?;
            let waits = waits.parse::<u8>().ok().filter(|waits| *waits <= 1)? == 1;
            Some(Self { waits, since: since.parse().ok()?, client: client.parse().ok()? })
        };
        read().ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(target: &str) -> Result<Route, Misunderstood> {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        Route::parse(path, query)
    }

    #[test]
    fn every_path_has_its_meaning() {
        let usual = |after| List { limit: 100, after };
        let keys = |order| Route::Keys(Keys { order, group: None, limit: 100 });
        let rank = KeyRank { waiters: Reverse(29), since: 7, key: b"a b.c".to_vec() };
        let claim = ClaimRank { waits: true, since: 7, client: 8 };
        let cases = [
            ("/", Route::Page("/".to_owned())),
            ("/page/x.js?v=1", Route::Page("/page/x.js".to_owned())),
            ("/metrics", Route::Metrics),
            ("/prometheus", Route::Metrics),
            ("/v1/clients", Route::Clients(List { limit: 100, after: None })),
            ("/v1/clients?cursor=7&limit=1", Route::Clients(List { limit: 1, after: Some(7) })),
            ("/v1/keys", keys(Order::Waiting(None))),
            ("/v1/keys?sort=acquires&cursor=1000", keys(Order::Top(Top::Acquires, Window::Minute, 1000))),
            ("/v1/keys?sort=held&cursor=29.7.a%2520b.c", keys(Order::Held(Some(rank)))),
            ("/v1/keys?sort=waited&window=hour&cursor=7", keys(Order::Top(Top::Waited, Window::Hour, 7))),
            ("/v1/keys/a%2520b", Route::Key { key: b"a b".to_vec(), list: usual(None) }),
            ("/v1/keys/a/b%3F?cursor=1.7.8", Route::Key { key: b"a/b?".to_vec(), list: usual(Some(claim)) }),
            ("/v1/events?group=pcache", Route::Events { group: Some("pcache".to_owned()) }),
            ("/v1/recording", Route::Recording(Tape { groups: None, anonymous: false, time: None })),
            (
                "/v1/recording?last=600&anonymous=1",
                Route::Recorded(Last { time: Duration::from_mins(10), anonymous: true }),
            ),
        ];
        for (target, route) in cases {
            assert_eq!(parse(target), Ok(route), "{target}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let cases = [
            ("/v1/status?x=1", "There is no parameter \"x\" here."),
            ("/v1/keys?limit=0", "The parameter \"limit\" must be a number from 1 to 1000."),
            ("/v1/keys?limit=1001", "The parameter \"limit\" must be a number from 1 to 1000."),
            ("/v1/keys?limit=1&limit=1", "The parameter \"limit\" is there twice."),
            ("/v1/keys?sort=x", "The parameter \"sort\" must be waiting, held, acquires, refused or waited."),
            ("/v1/keys?limit=+5", "The parameter \"limit\" must be a number from 1 to 1000."),
            ("/v1/keys?limit=05", "The parameter \"limit\" must be a number from 1 to 1000."),
            ("/v1/kick?client=+5", "The parameter \"client\" must be the number of a client."),
            ("/v1/keys?window=hour", "There is no parameter \"window\" here."),
            ("/v1/keys?sort=held&window=hour", "There is no parameter \"window\" here."),
            ("/v1/keys?sort=waited&window=day", "The parameter \"window\" must be minute or hour."),
            ("/v1/recording?last=0", "The parameter \"last\" must be a number from 1 to 86400."),
            ("/v1/recording?last=5&seconds=5", "The parameter \"seconds\" cannot be there together with \"last\"."),
            ("/v1/recording?groups=a&last=5", "The parameter \"groups\" cannot be there together with \"last\"."),
            ("/v1/keys?group=9", "The parameter \"group\" must be the name of a group."),
            (
                "/v1/keys?sort=acquires&cursor=18446744073709551615",
                "The parameter \"cursor\" must be what \"next\" was in an answer to the same request.",
            ),
            (
                "/v1/keys?cursor=x",
                "The parameter \"cursor\" must be what \"next\" was in an answer to the same request.",
            ),
        ];
        for (target, words) in cases {
            assert_eq!(parse(target), Err(Misunderstood::Parameter(words.to_owned())), "{target}");
        }
        let words = "The path does not end with a key's text form: at byte 1: the byte must be written as %20.";
        assert_eq!(parse("/v1/keys/a%20b"), Err(Misunderstood::Key(words.to_owned())));
    }

    #[test]
    fn ranks_survive_as_text() {
        for (waiters, since, key) in [(0, 0, &b""[..]), (u32::MAX, u64::MAX, b"\xff.%")] {
            let rank = KeyRank { waiters: Reverse(waiters), since, key: key.to_vec() };
            assert_eq!(rank.to_string().parse(), Ok(rank));
        }
        let rank = ClaimRank { waits: false, since: 1, client: u64::MAX };
        assert_eq!(rank.to_string().parse(), Ok(rank));
    }
}
