//! The memory that the table allocates and frees.

#![allow(clippy::expect_used)]

use allocation_counter::measure;
use poolcounter::protocol::{Acquire, Command, Mode, Response};
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};

const NOW: Timestamp = Timestamp::from_micros(0);

fn acquire(key: &[u8], mode: Mode, workers: u32) -> Command<'_> {
    Command::Acquire(Acquire::new(mode, key, workers, u32::MAX, 60).expect("a key"))
}

fn drain(table: &mut LockTable) -> usize {
    std::iter::from_fn(|| table.next_wakeup()).count()
}

#[test]
fn a_command_on_a_known_key_allocates_nothing() {
    let mut table = LockTable::new(HashSeed::new(5, 6), NOW);
    let clients: Vec<ClientId> = (0..50).map(|_| table.connect()).collect();
    // The first client keeps the key in use. The others connect, wait, are served and leave, again and again.
    assert_eq!(table.command(clients[0], acquire(b"known", Mode::ForMe, 1), NOW), Some(Response::Locked));
    let mut round = || {
        for (client, mode) in clients[1..].iter().zip([Mode::ForMe, Mode::ForAnyone].into_iter().cycle()) {
            assert_eq!(table.command(*client, acquire(b"known", mode, 1), NOW), None);
        }
        assert_eq!(table.command(clients[0], Command::Release, NOW), Some(Response::Released));
        assert_eq!(drain(&mut table), 1 + 24, "one LOCKED, and DONE for every for-anyone waiter");
        table.expire(NOW.after_secs(100));
        assert_eq!(drain(&mut table), 24, "the other for-me waiters");
        assert_eq!(table.command(clients[0], acquire(b"known", Mode::ForMe, 2), NOW), Some(Response::Locked));
        table.received(clients[1], NOW);
        assert_eq!(table.command(clients[1], Command::Release, NOW), Some(Response::Released));
    };
    // The first round allocates memory that later rounds use.
    round();
    assert_eq!(measure(&mut round).count_total, 0);
}

#[test]
fn nothing_grows_with_traffic() {
    let mut table = LockTable::new(HashSeed::new(5, 6), NOW);
    let client = table.connect();
    let mut visit = |number: u32| {
        let key = number.to_string();
        assert_eq!(table.command(client, acquire(key.as_bytes(), Mode::ForMe, 1), NOW), Some(Response::Locked));
        assert_eq!(table.command(client, Command::Release, NOW), Some(Response::Released));
    };
    (0..10).for_each(&mut visit);
    let traffic = measure(|| (0..200_000).for_each(&mut visit));
    assert_eq!(traffic.bytes_current, 0, "a removed key left memory allocated");
}

#[test]
fn memory_returns_when_clients_leave() {
    let mut table = LockTable::new(HashSeed::new(5, 6), NOW);
    let mut peak = 0;
    let rest = measure(|| {
        let crowd = measure(|| crowd(&mut table));
        peak = crowd.bytes_max;
        let clients: Vec<ClientId> = table.clients().map(|client| client.id()).collect();
        for client in clients {
            table.disconnect(client, NOW);
            drain(&mut table);
        }
    });
    assert!(peak > 20_000 * 300, "the crowd took only {peak} bytes");
    assert!(rest.bytes_current < 100_000, "{} bytes stay behind", rest.bytes_current);
}

/// 20,000 clients with long keys of their own, and each waiting for one key.
fn crowd(table: &mut LockTable) {
    for number in 0..20_000 {
        let client = table.connect();
        let key = format!("{number:0200}");
        assert_eq!(table.command(client, acquire(key.as_bytes(), Mode::ForMe, 1), NOW), Some(Response::Locked));
        let waits = table.command(client, acquire(b"popular", Mode::ForAnyone, 1), NOW).is_none();
        assert_eq!(waits, number > 0);
    }
}

/// The reference loses keys beyond 98,304 and grants a held lock again.
#[test]
fn many_keys_at_once_are_all_found() {
    let mut table = LockTable::new(HashSeed::new(5, 6), NOW);
    let keys: Vec<String> = (0..150_000).map(|number| format!("key-{number}")).collect();
    for holder in keys.chunks(4) {
        let client = table.connect();
        for key in holder {
            assert_eq!(table.command(client, acquire(key.as_bytes(), Mode::ForMe, 1), NOW), Some(Response::Locked));
        }
    }
    assert_eq!(table.pools().len(), keys.len());
    let late = table.connect();
    for key in &keys {
        let attempt = Acquire::new(Mode::ForMe, key.as_bytes(), 1, 9, 0).expect("a key");
        assert_eq!(
            table.command(late, Command::Acquire(attempt), NOW),
            Some(Response::Timeout),
            "{key} was granted twice"
        );
    }
}
