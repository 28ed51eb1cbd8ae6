//! A snapshot of the lock table: any bytes must be refused or give a valid table.

use crate::input::Input;
use crate::life::{SEED, goes_on};
use poolcounter::key::Groups;
use poolcounter::protocol::{Acquire, Command, Mode};
use poolcounter::table::{read_section, write_section};
use poolcounter::{ClientId, LockTable, Timestamp};

/// The input: how the snapshot is made; the events of the table afterwards; and the snapshot, or the contents of its sections.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let form = input.byte();
    let length = input.below(32);
    let steps = [&[31][..], input.bytes(length)].concat();
    let snapshot = match form % 3 {
        _ if form >> 4 == 4 => observed(&mut input),
        0 => input.rest().to_vec(),
        1 => of_sections(input.short().into(), &mut input),
        _ => nearly_sound(&mut input),
    };
    if let Ok(table) = LockTable::restore(&snapshot, SEED) {
        goes_on(table, &mut Input::new(&steps));
    }
}

/// Version 2, with valid lengths of the sections.
fn of_sections(length: usize, input: &mut Input<'_>) -> Vec<u8> {
    let (claims, statistics) = (input.bytes(length), input.rest());
    sections(claims, statistics)
}

fn sections(claims: &[u8], statistics: &[u8]) -> Vec<u8> {
    let bytes = write_section(1, claims, vec![2]).expect("there is room for it");
    write_section(2, statistics, bytes).expect("there is room for it")
}

/// The snapshot of a table that has figures, and in which a few bytes have become others.
fn observed(input: &mut Input<'_>) -> Vec<u8> {
    let mut now = Timestamp::from_micros(1 << 36);
    let mut table = LockTable::new(SEED, now);
    table.observe(Groups::default(), now);
    let clients: Vec<ClientId> = (0..6).map(|_| table.connect()).collect();
    for _ in 0..input.below(64) {
        let (who, what) = (input.below(clients.len()), input.byte());
        now = now.after_micros(u64::from(input.byte()).pow(3));
        table.received(clients[who], now);
        if what % 4 == 0 {
            let _ = table.command(clients[who], Command::Release, now);
        } else {
            let mode = if what & 4 == 0 { Mode::ForMe } else { Mode::ForAnyone };
            let key = [&b"wiki:pcache:1"[..], b"Slots:1", b"slots:1", b"x"][usize::from(what >> 6)];
            let acquire = Acquire::new(mode, key, 1, 3, u32::from(what >> 4 & 3)).expect("a key");
            let _ = table.command(clients[who], Command::Acquire(acquire), now);
        }
        while table.next_wakeup().is_some() {}
    }
    let snapshot = table.snapshot().expect("nobody is to be told anything");
    let mut rest = &snapshot[1..];
    let mut sections = Vec::new();
    while let Some((tag, content)) = read_section(&mut rest).expect("its own section") {
        sections.push((tag, content.to_vec()));
    }
    while !input.is_empty() {
        let section = input.below(sections.len());
        let (_, content) = &mut sections[section];
        let place = usize::from(input.short()) % content.len().max(1);
        match input.byte() {
            0 => content.truncate(place),
            1 => content.insert(place, input.byte()),
            _ => content.iter_mut().skip(place).take(1).for_each(|byte| *byte = input.byte()),
        }
    }
    let write =
        |bytes, (tag, content): &(u8, Vec<u8>)| write_section(*tag, content, bytes).expect("there is room for it");
    sections.iter().fold(vec![2], write)
}

/// A claim in the form of `docs/hand-over.md`: the client, the claim's index among its claims, the times of request and grant, and the deadline with its number.
type Claim = (u32, u8, u64, u64, Option<(u64, u64)>);

/// Mostly valid tables.
fn nearly_sound(input: &mut Input<'_>) -> Vec<u8> {
    let mut clients = vec![0_u8; 1 + input.below(8)];
    let mut pools: Vec<(Vec<u8>, [Vec<Claim>; 3])> = Vec::new();
    for _ in 0..input.below(32) {
        let (kind, who) = (input.byte(), input.below(clients.len()));
        if kind % 8 == 0 || pools.is_empty() {
            let key = if kind >> 3 == 1 { input.bytes(4).to_vec() } else { vec![b'a' + (kind >> 3)] };
            pools.push((key, Default::default()));
        }
        let (_, queues) = pools.last_mut().expect("there is one");
        // Usually its first claim is held.
        let queue = if queues[0].is_empty() && kind & 0x80 == 0 { 0 } else { usize::from(kind >> 3) % 3 };
        let depth = if kind % 8 == 1 { input.byte() & 3 } else { clients[who] };
        let has_deadline = (queue > 0) != (kind % 8 == 2);
        let deadline = has_deadline.then(|| (1_u64 << 40, u64::from(input.byte())));
        queues[queue].push((u32::from(u8::try_from(who).unwrap_or(0)), depth, 5, 6, deadline));
        clients[who] = clients[who].saturating_add(u8::from(kind % 8 != 3));
    }
    let count = |queues: std::ops::Range<usize>| {
        pools.iter().flat_map(|(_, all)| &all[queues.clone()]).map(Vec::len).sum::<usize>() as u64
    };
    let (held, waiting) = (count(0..1), count(1..3));
    let tampered = u64::from(input.byte() == 255);
    // In the order of `STATS`.
    let counters = [held, 0, held + tampered, waiting + u64::from(input.byte()), 0, 0, 0, 0, 0, 0, 0];
    let times = [if input.byte() == 255 { u64::MAX } else { 0 }; 7];
    let bytes = |claims: Result<Vec<u8>, postcard::Error>| claims.expect("there is room for it");
    sections(
        &bytes(postcard::to_allocvec(&(clients, pools))),
        &bytes(postcard::to_allocvec(&(77_u64, counters, times))),
    )
}
