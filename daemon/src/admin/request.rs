//! What a request asks for: its path and its parameters. This file knows nothing else of the daemon, so that the fuzzer can include it.

use std::borrow::Cow;
use std::str::FromStr;

/// The longest list in one answer, and the usual one.
const MOST: usize = 1_000;
const USUAL: usize = 100;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Page(String),
    Health,
    Ready,
    Status,
    Clients(List<u64>),
}

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List<C> {
    /// How many entries there may be.
    pub(super) limit: usize,
    /// Where the part before ended.
    pub(super) after: Option<C>,
}

/// Why a request cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misunderstood {
    /// Nothing has this path.
    Path,
    /// A parameter that the path does not have, or has twice, or with another kind of value: one plain sentence.
    Parameter(String),
}

impl Route {
    /// Reads a path and the parameters after it.
    pub(super) fn parse(path: &str, query: Option<&str>) -> Result<Self, Misunderstood> {
        let mut parameters = Parameters::parse(query.unwrap_or_default())?;
        let route = match path {
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/v1/status" => Self::Status,
            "/v1/clients" => Self::Clients(parameters.list()?),
            page => Self::Page(page.to_owned()),
        };
        parameters.end()?;
        Ok(route)
    }

    /// Whether any name of this host may be used: programs ask for these, by whatever name they have, and they contain no keys of users.
    pub(super) fn is_for_any_host(&self) -> bool {
        matches!(self, Self::Health | Self::Ready)
    }
}

/// The parameters of a request that nobody has asked for yet.
struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    fn parse(query: &'a str) -> Result<Self, Misunderstood> {
        let mut parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let decoded = |text: &'a str| {
                decode(text).ok_or_else(|| {
                    Misunderstood::Parameter(format!("The parameter {name:?} is not percent-encoded text."))
                })
            };
            let (name, value) = (decoded(name)?, decoded(value)?);
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(Misunderstood::Parameter(format!("The parameter {name:?} is there twice.")));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The parameters of a list.
    fn list<C: FromStr>(&mut self) -> Result<List<C>, Misunderstood> {
        let limit = match self.take("limit") {
            None => USUAL,
            Some(text) => text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
                Misunderstood::Parameter(format!("The parameter \"limit\" is a number from 1 to {MOST}, not {text:?}."))
            })?,
        };
        let cursor = |text: Cow<'_, str>| {
            let foreign =
                || Misunderstood::Parameter("The parameter \"cursor\" is not one that an answer gave.".to_owned());
            text.parse().map_err(|_| foreign())
        };
        Ok(List { limit, after: self.take("cursor").map(cursor).transpose()? })
    }

    fn end(self) -> Result<(), Misunderstood> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Misunderstood::Parameter(format!("There is no parameter {name:?} here."))),
        }
    }
}

/// Percent-encoded UTF-8; `None` if it is not.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}
