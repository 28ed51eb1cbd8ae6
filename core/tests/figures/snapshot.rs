//! Figures that go from one program to the next.

use crate::{SEED, everything};
use poolcounter::figures::{Figures, Gauges, HotKey, Ranking, STEPS, Window};
use poolcounter::key::Groups;
use poolcounter::protocol::{Command, Line, Mode};
use poolcounter::table::{ClaimState, ClientView, SnapshotError, read_section, write_section};
use poolcounter::{LockTable, Timestamp};

fn at(secs: u32) -> Timestamp {
    Timestamp::from_micros(0).after_secs(secs)
}

fn say(table: &mut LockTable, lines: &[&str], now: Timestamp) {
    for line in lines {
        let client = table.connect();
        let _ = table.command(client, Command::parse(Line::of(line.as_bytes())), now);
        while table.next_wakeup().is_some() {}
    }
}

fn observed(rules: &str) -> LockTable {
    let mut table = LockTable::new(SEED, at(0));
    table.observe(Groups::parse(rules).expect("rules"), at(0));
    let (one, other) = ("ACQ4ANY wiki:a:1 1 9 60", "ACQ4ME wiki:b:1 1 2 60");
    say(&mut table, &[one, one, one, other, other, other, "ACQ4ME Slots:1 1 9 60", "ACQ4ME x 1 9 60"], at(7));
    table.expire(at(68));
    while table.next_wakeup().is_some() {}
    table
}

pub(crate) fn sections(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (version, mut bytes) = bytes.split_first().expect("a snapshot");
    assert_eq!(*version, 2);
    std::iter::from_fn(|| read_section(&mut bytes).expect("a section"))
        .map(|(tag, content)| (tag, content.to_vec()))
        .collect()
}

fn joined<'a>(sections: impl IntoIterator<Item = &'a (u8, Vec<u8>)>) -> Vec<u8> {
    sections.into_iter().fold(vec![2], |bytes, (tag, content)| write_section(*tag, content, bytes).expect("room"))
}

#[test]
fn without_figures_an_older_program_can_read_the_snapshot() {
    let mut table = observed("slots *");
    let tags = |table: &LockTable| -> Vec<u8> {
        sections(&table.snapshot().expect("a snapshot")).into_iter().map(|(tag, _)| tag).collect()
    };
    assert_eq!(tags(&table), [1, 2, 3, 4, 5, 6]);
    table.stop_observing().expect("they are on");
    assert_eq!(tags(&table), [1, 2]);

    // Its limits are not known then, and the mode of a lock that is held neither.
    let table = LockTable::restore(&table.snapshot().expect("a snapshot"), SEED).expect("its own snapshot");
    assert!(table.figures().is_none());
    for claim in
        table.pools().flat_map(|pool| pool.holders().chain(pool.waiters_for_me()).chain(pool.waiters_for_anyone()))
    {
        assert_eq!(claim.limits, None);
        let mode = if let ClaimState::Waiting(mode) = claim.state { Some(mode) } else { None::<Mode> };
        assert_eq!(claim.mode, mode);
    }
}

#[test]
fn figures_go_on_under_their_names_when_the_rules_change() {
    let mut table = observed("a *:a:*\nb *:b:*\nslots *");
    let (since, before, hot) = everything(&mut table, at(70));
    let mut restored = LockTable::restore(&table.snapshot().expect("a snapshot"), SEED).expect("its own snapshot");
    // Until it has rules, all keys belong to `other`.
    let waiting = |table: &LockTable, name| {
        let figures = table.figures().expect("they are on");
        figures
            .groups()
            .find(|(_, other, _)| *other == name)
            .map(|(.., group)| (group.gauges.keys, group.gauges.holders))
    };
    assert_eq!((waiting(&restored, "other"), waiting(&restored, "a")), (Some((4, 4)), Some((0, 0))));

    restored.observe(Groups::parse("new x\nb *:*").expect("rules"), at(70));
    let (since_after, after, hot_after) = everything(&mut restored, at(70));
    assert_eq!((since_after, hot_after), (since, hot));
    for (name, (group, steps)) in &before {
        let (now, steps_now) = &after[name];
        assert_eq!(
            (&now.outcomes, &now.waits, &now.holds, steps_now),
            (&group.outcomes, &group.waits, &group.holds, steps)
        );
    }
    let keys = |name| after.get(name).map(|(group, _)| group.gauges.keys);
    assert_eq!([keys("a"), keys("b"), keys("Slots"), keys("new"), keys("other")], [0, 3, 0, 1, 0].map(Some));
}

