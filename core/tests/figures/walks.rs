//! Looking into the table: a key, a client, and all of them in slices while they change.

use crate::SEED;
use poolcounter::event::Event;
use poolcounter::key::GroupId;
use poolcounter::protocol::{Acquire, Command, Line, Mode};
use poolcounter::table::{Cursor, Limits};
use poolcounter::{ClientId, LockTable, Timestamp};
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::from_micros(5);

fn table() -> LockTable {
    LockTable::new(SEED, NOW)
}

fn say(table: &mut LockTable, client: ClientId, line: &str) {
    let _ = table.command(client, Command::parse(Line::of(line.as_bytes())), NOW);
    while table.next_wakeup().is_some() {}
}

#[test]
fn a_claim_tells_how_it_was_asked_for() {
    let mut table = table();
    let [anna, ben] = [table.connect(), table.connect()];
    say(&mut table, anna, "ACQ4ANY page 1 20 300");
    say(&mut table, ben, "ACQ4ME page 2 30 400");
    say(&mut table, ben, "ACQ4ME other 1 9 0");
    let pool = table.pool(b"page").expect("it is held");
    assert_eq!(pool.group(), GroupId::OTHER);
    let holder = pool.holders().next().expect("Anna or both");
    assert_eq!((holder.client, holder.mode), (anna, Some(Mode::ForAnyone)));
    assert_eq!(holder.limits.map(numbers), Some((1, 20, 300)));
    let claims = table.client(ben).expect("he is connected").claims();
    assert_eq!(claims.map(|claim| claim.mode).collect::<Vec<_>>(), [Some(Mode::ForMe); 2]);
    assert!(table.pool(b"nobody's").is_none());
    table.disconnect(ben, NOW);
    assert!(table.client(ben).is_none() && table.pool(b"other").is_none());

    // What a waiter asked with stays with it when it gets the lock.
    let carl = table.connect();
    say(&mut table, carl, "ACQ4ANY page 1 40 500");
    table.disconnect(anna, NOW);
    let holder = table.pool(b"page").and_then(|pool| pool.holders().next()).expect("Carl");
    assert_eq!((holder.client, holder.mode), (carl, Some(Mode::ForAnyone)));
    assert_eq!(holder.limits.map(numbers), Some((1, 40, 500)));
}

fn numbers(limits: Limits) -> (u32, u32, u32) {
    (limits.workers, limits.maxqueue, limits.timeout)
}

fn hold(table: &mut LockTable, key: usize) -> ClientId {
    let client = table.connect();
    let key = key.to_string();
    let acquire = Acquire::new(Mode::ForMe, key.as_bytes(), 1, 1, 0).expect("a key");
    let _ = table.command(client, Command::Acquire(acquire), NOW);
    client
}

/// While a table changes between the slices, what stays is seen once.
#[test]
fn a_walk_in_slices_sees_everything_that_stays() {
    let mut table = table();
    let mut fleeting: Vec<ClientId> = Vec::new();
    for key in 0..1_000 {
        let client = hold(&mut table, key);
        if key % 3 == 0 {
            fleeting.push(client);
        }
    }
    let mut keys = BTreeMap::<Vec<u8>, u32>::new();
    let (mut cursor, mut slices) = (Cursor::START, 0);
    loop {
        let (pools, next) = table.pools_from(cursor, 50);
        let before = keys.values().sum::<u32>();
        pools.for_each(|pool| *keys.entry(pool.key().to_vec()).or_default() += 1);
        assert!(keys.values().sum::<u32>() - before <= 50, "a slice is longer than was asked for");
        slices += 1;
        for _ in 0..10 {
            if let Some(client) = fleeting.pop() {
                table.disconnect(client, NOW);
            }
            hold(&mut table, 10_000 + slices * 10 + fleeting.len() % 10);
        }
        let Some(next) = next else { break };
        cursor = Cursor::from_number(next.number());
    }
    for key in (0..1_000).filter(|key| key % 3 != 0) {
        assert_eq!(keys.get(key.to_string().as_bytes()), Some(&1), "{key}");
    }
    let (mut beyond, next) = table.pools_from(Cursor::from_number(u32::MAX), u32::MAX);
    assert!(beyond.next().is_none() && next.is_none());
}

