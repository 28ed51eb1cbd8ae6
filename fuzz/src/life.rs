//! Checks a lock table that was restored from any snapshot.

use crate::input::Input;
use poolcounter::figures::{Figures, Ranking, Window};
use poolcounter::key::Groups;
use poolcounter::protocol::{Acquire, Command, Mode};
use poolcounter::table::ClaimState;
use poolcounter::{ClientId, HashSeed, LockTable, Timestamp};

pub(crate) const SEED: HashSeed = HashSeed::new(7, 8);

/// A time after most times of the snapshot, and early enough that no sum of times overflows.
const BEGINS: u64 = 1 << 40;
const LATEST: u64 = 1 << 50;

/// Checks that a table is valid, and that its own snapshot restores an equal table: both get the same commands and give the same answers.
pub(crate) fn goes_on(table: LockTable, input: &mut Input<'_>) {
    is_sound(&table);
    let written = table.snapshot().expect("there are no wake-ups");
    let again = LockTable::restore(&written, SEED).expect("its own snapshot");
    assert_eq!(again.snapshot(), Ok(written));
    let length = input.below(32);
    let steps = input.bytes(length);
    assert_eq!(live(table, steps), live(again, steps));
}

fn is_sound(table: &LockTable) {
    for pool in table.pools() {
        assert!(pool.holders().next().is_some(), "a pool without a holder");
        let waiters = pool.waiters_for_me().chain(pool.waiters_for_anyone());
        assert!(pool.holders().chain(waiters).all(|claim| claim.key == pool.key()));
    }
    let mut held = 0;
    let mut earliest = None;
    for client in table.clients() {
        let claims: Vec<_> = client.claims().collect();
        assert!(claims.len() <= 4 && claims.iter().all(|claim| claim.client == client.id()));
        let is_held = |claim: &&poolcounter::table::ClaimView<'_>| claim.state == ClaimState::Held;
        held += claims.iter().filter(is_held).count() as u64;
        let older = claims.split_last().map_or(&[][..], |(_, older)| older);
        assert!(older.iter().all(|claim| is_held(&claim)), "a waiter's wait is its newest claim");
        assert!(claims.iter().filter(is_held).all(|claim| claim.deadline.is_none()));
        earliest = claims.iter().filter_map(|claim| claim.deadline).chain(earliest).min();
    }
    assert_eq!(table.statistics().counters.processing_workers, held);
    assert_eq!(table.next_deadline(), earliest);
}

/// The gauges are what a walk over the table finds.
fn has_sound_figures(table: &LockTable, figures: &Figures) {
    for (id, name, group) in figures.groups() {
        let pools: Vec<_> = table.pools().filter(|pool| pool.group() == id).collect();
        let holders: u64 = pools.iter().map(|pool| u64::from(pool.holder_count())).sum();
        let waiters: u64 = pools.iter().map(|pool| u64::from(pool.waiter_count())).sum();
        let gauges = (group.gauges.keys, group.gauges.holders, group.gauges.waiters);
        assert_eq!(gauges, (pools.len() as u64, holders, waiters), "{name}");
    }
}

/// All that the figures say.
fn figures_say(figures: &Figures, said: &mut Vec<String>) {
    for (id, name, group) in figures.groups() {
        let history = figures.history(id);
        said.push(format!("{name} {group:?} {:?} {:?}", history.end(), history.steps().collect::<Vec<_>>()));
        assert!(group.waits.cumulative().all(|(_, count)| count <= group.waits.count()));
    }
    for &ranking in Ranking::ALL {
        for window in [Window::Minute, Window::Hour] {
            let list = figures.hot_keys(ranking, window);
            assert!(
                list.iter().all(|hot| hot.error <= hot.count) && list.is_sorted_by(|one, next| one.count >= next.count)
            );
            said.push(format!("{list:?}"));
        }
    }
}

/// All messages until all clients have left.
fn live(mut table: LockTable, steps: &[u8]) -> Vec<String> {
    let mut said = Vec::new();
    let mut now = BEGINS;
    // Half of all tables get new rules for their groups, if they have figures.
    if steps.len().is_multiple_of(2) && table.figures().is_some() {
        table.observe(Groups::default(), Timestamp::from_micros(now));
    }
    for step in steps {
        let clients: Vec<ClientId> = table.clients().map(|client| client.id()).collect();
        let client = clients.get(usize::from(step >> 3).checked_rem(clients.len()).unwrap_or(0)).copied();
        let at = Timestamp::from_micros(now);
        match (step & 7, client) {
            (0, _) | (_, None) => said.push(format!("{:?} comes", table.connect())),
            (1, _) => now = table.next_deadline().map_or(now, |next| next.as_micros().min(LATEST).max(now)),
            (2, Some(client)) => table.received(client, at),
            (3, Some(client)) => table.disconnect(client, at),
            (4 | 5, Some(client)) => said.push(format!("{:?}", table.command(client, Command::Release, at))),
            (_, Some(client)) => {
                let mut keys: Vec<Vec<u8>> = table.pools().map(|pool| pool.key().to_vec()).collect();
                keys.sort();
                let key = keys.get(usize::from(step >> 4).checked_rem(keys.len()).unwrap_or(0));
                let mode = if step & 1 == 0 { Mode::ForMe } else { Mode::ForAnyone };
                let key = key.map_or(&b"page:1"[..], |key| key);
                let acquire = Acquire::new(mode, key, 1, 9, 1).expect("a key");
                said.push(format!("{:?}", table.command(client, Command::Acquire(acquire), at)));
            }
        }
        table.expire(Timestamp::from_micros(now));
        take_wakeups(&mut table, &mut said);
        is_sound(&table);
        if let Some(figures) = table.figures() {
            has_sound_figures(&table, figures);
        }
        now += 100_000;
    }
    if let Some(figures) = table.figures_at(Timestamp::from_micros(now)) {
        figures_say(figures, &mut said);
    }
    let clients: Vec<ClientId> = table.clients().map(|client| client.id()).collect();
    for client in clients {
        table.disconnect(client, Timestamp::from_micros(now));
        take_wakeups(&mut table, &mut said);
    }
    assert!(table.is_idle() && table.pools().len() == 0 && table.next_deadline().is_none());
    said.push(format!("{:?}", table.statistics()));
    said
}

fn take_wakeups(table: &mut LockTable, said: &mut Vec<String>) {
    said.extend(std::iter::from_fn(|| table.next_wakeup()).map(|wakeup| format!("{wakeup:?}")));
}
