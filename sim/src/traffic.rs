//! When requests come, and what a parse costs. The setting of the pool does not change either.

use crate::curve::{Curve, Point};
use crate::random::Chance;
use crate::scenario::{Balance, Scenario};
use crate::units::micros;
use alloc::vec::Vec;

/// The purposes of random sequences, far from the numbers of requests.
const HOT_READERS: u32 = u32::MAX;
const READERS: u32 = u32::MAX - 1;
const CRAWLER: u32 = u32::MAX - 2;
const EDITS: u32 = u32::MAX - 3;
const OTHER_EDITS: u32 = u32::MAX - 4;
const PAGES: u32 = u32::MAX - 5;
const EDITED_PAGES: u32 = u32::MAX - 6;
const SERVERS: u32 = u32::MAX - 7;

/// The number of the hot page; the others follow, and then those that only the crawler knows.
pub const HOT: u32 = 0;

/// A request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Microseconds from the beginning.
    pub at: u64,
    /// The number of the request, from 0.
    pub number: u32,
    /// The page that it asks for.
    pub page: u32,
    /// The server that gets it.
    pub server: u32,
}

/// A page gets a new revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Microseconds from the beginning.
    pub at: u64,
    /// The page.
    pub page: u32,
}

/// What a request's parse would be like, should it come to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parse {
    /// CPU time in microseconds.
    pub cpu: f64,
    /// Whether it dies halfway.
    pub crashes: bool,
}

impl Arrival {
    /// Whether it is the crawler that asks.
    #[must_use]
    pub const fn is_crawler(&self, scenario: &Scenario) -> bool {
        self.page > scenario.pages
    }
}

/// All requests of a scenario, in order.
#[derive(Clone, Debug)]
pub struct Arrivals {
    hot: Flow,
    others: Flow,
    crawler: Flow,
    which_page: Chance,
    which_server: Chance,
    balance: Balance,
    pages: u32,
    servers: u32,
    crawled: u32,
    number: u32,
}

impl Arrivals {
    /// From the beginning.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let flow = |curve, purpose| Flow::new(curve, 1.0, scenario, purpose);
        Self {
            hot: flow(&scenario.hot_readers, HOT_READERS),
            others: flow(&scenario.readers, READERS),
            crawler: flow(&scenario.crawler, CRAWLER),
            which_page: Chance::new(scenario.seed, PAGES),
            which_server: Chance::new(scenario.seed, SERVERS),
            balance: scenario.balance,
            pages: scenario.pages,
            servers: scenario.servers,
            crawled: 0,
            number: 0,
        }
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let next = [self.hot.next, self.others.next, self.crawler.next].into_iter().flatten().min()?;
        let page = if self.hot.next == Some(next) {
            self.hot.step();
            HOT
        } else if self.others.next == Some(next) {
            self.others.step();
            1 + self.which_page.below(self.pages)
        } else {
            self.crawler.step();
            self.crawled += 1;
            self.pages + self.crawled
        };
        let number = self.number;
        self.number += 1;
        let server = match self.balance {
            Balance::RoundRobin => number % self.servers,
            Balance::Random => self.which_server.below(self.servers),
        };
        Some(Arrival { at: next, number, page, server })
    }
}

/// All edits of a scenario, in order.
#[derive(Clone, Debug)]
pub struct Edits {
    hot: Flow,
    others: Flow,
    which_page: Chance,
    pages: u32,
}

impl Edits {
    /// From the beginning.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            hot: Flow::new(&scenario.edits, 60.0, scenario, EDITS),
            others: Flow::new(&scenario.other_edits, 60.0, scenario, OTHER_EDITS),
            which_page: Chance::new(scenario.seed, EDITED_PAGES),
            pages: scenario.pages,
        }
    }
}

impl Iterator for Edits {
    type Item = Edit;

    fn next(&mut self) -> Option<Edit> {
        let at = [self.hot.next, self.others.next].into_iter().flatten().min()?;
        if self.hot.next == Some(at) {
            self.hot.step();
            return Some(Edit { at, page: HOT });
        }
        self.others.step();
        Some(Edit { at, page: 1 + self.which_page.below(self.pages) })
    }
}

/// The parse of one request.
#[must_use]
pub fn parse(scenario: &Scenario, number: u32, page: u32) -> Parse {
    let mut chance = Chance::new(scenario.seed, number);
    let mean = if page == HOT { scenario.parse_cpu } else { scenario.other_parse_cpu };
    let cpu = chance.lognormal(mean * 1_000_000.0, scenario.parse_spread);
    // A drawn share is never 0: without a crash share nothing crashes.
    Parse { cpu, crashes: chance.share() <= scenario.crash_share }
}

/// A Poisson process along a curve: the area below the curve from one to the next is a random gap.
#[derive(Clone, Debug)]
struct Flow {
    chance: Chance,
    lines: Vec<(Point, Point)>,
    line: usize,
    /// Seconds since the beginning of the line.
    reached: f64,
    /// Seconds for which the curve's rates are meant: 1, or 60 for rates a minute.
    per: f64,
    /// When the next one comes, in microseconds.
    next: Option<u64>,
}

impl Flow {
    fn new(curve: &Curve, per: f64, scenario: &Scenario, purpose: u32) -> Self {
        let lines = curve.lines(f64::from(scenario.duration)).collect();
        let chance = Chance::new(scenario.seed, purpose);
        let mut flow = Self { chance, lines, line: 0, reached: 0.0, per, next: None };
        flow.step();
        flow
    }

    fn step(&mut self) {
        let mut area = self.chance.gap() * self.per;
        while let Some(&(from, to)) = self.lines.get(self.line) {
            let left = to.at - from.at - self.reached;
            let slope = (to.rate - from.rate) / (to.at - from.at);
            let rate = from.rate + slope * self.reached;
            let rest = f64::midpoint(rate, to.rate) * left;
            if area < rest {
                // Where the area is reached: a quadratic equation, solved so that no digits are lost where the line is flat.
                let root = libm::sqrt((rate * rate + 2.0 * slope * area).max(0.0));
                self.reached += (2.0 * area / (rate + root)).min(left);
                self.next = Some(micros(from.at + self.reached));
                return;
            }
            area -= rest;
            self.line += 1;
            self.reached = 0.0;
        }
        self.next = None;
    }
}