#[test]
fn groups_for_which_there_is_no_room_become_a_part_of_other() {
    let mut table = observed("a *:a:*\nb *:b:*");
    let rules: Vec<String> = (0..63).map(|number| format!("g{number} g{number}")).collect();
    table.observe(Groups::parse(rules.join("\n")).expect("rules"), at(69));
    let (_, groups, hot) = everything(&mut table, at(70));
    let granted = |name| groups.get(name).map(|(group, _)| group.outcomes.granted);
    // One more had its place; the next one had none.
    assert_eq!((granted("a"), granted("b"), granted("other")), (Some(1), None, Some(3)));
    let steps = |name: &str| groups[name].1.iter().flatten().map(|step| (step.granted, step.refused)).max();
    assert_eq!((steps("a"), steps("other")), (Some((1, 0)), Some((3, 1))));
    let group_of = |key: &[u8]| hot.iter().find(|(other, ..)| other == key).map(|(_, group, ..)| group.as_str());
    assert_eq!((group_of(b"wiki:a:1"), group_of(b"wiki:b:1")), (Some("a"), Some("other")));
}

/// A daemon that let a client make the group `slots` hands it over like any other.
#[test]
fn a_group_that_cannot_be_any_more_becomes_a_part_of_other() {
    let mut sections = sections(&observed("slots *").snapshot().expect("a snapshot"));
    let (_, groups) = sections.iter_mut().find(|(tag, _)| *tag == 4).expect("it has groups");
    let place = groups.windows(5).position(|name| name == b"Slots").expect("the group's name");
    groups[place..place + 5].copy_from_slice(b"slots");
    let mut table = LockTable::restore(&joined(&sections), SEED).expect("what was written down");
    assert_eq!(table.snapshot().map(|bytes| LockTable::restore(&bytes, SEED).is_ok()), Ok(true));
    let granted = |table: &LockTable| -> Vec<(String, u64)> {
        let figures = table.figures().expect("they are on");
        figures.groups().map(|(_, name, group)| (name.to_owned(), group.outcomes.granted)).collect()
    };
    assert_eq!(granted(&table), [("other".into(), 3), ("slots".into(), 1)]);
    table.observe(Groups::parse("slots *").expect("rules"), at(70));
    assert_eq!(granted(&table), [("other".into(), 4), ("Slots".into(), 0)]);
}

/// Names that clients have used up make room for others when the rules are read again.
#[test]
fn groups_without_rules_and_keys_lose_their_places_when_all_are_taken() {
    let mut table = observed("a *:a:*\nslots *");
    let clients: Vec<_> = table.clients().map(|client| client.id()).collect();
    for number in 0..100 {
        say(&mut table, &[&format!("ACQ4ME Name{number}:1 1 9 0")], at(69));
    }
    for client in table.clients().map(|client| client.id()).collect::<Vec<_>>() {
        let is_one = client == clients[0] || table.client(client).is_some_and(|client| holds(client, b"Name7:1"));
        if !is_one {
            table.disconnect(client, at(69));
        }
    }
    let group = |table: &mut LockTable, name: &str| {
        let figures = table.figures_at(at(70)).expect("they are on");
        figures.groups().find(|(_, other, _)| *other == name).map(|(.., group)| (group.outcomes.granted, group.gauges))
    };
    let (_, places, _) = everything(&mut table, at(70));
    let all: u64 = places.values().map(|(group, _)| group.outcomes.granted).sum();
    assert_eq!((places.len(), group(&mut table, "Late")), (65, None));
    assert!(group(&mut table, "Name8").is_some());

    table.observe(Groups::parse("a *:a:*\nslots *").expect("rules"), at(70));
    say(&mut table, &["ACQ4ME Late:1 1 9 0"], at(70));
    let names: Vec<String> = everything(&mut table, at(70)).1.into_keys().collect();
    assert_eq!(names, ["Late", "Name7", "a", "other"]);
    let granted = ["Late", "Name7", "a"].map(|name| group(&mut table, name).map(|(granted, _)| granted));
    assert_eq!(granted, [1, 1, 1].map(Some));
    assert_eq!(group(&mut table, "other").map(|(granted, _)| granted), Some(all - 2));
}

