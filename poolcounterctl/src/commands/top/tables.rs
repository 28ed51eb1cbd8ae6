//! The three tables of `top`: servers, groups, keys.

use super::grid::{Emphasis, Grid};
use super::rates::Rates;
use super::servers::{Servers, Standing};
use super::view::View;
use crate::admin::{AskError, HotKey, Status};
use crate::commands::keys::Sort;
use crate::commands::status::readiness;
use crate::output::{Column, Table, age, age_or_dash, or_dash};
use Column::{Left, Right};

const GRANTED: [&str; 2] = ["granted", "granted_after_wait"];
const REFUSED: [&str; 2] = ["queue_full", "not_free"];

/// A line for each server, which has a number in the other tables.
pub(super) fn servers(servers: &Servers) -> Grid {
    let columns = [
        Right("#"),
        Left("SERVER"),
        Left("STATE"),
        Right("UP"),
        Right("CLIENTS"),
        Right("KEYS"),
        Right("HELD"),
        Right("WAIT"),
        Right("GRANT/s"),
        Right("REFUSE/s"),
    ];
    let count = columns.len();
    let mut grid = Grid::new(Table { keys: Some(1), ..Table::new(columns) });
    for (index, server) in servers.all().iter().enumerate() {
        let mut cells = vec![(index + 1).to_string(), server.address.to_string()];
        let emphasis = match &server.standing {
            Standing::Unasked => {
                cells.push("asking".to_owned());
                Emphasis::Plain
            }
            Standing::Answers { sample, rates } => {
                let status = &sample.status;
                cells.extend([readiness(status), age(status.uptime_seconds), clients(status)]);
                cells.extend([status.keys, status.holders, status.waiters].map(|count| count.to_string()));
                cells.extend([rates.of_all(&GRANTED), rates.of_all(&REFUSED)].map(rate));
                if status.ready { Emphasis::Plain } else { Emphasis::Bad }
            }
            Standing::Silent { since, error } => {
                let state = if matches!(error, AskError::NoAnswer { .. }) { "DOWN" } else { "REFUSES" };
                cells.extend([state.to_owned(), age(since.elapsed().as_secs_f64())]);
                grid.notes.push(format!("{}: {}", index + 1, error.cause()));
                Emphasis::Bad
            }
        };
        cells.resize(count, String::new());
        grid.row(emphasis, cells);
    }
    grid
}

fn clients(status: &Status) -> String {
    status.max_clients.map_or_else(|| status.clients.to_string(), |most| format!("{}/{most}", status.clients))
}

fn rate(rate: Option<f64>) -> String {
    match rate {
        Some(rate) if rate >= 99.95 => format!("{rate:.0}"),
        Some(rate) => format!("{rate:.1}"),
        None => "-".to_owned(),
    }
}

/// The groups of all servers together: those that anybody has asked for, the most waited for first.
pub(super) fn groups(servers: &Servers, view: &View) -> Grid {
    let columns = [
        Left("GROUP"),
        Right("KEYS"),
        Right("HELD"),
        Right("WAIT"),
        Right("OLDEST"),
        Right("GRANT/s"),
        Right("DONE/s"),
        Right("REFUSE/s"),
        Right("TIMEOUT/s"),
    ];
    let mut groups: Vec<Sums> = servers.group_names().into_iter().map(|name| sums(servers, name)).collect();
    groups.retain(|group| group.asked_for || view.question.group.as_deref() == Some(group.name));
    groups.sort_by_key(|group| std::cmp::Reverse((group.waiters, group.holders)));
    let mut grid = Grid::new(Table::new(columns));
    for group in groups {
        let is_chosen = view.question.group.as_deref() == Some(group.name);
        let mut cells = vec![format!("{}{}", if is_chosen { "> " } else { "" }, group.name)];
        cells.extend([group.keys, group.holders, group.waiters].map(|count| count.to_string()));
        cells.push(age_or_dash(group.oldest));
        cells.extend(group.rates.map(rate));
        grid.row(if group.waiters > 0 { Emphasis::Contended } else { Emphasis::Plain }, cells);
    }
    grid
}

