//! Compares server choice with values that independent programs computed (`server-choice.json`).

#![allow(clippy::expect_used)]

use poolcounter::route::{Ring, mediawiki_order};
use serde_json::Value;

fn vectors(rule: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(include_str!("server-choice.json")).expect("the vectors are JSON");
    let vectors = vectors[rule].as_array().expect("a list for each rule").clone();
    assert!(!vectors.is_empty());
    vectors
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

#[test]
fn mediawiki_tries_servers_in_the_order_of_their_digests() {
    for vector in vectors("mediawiki") {
        let servers: Vec<&str> = vector["servers"].as_array().expect("servers").iter().map(text).collect();
        for (key, expected) in vector["keys"].as_object().expect("keys") {
            let order: Vec<&str> = mediawiki_order(&servers, key.as_bytes()).map(|index| servers[index]).collect();
            let expected: Vec<&str> = expected.as_array().expect("an order").iter().map(text).collect();
            assert_eq!(order, expected, "key {key:?} on {servers:?}");
        }
    }
}

#[test]
fn the_ring_gives_a_key_to_the_next_point() {
    for vector in vectors("ring") {
        let nodes: Vec<(&str, u32)> = vector["nodes"]
            .as_array()
            .expect("nodes")
            .iter()
            .map(|node| {
                (text(&node[0]), node[1].as_u64().and_then(|weight| u32::try_from(weight).ok()).expect("a weight"))
            })
            .collect();
        let ring = Ring::new(nodes.iter().copied());
        for (key, expected) in vector["keys"].as_object().expect("keys") {
            assert_eq!(
                ring.node(key.as_bytes()).map(|node| nodes[node].0),
                Some(text(expected)),
                "key {key:?} on {nodes:?}"
            );
        }
    }
}

#[test]
fn without_servers_there_is_no_choice() {
    assert_eq!(mediawiki_order::<&str>(&[], b"key").next(), None);
    assert_eq!(Ring::new::<&str>([]).node(b"key"), None);
    assert_eq!(Ring::new([("away", 0)]).node(b"key"), None);
}
