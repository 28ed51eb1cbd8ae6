//! Walks over many keys and clients: in slices, and complete although the table changes.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, ReservedDescriptors};

use crate::scene::{Scene, all};

const CLIENTS: usize = 600;

/// What the log says of the slices of walks: how many, and the most keys and bytes in one.
fn slices(log: &str, what: &str) -> Result<Vec<[usize; 3]>> {
    let lines = log.lines().filter_map(|line| line.split_once(&format!("DEBUG {what}: ")));
    let numbers = |(_, words): (&str, &str)| {
        let mut numbers = words.split(' ').filter_map(|word| word.parse().ok());
        Some([numbers.next()?, numbers.next()?, numbers.next()?])
    };
    lines.map(|line| numbers(line).with_context(|| format!("{line:?}"))).collect()
}

/// Scrapes and questions in the middle of a stampede. A slice looks at few keys and writes few bytes, however many there are: so no client waits for longer than
/// one slice takes.
#[test]
fn no_slice_is_long() -> Result<()> {
    let _reserved = ReservedDescriptors::new(CLIENTS as u64 + 500)?;
    let scene = Scene::new(&[])?;
    let address = scene.daemon.address();
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::connect(address)).collect::<Result<_>>()?;
    for (number, client) in clients.iter_mut().enumerate() {
        let key = if number % 2 == 0 { "page".to_owned() } else { format!("key-{number}-{}", "x".repeat(800)) };
        client.send(format!("ACQ4ANY {key} 1 10000 600\n").as_bytes())?;
    }
    let mut bystander = Client::connect(address)?;
    bystander.settle()?;
    for path in ["/v1/keys?limit=1000", "/v1/keys?sort=held&limit=1000", "/v1/keys/page?limit=1000", "/v1/groups"] {
        scene.unix.get(path)?;
        assert_eq!(bystander.ask("RELEASE\n")?, "NOT_LOCKED\n");
    }
    scene.unix.get("/v1/clients?limit=1000")?;
    clients[0].send(b"RELEASE\n")?;
    scene.unix.get("/metrics")?;
    let log = scene.daemon.expect_said("DEBUG /metrics: ")?;
    for what in ["/v1/keys", "/v1/keys/KEY", "/v1/clients", "/v1/groups", "/metrics"] {
        let walks = slices(&log, what)?;
        ensure!(!walks.is_empty(), "{what} is not in the log: {log}");
        for [count, keys, bytes] in walks {
            // A build for tests has slices of 16 keys.
            ensure!(keys <= 16 && bytes < 128 * 1024 && count > CLIENTS / 2 / 16, "{what}: {count}, {keys}, {bytes}");
        }
    }
    Ok(())
}

#[test]
fn parts_make_the_whole_list() -> Result<()> {
    let scene = Scene::new(&[])?;
    let holders = scene.clients(10, "ACQ4ANY page 10 100 60\n", "LOCKED\n")?;
    let waiters = scene.clients(30, "ACQ4ME page 10 100 60\n", "")?;
    let mut others = Vec::new();
    for number in 0..50 {
        others.extend(scene.clients(1, &format!("ACQ4ANY other-{number} 1 100 60\n"), "LOCKED\n")?);
    }
    for limit in [1, 7, 50, 1_000] {
        let clients = scene.whole("/v1/clients", "clients", limit)?;
        let numbers: Vec<_> = all(&clients, "client").into_iter().filter_map(serde_json::Value::as_u64).collect();
        ensure!(numbers.is_sorted_by(|one, next| one < next) && numbers.len() == clients.len(), "{numbers:?}");
        for order in ["waiting", "held"] {
            let keys = scene.whole(&format!("/v1/keys?sort={order}"), "keys", limit)?;
            let names: BTreeSet<_> = all(&keys, "key").into_iter().map(ToString::to_string).collect();
            ensure!(keys.len() == 51 && names.len() == 51 && keys[0]["key"] == "page", "{limit}: {keys:?}");
        }
        let mut claims = scene.whole("/v1/keys/page", "holders", limit)?;
        claims.extend(scene.whole("/v1/keys/page", "waiters", limit)?);
        let numbers: Vec<_> = all(&claims, "client").into_iter().filter_map(serde_json::Value::as_u64).collect();
        ensure!(numbers.len() == 40 && numbers.is_sorted(), "{limit}: {numbers:?}");
    }
    let hot = scene.whole("/v1/keys?sort=acquires", "keys", 20)?;
    ensure!(hot.len() == 51 && hot[0]["count"] == 40 && hot[0]["error"] == 0, "{hot:?}");
    drop((holders, waiters, others));
    Ok(())
}

/// Whoever is there during the whole walk is found, and once.
#[test]
fn who_stays_is_found_while_others_come_and_go() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut staying = Vec::new();
    let mut passing: Vec<Vec<Client>> = Vec::new();
    for number in 0..100 {
        staying.extend(scene.clients(1, &format!("ACQ4ME stays-{number} 1 9 9\n"), "LOCKED\n")?);
        passing.push(scene.clients(1, &format!("ACQ4ME passes-{number} 1 9 9\n"), "LOCKED\n")?);
    }
    let (mut clients, mut keys) = (Vec::new(), Vec::new());
    let (mut client_cursor, mut key_cursor) = (String::new(), String::new());
    loop {
        let part = scene.json(&format!("/v1/clients?limit=9{client_cursor}"))?;
        clients.extend(part["clients"].as_array().cloned().unwrap_or_default());
        let more = scene.json(&format!("/v1/keys?sort=held&limit=9{key_cursor}"))?;
        keys.extend(more["keys"].as_array().cloned().unwrap_or_default());
        let next = |part: &serde_json::Value| part["next"].as_str().map(crate::scene::encoded);
        match (next(&part), next(&more)) {
            (None, None) => break,
            (client, key) => {
                client_cursor = format!("&cursor={}", client.unwrap_or_else(|| u64::MAX.to_string()));
                key_cursor = format!("&cursor={}", key.unwrap_or_else(|| format!("0.{}.z", u64::MAX)));
            }
        }
        // Some leave, and others come in their places.
        passing.truncate(passing.len().saturating_sub(5));
        staying.extend(scene.clients(2, "", "")?);
    }
    let names: Vec<_> = keys.iter().filter_map(|key| key["key"].as_str()).collect();
    for number in 0..100 {
        let name = format!("stays-{number}");
        ensure!(names.iter().filter(|other| **other == name).count() == 1, "{name}: {names:?}");
        let found = clients.iter().filter(|client| client["claims"][0]["key"] == name).count();
        ensure!(found == 1, "{name} was found {found} times");
    }
    Ok(())
}