#[test]
fn clients_are_walked_over_while_they_come_and_go() {
    let mut table = table();
    let all: Vec<ClientId> = (0..300).map(|key| hold(&mut table, key)).collect();
    let (mut fleeting, staying): (Vec<ClientId>, Vec<ClientId>) = all.into_iter().partition(|id| id.index() % 3 == 0);
    let mut seen = BTreeMap::<ClientId, u32>::new();
    let mut cursor = Some(Cursor::START);
    while let Some(from) = cursor {
        let (slice, next) = table.clients_from(from, 7);
        let slice: Vec<ClientId> = slice.map(|client| client.id()).collect();
        assert!(slice.is_sorted() && slice.len() <= 7);
        for client in slice {
            *seen.entry(client).or_default() += 1;
        }
        cursor = next;
        // One leaves behind the cursor, one before it; their numbers are given again, and new ones are added.
        for place in [0, fleeting.len().saturating_sub(1)] {
            if place < fleeting.len() {
                table.disconnect(fleeting.remove(place), NOW);
            }
        }
        for _ in 0..3 {
            table.connect();
        }
    }
    assert!(staying.iter().all(|client| seen.get(client) == Some(&1)));
}

/// When nothing is left, the table gives its memory back, and has fewer places than the walk has passed.
#[test]
fn a_walk_ends_when_everything_has_gone_meanwhile() {
    let mut table = table();
    let clients: Vec<ClientId> = (0..5_000).map(|key| hold(&mut table, key)).collect();
    let (_, next) = table.pools_from(Cursor::START, 4_000);
    let (_, next_client) = table.clients_from(Cursor::START, 4_000);
    for client in clients {
        table.disconnect(client, NOW);
    }
    hold(&mut table, 7);
    let (rest, end) = table.pools_from(next.expect("there are more"), 4_000);
    assert_eq!((rest.count(), end), (0, None));
    let (rest, end) = table.clients_from(next_client.expect("there are more"), 4_000);
    assert_eq!((rest.count(), end), (0, None));
}

#[test]
fn a_slice_of_no_places_is_one_of_one() {
    let mut table = table();
    for key in 0..3 {
        hold(&mut table, key);
    }
    let (mut cursor, mut seen) = (Some(Cursor::START), 0);
    for _ in 0..1_000 {
        let Some(from) = cursor else { break };
        let (slice, next) = table.pools_from(from, 0);
        seen += slice.count();
        cursor = next;
    }
    assert_eq!((seen, cursor), (3, None));
    let (_, next) = table.clients_from(Cursor::START, 0);
    assert_eq!(next, Some(Cursor::from_number(1)));
}

#[test]
fn events_beyond_the_limit_are_lost_and_counted() {
    let mut table = table();
    let clients: Vec<ClientId> = (0..8).map(|_| table.connect()).collect();
    for &client in &clients {
        say(&mut table, client, "ACQ4ANY page 1 20 300");
    }
    table.take_occurrences(|_| panic!("nobody has asked for them"));
    table.record_occurrences(3);
    table.take_occurrences(|_| panic!("nothing has happened"));
    say(&mut table, clients[0], "RELEASE");
    let mut seen = Vec::new();
    table.take_occurrences(|occurrences| {
        assert_eq!(occurrences.lost(), 8 - 3);
        seen.extend(occurrences.iter().map(|occurrence| (occurrence.client, occurrence.event)));
    });
    assert_eq!(seen.iter().map(|(client, _)| *client).collect::<Vec<_>>(), clients[1..4]);
    assert!(seen.iter().all(|(_, event)| matches!(event, Event::WaitEnded { .. })));
    table.stop_recording();
    say(&mut table, clients[0], "ACQ4ANY page 1 20 300");
    table.take_occurrences(|_| panic!("nobody asks for them any more"));
}
