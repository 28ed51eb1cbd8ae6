//! How keys and connections are spread over several servers: the tables of `docs/farm.md`. Nothing is timed, so every run prints the same.

use std::fmt::{self, Write as _};
use std::io::{Write as _, stdout};

use anyhow::Result;
use poolcounter::route::{Ring, mediawiki_order};

/// Keys of pages, as MediaWiki sends them.
const KEYS: usize = 10_000;

/// A ring depends on its labels, so several farms with different labels are compared.
const FARMS: usize = 20;

/// The memory of an idle connection in bytes: the daemon's, and approximately that of its kernel. `poolcounter-bench` without a command measures the first.
const CONNECTION: (usize, usize) = (800, 4_096);

/// Prints the tables.
pub(crate) fn run() -> Result<()> {
    let keys: Vec<String> = (0..KEYS).map(|page| format!("enwiki:pcache:idhash:{page}-0!canonical")).collect();
    Ok(stdout().write_all(tables(&keys)?.as_bytes())?)
}

fn tables(keys: &[String]) -> Result<String, fmt::Error> {
    let mut text = String::new();
    shares(&mut text, keys)?;
    text.push('\n');
    moves(&mut text, keys)?;
    text.push('\n');
    losses(&mut text, keys)?;
    text.push('\n');
    connections(&mut text)?;
    Ok(text)
}

/// How many keys the servers get.
fn shares(text: &mut String, keys: &[String]) -> fmt::Result {
    writeln!(
        text,
        "| servers | equal share | MediaWiki's order: least, most | ring: least, most | the most of 20 rings |"
    )?;
    writeln!(text, "| ---: | ---: | ---: | ---: | ---: |")?;
    for count in [2, 3, 4, 6, 8] {
        let order = counted(&by_order(&addresses(count), keys), count);
        let mut rings: Vec<_> = (0..FARMS).map(|farm| counted(&by_ring(&labels(farm, count), keys), count)).collect();
        rings.sort_unstable_by_key(|counts| most(counts));
        let (middle, worst) = (&rings[FARMS / 2], &rings[FARMS - 1]);
        let equal = percent(KEYS / count);
        let of = |counts: &[usize]| format!("{}, {}", percent(least(counts)), percent(most(counts)));
        writeln!(text, "| {count} | {equal} | {} | {} | {} |", of(&order), of(middle), percent(most(worst)))?;
    }
    Ok(())
}

/// How many keys belong to another server after a change of the list.
fn moves(text: &mut String, keys: &[String]) -> fmt::Result {
    writeln!(text, "| change of the list | MediaWiki's order | ring |")?;
    writeln!(text, "| --- | ---: | ---: |")?;
    for (before, after) in [(2, 3), (3, 4), (4, 8), (4, 3), (3, 2)] {
        let order = moved(&named(&addresses(before), keys, by_order), &named(&addresses(after), keys, by_order));
        let mut rings: Vec<_> = (0..FARMS)
            .map(|farm| {
                moved(&named(&labels(farm, before), keys, by_ring), &named(&labels(farm, after), keys, by_ring))
            })
            .collect();
        rings.sort_unstable();
        writeln!(text, "| {before} servers, then {after} | {} | {} |", percent(order), percent(rings[FARMS / 2]))?;
    }
    let (before, mut after) = (addresses(3), addresses(3));
    after[0].push_str(":7531");
    let order = |list: &[String]| by_order(list, keys);
    writeln!(
        text,
        "| the text of one of 3 entries, `10.0.0.1` to `10.0.0.1:7531` | {} | 0 % |",
        percent(moved(&order(&before), &order(&after)))
    )?;
    let turned: Vec<String> = before.iter().rev().cloned().collect();
    let turned = moved(&named(&before, keys, by_order), &named(&turned, keys, by_order));
    writeln!(text, "| the order of the entries | {} | 0 % |", percent(turned))
}

/// Where the keys of a lost server go, by MediaWiki's order. In a ring no other server gets them.
fn losses(text: &mut String, keys: &[String]) -> fmt::Result {
    writeln!(text, "| servers | keys that go to their next server | keys of each other server: before | after |")?;
    writeln!(text, "| ---: | ---: | ---: | ---: |")?;
    for count in [2, 3, 4, 8] {
        let list = addresses(count);
        let (mut before, mut after) = (vec![0; count], vec![0; count]);
        for key in keys {
            let order: Vec<usize> = mediawiki_order(&list, key.as_bytes()).collect();
            before[order[0]] += 1;
            after[order[usize::from(order[0] == 0)]] += 1;
        }
        let of = |counts: &[usize]| match (least(&counts[1..]), most(&counts[1..])) {
            (least, most) if least == most => percent(least),
            (least, most) => format!("{} to {}", percent(least), percent(most)),
        };
        writeln!(text, "| {count} | {} | {} | {} |", percent(before[0]), of(&before), of(&after))?;
    }
    Ok(())
}

/// Connections and memory of each server if every worker keeps a connection to it.
fn connections(text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "| hosts | workers of each | connections and descriptors of each server | memory of the daemon | of its kernel |"
    )?;
    writeln!(text, "| ---: | ---: | ---: | ---: | ---: |")?;
    for (hosts, workers) in [(10, 50), (50, 100), (100, 200), (300, 100), (600, 100)] {
        let all: usize = hosts * workers;
        let megabytes = |bytes: usize| (all * bytes).div_ceil(1_000_000);
        writeln!(
            text,
            "| {hosts} | {workers} | {all} | {} MB | {} MB |",
            megabytes(CONNECTION.0),
            megabytes(CONNECTION.1)
        )?;
    }
    Ok(())
}

fn addresses(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("10.0.0.{number}")).collect()
}

fn labels(farm: usize, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("poolcounter{}", farm * 10 + number)).collect()
}

/// The server of each key.
fn by_order(list: &[String], keys: &[String]) -> Vec<usize> {
    keys.iter().filter_map(|key| mediawiki_order(list, key.as_bytes()).next()).collect()
}

fn by_ring(list: &[String], keys: &[String]) -> Vec<usize> {
    let ring = Ring::new(list.iter().map(|label| (label, 1)));
    keys.iter().filter_map(|key| ring.node(key.as_bytes())).collect()
}

/// The name of each key's server.
fn named(list: &[String], keys: &[String], rule: fn(&[String], &[String]) -> Vec<usize>) -> Vec<String> {
    rule(list, keys).into_iter().map(|server| list[server].clone()).collect()
}

fn moved<T: PartialEq>(before: &[T], after: &[T]) -> usize {
    before.iter().zip(after).filter(|(before, after)| before != after).count()
}

fn counted(servers: &[usize], count: usize) -> Vec<usize> {
    (0..count).map(|server| servers.iter().filter(|&&other| other == server).count()).collect()
}

fn least(counts: &[usize]) -> usize {
    counts.iter().copied().min().unwrap_or(0)
}

fn most(counts: &[usize]) -> usize {
    counts.iter().copied().max().unwrap_or(0)
}

/// A share of the keys, rounded.
fn percent(keys: usize) -> String {
    format!("{} %", (200 * keys + KEYS) / (2 * KEYS))
}