fn holds(client: ClientView<'_>, key: &[u8]) -> bool {
    client.claims().any(|claim| claim.key == key)
}

/// Between the restoration and the rules, all keys belong to `other`. It does not keep their waiters.
#[test]
fn waiters_of_another_group_are_no_peak_of_other() {
    let mut table = observed("a *:a:*\nslots *");
    let peak = |table: &LockTable, secs: u32, lines: &[&str]| {
        let mut table = LockTable::restore(&table.snapshot().expect("a snapshot"), SEED).expect("its own snapshot");
        say(&mut table, lines, at(secs));
        table.observe(Groups::parse("a *:a:*\nslots *").expect("rules"), at(secs));
        let (_, groups, _) = everything(&mut table, at(80));
        ["a", "other"].map(|name| groups[name].1[STEPS - 2].map(|step| step.waiters))
    };
    let one = "ACQ4ME wiki:a:1 1 9 60";
    // The steps from 70 to 75.
    say(&mut table, &["ACQ4ME x 1 9 60"; 3], at(71));
    table.expire(at(71));
    assert_eq!(peak(&table, 72, &[one; 7]), [Some(7), Some(3)]);
    assert_eq!(peak(&table, 72, &[]), [Some(0), Some(3)]);
}

#[test]
fn sections_that_belong_together_come_together() {
    let sections = sections(&observed("slots *").snapshot().expect("a snapshot"));
    let without =
        |tag: u8| LockTable::restore(&joined(sections.iter().filter(|(other, _)| *other != tag)), SEED).map(|_| ());
    for tag in [4, 5, 6] {
        assert_eq!(without(tag), Err(SnapshotError::Contradiction("a section is missing")));
    }
    assert_eq!(without(3), Ok(()));
    let short = |tag: u8| {
        let mut sections = sections.clone();
        let (_, content) = sections.iter_mut().find(|(other, _)| *other == tag).expect("it is there");
        content.truncate(content.len() - 1);
        LockTable::restore(&joined(&sections), SEED).map(|_| ())
    };
    assert!((1..=6).all(|tag| short(tag).is_err()));
}

/// Each byte in turn becomes another one: an error, or a table that goes on.
#[test]
fn damaged_figures_are_refused_or_sound() {
    let mut table = observed("a *:a:*\nslots *");
    say(&mut table, &["ACQ4ME x 1 9 0"; 3], at(75));
    say(&mut table, &["ACQ4ME wiki:a:7 1 9 0"; 3], at(400));
    let bytes = table.snapshot().expect("a snapshot");
    let sections = sections(&bytes);
    let without_figures = [2, 3].map(|sections_left| joined(&sections[..sections_left]).len());
    for index in 0..bytes.len() {
        for flip in [1, 0x40, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[index] ^= flip;
            if let Ok(table) = LockTable::restore(&damaged, SEED) {
                live_on(table);
            }
        }
        // Without its last sections it is one without figures.
        assert!(without_figures.contains(&index) || LockTable::restore(&bytes[..index], SEED).is_err(), "{index}");
    }
}

fn live_on(mut table: LockTable) {
    let late = Timestamp::from_micros(1 << 50);
    for now in [at(401), at(9_000), late] {
        if now == at(9_000) {
            table.observe(Groups::default(), now);
        }
        say(&mut table, &["ACQ4ME wiki:a:1 9 99 1", "ACQ4ME Slots:1 1 1 1"], now);
        if let Some(figures) = table.figures_at(now) {
            let is_sound = |hot: &HotKey<'_>| hot.error <= hot.count;
            for &ranking in Ranking::ALL {
                for window in [Window::Minute, Window::Hour] {
                    assert!(figures.hot_keys(ranking, window).iter().all(is_sound));
                }
            }
        }
    }
    let clients: Vec<_> = table.clients().map(|client| client.id()).collect();
    for client in clients {
        table.disconnect(client, late);
        while table.next_wakeup().is_some() {}
    }
    let is_zero = |figures: &Figures| figures.groups().all(|(.., group)| group.gauges == Gauges::default());
    assert!(table.is_idle() && table.figures().is_none_or(is_zero));
    if table.figures().is_some() {
        let snapshot = table.snapshot().expect("a snapshot");
        let mut again = LockTable::restore(&snapshot, SEED).expect("its own snapshot");
        assert_eq!(everything(&mut again, late), everything(&mut table, late));
    }
}