/// A group on all servers.
struct Sums<'a> {
    name: &'a str,
    keys: u64,
    holders: u64,
    waiters: u64,
    oldest: Option<f64>,
    asked_for: bool,
    rates: [Option<f64>; 4],
}

fn sums<'a>(servers: &Servers, name: &'a str) -> Sums<'a> {
    let mut sums = Sums { name, keys: 0, holders: 0, waiters: 0, oldest: None, asked_for: false, rates: [None; 4] };
    for (_, sample, rates) in servers.answering() {
        let Some(group) = sample.groups.groups.iter().find(|group| group.name == name) else { continue };
        sums.keys += group.keys;
        sums.holders += group.holders;
        sums.waiters += group.waiters;
        sums.oldest = larger(sums.oldest, group.oldest_contended_hold_seconds);
        sums.asked_for |= group.keys > 0 || group.outcomes.values().any(|count| *count > 0);
        for (sum, rate) in sums.rates.iter_mut().zip(rates_of(rates, name)) {
            *sum = added(*sum, rate);
        }
    }
    sums
}

fn rates_of(rates: &Rates, name: &str) -> [Option<f64>; 4] {
    [&GRANTED[..], &["done"], &REFUSED, &["timed_out"]].map(|outcomes| rates.of(name, outcomes))
}

fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}

fn added(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(|one, other| one + other)
}

/// The keys of all servers, in the order that is asked for. A wide table has the group too.
pub(super) fn keys(servers: &Servers, view: &View, wide: bool) -> Grid {
    let sort = view.question.sort;
    let several = servers.all().len() > 1;
    let mut keys: Vec<(usize, &HotKey)> = servers
        .answering()
        // What was asked before another order was chosen is out of date.
        .filter(|(_, sample, _)| sample.question == view.question)
        .flat_map(|(index, sample, _)| sample.keys.keys.iter().map(move |key| (index, key)))
        .collect();
    if several {
        keys.sort_by(|(_, one), (_, other)| {
            let [one, other] = [rank(one, sort), rank(other, sort)];
            other[0].total_cmp(&one[0]).then(other[1].total_cmp(&one[1]))
        });
    }
    let mut columns = Vec::new();
    columns.extend(several.then_some(Right("#")));
    columns.push(Left("KEY"));
    columns.extend(wide.then_some(Left("GROUP")));
    columns.extend(match sort {
        Sort::Waiting | Sort::Held => None,
        Sort::Acquires => Some(Right("ACQUIRES")),
        Sort::Refused => Some(Right("REFUSED")),
        Sort::Waited => Some(Right("WAITED")),
    });
    columns.extend([Right("HELD"), Right("WAIT"), Right("HELD FOR"), Right("WAITING"), Left("HOLDER")]);
    let mut grid = Grid::new(Table { keys: Some(usize::from(several)), ..Table::new(columns) });
    for (index, key) in keys {
        let mut cells = Vec::new();
        cells.extend(several.then(|| (index + 1).to_string()));
        cells.push(key.key.clone());
        cells.extend(wide.then(|| key.group.clone()));
        cells.extend(sort.is_counted().then(|| match sort {
            Sort::Waited => age_or_dash(key.count),
            _ => or_dash(key.count),
        }));
        cells.extend([key.holders, key.waiters].map(|count| count.to_string()));
        cells.extend([key.held_seconds, key.waiting_seconds].map(age_or_dash));
        cells.push(or_dash(key.holder.as_ref()));
        grid.row(if key.waiters > 0 { Emphasis::Contended } else { Emphasis::Plain }, cells);
    }
    grid
}

/// By what keys of several servers are put in order, the largest first. Each server has put its own in order, which stays where ages are nearly the same.
// Counts are far below the 2^52 that a double knows exactly.
#[expect(clippy::cast_precision_loss)]
fn rank(key: &HotKey, sort: Sort) -> [f64; 2] {
    let tenths = |age: Option<f64>| (age.unwrap_or_default() * 10.0).floor();
    match sort {
        Sort::Waiting => [key.waiters as f64, tenths(key.waiting_seconds)],
        Sort::Held => [tenths(key.held_seconds), key.waiters as f64],
        Sort::Acquires | Sort::Refused | Sort::Waited => [key.count.unwrap_or_default(), 0.0],
    }
}
