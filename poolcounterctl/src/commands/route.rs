use crate::failure::{Exit, Failure};
use crate::output::{Column, Table, print, print_json};
use crate::pool::server;
use poolcounter::client::{BadKey, Server};
use poolcounter::key::KeyText;
use poolcounter::route::{MAX_WEIGHT, Ring, mediawiki_order, slot_key};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;
use std::str::FromStr;

/// Show which server a key belongs to, and which come next
///
/// No server is asked. The names of the servers decide, so write them exactly as in the clients' configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The key, as the client's program has it: a space is a space, not %20
    key: OsString,
    /// A server of MediaWiki's configuration; repeat it for each server
    #[arg(short, long = "server", value_name = "SERVER", value_parser = server, required_unless_present = "ring")]
    servers: Vec<Server>,
    /// A node of python-poolcounter's ring; repeat it for each node
    #[arg(long, value_name = "LABEL:SERVER:WEIGHT")]
    ring: Vec<Node>,
    /// The MediaWiki pool of the key and its `slots`, such as ArticleView:50
    #[arg(long, value_name = "POOL:N")]
    slots: Option<Slots>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A node of the ring.
#[derive(Clone, Debug)]
struct Node {
    label: String,
    server: Server,
    weight: u32,
}

impl FromStr for Node {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(label, rest)| Some((label, rest.rsplit_once(':')?)));
        let (label, (name, weight)) = parts.ok_or("expected LABEL:SERVER:WEIGHT")?;
        let weight = weight.parse().ok().filter(|weight| (1..=MAX_WEIGHT).contains(weight));
        let weight = weight.ok_or(format!("expected a weight from 1 to {MAX_WEIGHT}"))?;
        if label.is_empty() {
            return Err("expected a label".to_owned());
        }
        Ok(Self { label: label.to_owned(), server: server(name)?, weight })
    }
}

#[derive(Clone, Debug)]
struct Slots {
    pool: String,
    slots: NonZeroU32,
}

impl FromStr for Slots {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pool, slots) = text.rsplit_once(':').filter(|(pool, _)| !pool.is_empty()).ok_or("expected POOL:N")?;
        Ok(Self { pool: pool.to_owned(), slots: slots.parse().map_err(|_| "expected a number of slots from 1 on")? })
    }
}

/// Where a key goes by a rule.
struct Route {
    rule: &'static str,
    /// What is sent.
    key: Vec<u8>,
    /// First the server that the key belongs to, then those that come next.
    servers: Vec<String>,
    /// Whether clients by this rule ask the next one if the first is away.
    fails_over: bool,
}

pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { key, slots, ring, servers, .. } = options;
    BadKey::check(key.as_bytes()).map_err(|fault| Failure::usage(format!("the key {fault}")))?;
    if let Some(server) = twice(servers, Server::name) {
        return Err(Failure::usage(format!("the server `{server}` is there twice")));
    }
    if let Some(node) = twice(ring, |node| &node.label) {
        return Err(Failure::usage(format!("the label `{}` is there twice", node.label)));
    }
    let raw = key.as_bytes().to_vec();
    let slot = slots.as_ref().map(|Slots { pool, slots }| slot_key(pool, &raw, *slots).into_bytes());
    let keys: Vec<Vec<u8>> = std::iter::once(raw).chain(slot).collect();
    let routes: Vec<Route> =
        keys.iter().flat_map(|key| [by_mediawiki(&options.servers, key), by_ring(ring, key)]).flatten().collect();
    if options.json {
        print_json(&json!({ "routes": routes.iter().map(object).collect::<Vec<Value>>() }))?;
    } else {
        print(&table(&routes))?;
    }
    Ok(Exit::Done)
}

/// The first one whose name another one before it has.
fn twice<T>(all: &[T], name: impl Fn(&T) -> &str) -> Option<&T> {
    all.iter()
        .enumerate()
        .find(|(at, one)| all[..*at].iter().any(|before| name(before) == name(one)))
        .map(|(_, one)| one)
}

fn by_mediawiki(servers: &[Server], key: &[u8]) -> Option<Route> {
    let names: Vec<&str> = servers.iter().map(Server::name).collect();
    let servers = mediawiki_order(&names, key).map(|index| names[index].to_owned()).collect();
    (!names.is_empty()).then(|| Route { rule: "mediawiki", key: key.to_vec(), servers, fails_over: true })
}

fn by_ring(nodes: &[Node], key: &[u8]) -> Option<Route> {
    let mut weights: Vec<u32> = nodes.iter().map(|node| node.weight).collect();
    let mut servers = Vec::new();
    // A node of weight 0 is taken out: who has the key then?
    while let Some(index) = Ring::new(nodes.iter().map(|node| &node.label).zip(weights.iter().copied())).node(key) {
        servers.push(format!("{} ({})", nodes[index].label, nodes[index].server));
        weights[index] = 0;
    }
    (!servers.is_empty()).then(|| Route { rule: "ring", key: key.to_vec(), servers, fails_over: false })
}

fn table(routes: &[Route]) -> String {
    let columns = [Column::Left("RULE"), Column::Left("KEY"), Column::Left("FIRST"), Column::Left("NEXT")];
    let mut table = Table::new(columns);
    for Route { rule, key, servers, fails_over } in routes {
        let (first, next) = servers.split_at(1);
        let next = match (next, fails_over) {
            ([], _) => "-".to_owned(),
            (next, true) => next.join(", "),
            (next, false) => format!("none; if taken out of the ring: {}", next.join(", ")),
        };
        let key = KeyText(key).to_string();
        table.row(None, [(*rule).to_owned(), key, first.concat(), next]);
    }
    table.to_string()
}

fn object(route: &Route) -> Value {
    let Route { rule, key, servers, fails_over } = route;
    json!({ "rule": rule, "key": KeyText(key).to_string(), "servers": servers, "fails_over": fails_over })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_a_label_a_server_and_a_weight() {
        let node: Node = "pc1:[::1]:7531:10".parse().unwrap();
        assert_eq!((&*node.label, node.server.name(), node.weight), ("pc1", "[::1]:7531", 10));
        for text in
            ["", "pc1", "pc1:10.0.0.1", ":10.0.0.1:1", "pc1:10.0.0.1:0", "pc1:10.0.0.1:1001", "pc1::1", "pc1:a b:1"]
        {
            assert!(text.parse::<Node>().is_err(), "{text}");
        }
    }

    #[test]
    fn slots_have_a_pool_and_a_number() {
        let slots: Slots = "a:b:7".parse().unwrap();
        assert_eq!((&*slots.pool, slots.slots.get()), ("a:b", 7));
        for text in ["", "a", "a:", "a:0", "a:-1", ":7"] {
            assert!(text.parse::<Slots>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_node_of_the_ring_comes_once() {
        let nodes: Vec<Node> = ["a:h1:1", "b:h2:2", "c:h3:1"].map(|text| text.parse().unwrap()).into();
        let route = by_ring(&nodes, b"page:1").unwrap();
        let first = Ring::new([("a", 1), ("b", 2), ("c", 1)]).node(b"page:1").unwrap();
        assert!(route.servers[0].starts_with(&nodes[first].label));
        let mut servers = route.servers.clone();
        servers.sort();
        assert_eq!(servers, ["a (h1)", "b (h2)", "c (h3)"]);
    }
}
