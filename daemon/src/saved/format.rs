//! The saved state as bytes.
//!
//! They come from another program, perhaps an older one, so everything in them is checked.

use super::parts::{
    ResumedClient, SavedActs, SavedAdmin, SavedClient, SavedDisconnects, SavedDrain, SavedListener, SavedSerials,
};
use poolcounter::table::{SnapshotError, read_section, write_section};
use poolcounter::{HashSeed, LockTable};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The first bytes. The version follows.
pub(crate) const MAGIC: &[u8] = b"poolcounterd hand-over\n";

/// The version that this program writes. It reads older ones, too.
const VERSION: u8 = 2;

/// The tags of the sections since version 2. A tag never changes its meaning.
const LISTENERS: u8 = 1;
const CLIENTS: u8 = 2;
const TABLE: u8 = 3;
/// What the admin interface adds; without it there is none of them.
const ADMIN_LISTENERS: u8 = 4;
const SERIALS: u8 = 5;
const UPGRADES: u8 = 6;
/// What operators do adds these; without it the sections are not there.
const DISCONNECTS: u8 = 7;
const DRAIN: u8 = 8;

/// A daemon that accepts a million clients each second has not given this number to one after a hundred years.
const MAX_SERIAL: u64 = 1 << 62;

/// Why a state cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("this is not the state of a poolcounterd")]
    Foreign,
    #[error("the state is of version {0}; this program reads versions up to {VERSION}")]
    Version(u8),
    #[error("the state has a section {0}, which this program does not know")]
    Section(u8),
    #[error("the state is damaged: {0}")]
    Damaged(#[from] postcard::Error),
    #[error("the state contradicts itself: {0}")]
    Contradiction(&'static str),
    #[error(transparent)]
    Table(#[from] SnapshotError),
}

/// Version 1. The lock table's snapshot follows, to the end.
#[derive(Deserialize)]
struct Version1 {
    listeners: Vec<SavedListener>,
    clients: Vec<SavedClient>,
}

/// A state that was read and checked.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) listeners: Vec<SavedListener>,
    pub(crate) clients: Vec<ResumedClient>,
    pub(crate) table: LockTable,
    pub(crate) admin: Option<SavedAdmin>,
    pub(crate) acts: SavedActs,
}

/// Writes the state. The clients, and their numbers for people, must be in the lock table's order.
pub(crate) fn write(
    listeners: &[SavedListener],
    clients: &[SavedClient],
    table: &LockTable,
    admin: Option<&SavedAdmin>,
    acts: &SavedActs,
) -> Result<Vec<u8>, StateError> {
    let bytes = [MAGIC, &[VERSION]].concat();
    let bytes = write_section(LISTENERS, &postcard::to_allocvec(listeners)?, bytes)?;
    let bytes = write_section(CLIENTS, &postcard::to_allocvec(clients)?, bytes)?;
    let mut bytes = write_section(TABLE, &table.snapshot()?, bytes)?;
    if let Some(SavedAdmin { listeners, serials, upgrades }) = admin {
        bytes = write_section(ADMIN_LISTENERS, &postcard::to_allocvec(listeners)?, bytes)?;
        bytes = write_section(SERIALS, &postcard::to_allocvec(serials)?, bytes)?;
        bytes = write_section(UPGRADES, &postcard::to_allocvec(upgrades)?, bytes)?;
    }
    let SavedActs { disconnects, drain } = acts;
    if *disconnects != SavedDisconnects::default() {
        bytes = write_section(DISCONNECTS, &postcard::to_allocvec(disconnects)?, bytes)?;
    }
    if *drain != SavedDrain::default() {
        bytes = write_section(DRAIN, &postcard::to_allocvec(drain)?, bytes)?;
    }
    Ok(bytes)
}

/// A state that was read and is not checked yet.
struct Unchecked<'a> {
    listeners: Vec<SavedListener>,
    clients: Vec<SavedClient>,
    table: &'a [u8],
    admin: Option<SavedAdmin>,
    acts: SavedActs,
}

fn read_version_1(bytes: &[u8]) -> Result<Unchecked<'_>, StateError> {
    let (Version1 { listeners, clients }, table) = postcard::take_from_bytes(bytes)?;
    Ok(Unchecked { listeners, clients, table, admin: None, acts: SavedActs::default() })
}

/// An unknown section is refused, because its content would be lost.
fn read_version_2(mut bytes: &[u8]) -> Result<Unchecked<'_>, StateError> {
    let (mut listeners, mut clients, mut table) = (None, None, None);
    let (mut admin_listeners, mut serials, mut upgrades) = (None, None, None);
    let (mut disconnects, mut drain) = (None, None);
    while let Some((tag, content)) = read_section(&mut bytes)? {
        let twice = match tag {
            LISTENERS => listeners.replace(whole(content)?).is_some(),
            CLIENTS => clients.replace(whole(content)?).is_some(),
            TABLE => table.replace(content).is_some(),
            ADMIN_LISTENERS => admin_listeners.replace(whole(content)?).is_some(),
            SERIALS => serials.replace(whole(content)?).is_some(),
            UPGRADES => upgrades.replace(whole(content)?).is_some(),
            DISCONNECTS => disconnects.replace(whole(content)?).is_some(),
            DRAIN => drain.replace(whole(content)?).is_some(),
            unknown => return Err(StateError::Section(unknown)),
        };
        if twice {
            return Err(StateError::Contradiction("it has a section twice"));
        }
    }
    let missing = StateError::Contradiction("a section is missing");
    let admin = match (admin_listeners, serials, upgrades) {
        (None, None, None) => None,
        (Some(listeners), Some(serials), Some(upgrades)) => Some(SavedAdmin { listeners, serials, upgrades }),
        _ => return Err(missing),
    };
    let (Some(listeners), Some(clients), Some(table)) = (listeners, clients, table) else { return Err(missing) };
    let acts = checked(SavedActs { disconnects: disconnects.unwrap_or_default(), drain: drain.unwrap_or_default() })?;
    Ok(Unchecked { listeners, clients, table, admin, acts })
}

/// Counters that are added to later on.
fn checked(acts: SavedActs) -> Result<SavedActs, StateError> {
    let SavedDisconnects { overdue, by_hand } = acts.disconnects;
    let fit = overdue.max(by_hand).max(acts.drain.holders) <= u64::MAX / 2;
    if fit { Ok(acts) } else { Err(StateError::Contradiction("a counter that is impossibly large")) }
}

/// Reads a section's content, which must end with the bytes.
fn whole<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StateError> {
    match postcard::take_from_bytes(bytes)? {
        (content, []) => Ok(content),
        _ => Err(StateError::Contradiction("bytes follow the end of a section")),
    }
}

impl State {
    /// Reads what [`write()`] of this program or an older one wrote.
    pub(crate) fn read(bytes: &[u8], seed: HashSeed) -> Result<Self, StateError> {
        let (&version, bytes) = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_first).ok_or(StateError::Foreign)?;
        let written = match version {
            1 => read_version_1(bytes)?,
            2 => read_version_2(bytes)?,
            newer => return Err(StateError::Version(newer)),
        };
        let table = LockTable::restore(written.table, seed)?;
        if table.clients().len() != written.clients.len() {
            return Err(StateError::Contradiction("it has not as many clients as its lock table"));
        }
        if !written.clients.is_sorted_by(|one, next| one.number < next.number) {
            return Err(StateError::Contradiction("the numbers of clients do not rise"));
        }
        if let Some(admin) = &written.admin {
            check_serials(&admin.serials, written.clients.len())?;
        }
        let clients = written.clients.into_iter().map(resumed).collect::<Result<_, _>>()?;
        Ok(Self { listeners: written.listeners, clients, table, admin: written.admin, acts: written.acts })
    }
}

/// Each client has a number, no two have the same, and no later client gets one of them.
fn check_serials(serials: &SavedSerials, clients: usize) -> Result<(), StateError> {
    let mut numbers: Vec<u64> = serials.clients.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    let fit = numbers.len() == clients
        && numbers.is_sorted_by(|one, next| one < next)
        && numbers.last().is_none_or(|last| *last <= serials.last)
        && serials.last <= MAX_SERIAL;
    if fit { Ok(()) } else { Err(StateError::Contradiction("the numbers of clients for people are not their own")) }
}

fn resumed(client: SavedClient) -> Result<ResumedClient, StateError> {
    let line = client.line.resume();
    let lines = line.ok_or(StateError::Contradiction("a client's bytes cannot be an unfinished line"))?;
    Ok(ResumedClient { number: client.number, lines, unsent: client.unsent })
}

#[cfg(test)]
mod tests {
    use super::super::parts::{SavedAnswers, SavedUpgrades, UnfinishedLine};
    use super::*;
    use poolcounter::Timestamp;
    use poolcounter::protocol::{Command, Line};

    const SEED: HashSeed = HashSeed::new(1, 2);

    /// [`scene`] in version 1, which every program must read.
    const VERSION_1: &[u8] = include_bytes!("version-1.bin");
    /// [`scene`] as this program writes it.
    const VERSION_2: &[u8] = include_bytes!("version-2.bin");
    /// The same with an admin interface.
    const WITH_ADMIN: &[u8] = include_bytes!("with-admin.bin");
    /// The same of one whose operators have acted.
    const WITH_ACTS: &[u8] = include_bytes!("with-acts.bin");

    fn scene() -> (Vec<SavedListener>, Vec<SavedClient>, LockTable) {
        let at = |secs| Timestamp::from_micros(1_000_000).after_secs(secs);
        let mut table = LockTable::new(SEED, at(0));
        let clients = [(); 4].map(|()| table.connect());
        let steps: [(usize, &[u8]); 6] = [
            (0, b"ACQ4ME page:1 1 9 0"),
            (0, b"ACQ4ANY other 2 9 0"),
            (1, b"ACQ4ME page:1 1 9 60"),
            (2, b"ACQ4ANY page:1 1 9 4294967295"),
            (3, b"ACQ4ANY page:1 1 3 1"),
            (3, b"RELEASE"),
        ];
        for (second, (who, line)) in (1..).zip(steps) {
            let _ = table.command(clients[who], Command::parse(Line::of(line)), at(second));
        }
        table.received(clients[2], at(9));
        let listeners = vec![
            SavedListener { inherited: true, file: None },
            SavedListener { inherited: false, file: Some((b"/run/\xff".to_vec(), 7, 1 << 40)) },
        ];
        let client =
            |number, bytes: &[u8]| SavedClient { number, line: UnfinishedLine::Bytes(bytes.to_vec()), unsent: None };
        let unsent = SavedAnswers { bytes: b"ERROR LINE_TOO_LONG\n".to_vec(), deadline: at(10) };
        let clients = vec![
            client(0, b""),
            client(2, b"REL"),
            SavedClient { number: 3, line: UnfinishedLine::Skipping, unsent: Some(unsent) },
            client(900, b""),
        ];
        (listeners, clients, table)
    }

    /// What a daemon with an admin interface adds to the scene.
    fn admin() -> SavedAdmin {
        let at = |secs| Timestamp::from_micros(1_000_000).after_secs(secs);
        let listeners = vec![SavedListener { inherited: false, file: Some((b"/run/admin".to_vec(), 8, 9)) }];
        let serials = SavedSerials { last: 999, clients: vec![(7, at(0)), (999, at(1)), (1, at(2)), (8, at(3))] };
        SavedAdmin { listeners, serials, upgrades: SavedUpgrades { count: 2, failed: 1, paused: at(9) } }
    }

    fn bytes() -> Vec<u8> {
        let (listeners, clients, table) = scene();
        write(&listeners, &clients, &table, None, &SavedActs::default()).expect("a state")
    }

    fn bytes_with(admin: &SavedAdmin) -> Vec<u8> {
        let (listeners, clients, table) = scene();
        write(&listeners, &clients, &table, Some(admin), &SavedActs::default()).expect("a state")
    }

    /// What operators add to the scene.
    fn acts() -> SavedActs {
        let closed = Some(vec!["127.0.0.1:7531".to_owned(), "unix:/run/socket".to_owned()]);
        SavedActs {
            disconnects: SavedDisconnects { overdue: 300, by_hand: 2 },
            drain: SavedDrain { holders: 5, closed },
        }
    }

    fn bytes_with_acts(acts: &SavedActs) -> Vec<u8> {
        let (listeners, clients, table) = scene();
        write(&listeners, &clients, &table, Some(&admin()), acts).expect("a state")
    }

    #[test]
    fn this_program_writes_version_2_as_it_always_was() {
        if std::env::var_os("UPDATE").is_some() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/saved/");
            std::fs::write(format!("{folder}version-2.bin"), bytes()).expect("written");
            std::fs::write(format!("{folder}with-admin.bin"), bytes_with(&admin())).expect("written");
            std::fs::write(format!("{folder}with-acts.bin"), bytes_with_acts(&acts())).expect("written");
        }
        assert_eq!(bytes(), VERSION_2, "a section with a new form needs a new tag, and the old tag must still be read");
        assert_eq!(bytes_with(&admin()), WITH_ADMIN, "a section with a new form needs a new tag");
        assert_eq!(bytes_with_acts(&acts()), WITH_ACTS, "a section with a new form needs a new tag");
    }

    #[test]
    fn every_version_is_read() {
        let nothing = SavedActs::default;
        for (version, expected_admin, expected_acts) in [
            (VERSION_1, None, nothing()),
            (VERSION_2, None, nothing()),
            (WITH_ADMIN, Some(admin()), nothing()),
            (WITH_ACTS, Some(admin()), acts()),
        ] {
            let state = State::read(version, SEED).expect("a state");
            let (listeners, clients, table) = scene();
            assert_eq!(state.listeners, listeners);
            let came = state.clients.into_iter();
            let came: Vec<_> =
                came.map(|client| (client.number, UnfinishedLine::of(&client.lines), client.unsent)).collect();
            let expected: Vec<_> =
                clients.into_iter().map(|client| (client.number, client.line, client.unsent)).collect();
            assert_eq!(came, expected);
            assert_eq!(state.table.snapshot(), table.snapshot());
            assert_eq!((state.admin, state.acts), (expected_admin, expected_acts));
        }
    }

    #[test]
    fn numbers_for_people_are_each_clients_own() {
        let refused = |change: fn(&mut SavedSerials)| {
            let mut admin = admin();
            change(&mut admin.serials);
            State::read(&bytes_with(&admin), SEED).is_err()
        };
        assert!(!refused(|_| {}));
        assert!(refused(|serials| serials.last = 998));
        assert!(refused(|serials| serials.last = u64::MAX));
        assert!(refused(|serials| serials.clients[1].0 = 7));
        assert!(refused(|serials| serials.clients.truncate(3)));
    }

    #[test]
    fn counters_that_would_overflow_are_refused() {
        let is_refused = |change: fn(&mut SavedActs) -> &mut u64| {
            let mut acts = acts();
            *change(&mut acts) = u64::MAX;
            State::read(&bytes_with_acts(&acts), SEED).is_err()
        };
        assert!(is_refused(|acts| &mut acts.disconnects.overdue));
        assert!(is_refused(|acts| &mut acts.disconnects.by_hand));
        assert!(is_refused(|acts| &mut acts.drain.holders));
    }

    #[test]
    fn a_section_is_known_and_comes_once() {
        let state = |tags: &[u8]| {
            let (listeners, clients, table) = scene();
            let content = |tag| match tag {
                LISTENERS => postcard::to_allocvec(&listeners).expect("bytes"),
                CLIENTS => postcard::to_allocvec(&clients).expect("bytes"),
                ADMIN_LISTENERS => postcard::to_allocvec(&admin().listeners).expect("bytes"),
                SERIALS => postcard::to_allocvec(&admin().serials).expect("bytes"),
                UPGRADES => postcard::to_allocvec(&admin().upgrades).expect("bytes"),
                _ => table.snapshot().expect("a snapshot"),
            };
            let start = [MAGIC, &[VERSION]].concat();
            let bytes = tags.iter().fold(start, |bytes, &tag| write_section(tag, &content(tag), bytes).expect("bytes"));
            State::read(&bytes, SEED).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(state(&[3, 1, 2]), Ok(()));
        assert_eq!(state(&[3, 6, 1, 4, 2, 5]), Ok(()));
        assert_eq!(state(&[1, 2, 3, 5, 6]), Err("the state contradicts itself: a section is missing".into()));
        assert_eq!(state(&[1, 2, 3, 9]), Err("the state has a section 9, which this program does not know".into()));
        assert_eq!(state(&[1, 2]), Err("the state contradicts itself: a section is missing".into()));
        assert_eq!(state(&[1, 1, 2, 3]), Err("the state contradicts itself: it has a section twice".into()));
    }

    #[test]
    fn what_is_no_state_is_named() {
        let refused = |bytes: &[u8]| State::read(bytes, SEED).expect_err("no state").to_string();
        assert_eq!(refused(b""), "this is not the state of a poolcounterd");
        assert_eq!(refused(MAGIC), "this is not the state of a poolcounterd");
        let newer = [MAGIC, &[VERSION + 1]].concat();
        assert_eq!(refused(&newer), "the state is of version 3; this program reads versions up to 2");
        let (listeners, mut clients, table) = scene();
        clients.pop();
        let one_less = write(&listeners, &clients, &table, None, &SavedActs::default()).expect("a state");
        assert_eq!(refused(&one_less), "the state contradicts itself: it has not as many clients as its lock table");
        let (listeners, mut clients, table) = scene();
        clients[1].number = 0;
        let twice = write(&listeners, &clients, &table, None, &SavedActs::default()).expect("a state");
        assert_eq!(refused(&twice), "the state contradicts itself: the numbers of clients do not rise");
        let (listeners, mut clients, table) = scene();
        clients[1].line = UnfinishedLine::Bytes(b"RELEASE\nREL".to_vec());
        let whole = write(&listeners, &clients, &table, None, &SavedActs::default()).expect("a state");
        assert_eq!(refused(&whole), "the state contradicts itself: a client's bytes cannot be an unfinished line");
    }

    /// All clients ask, wait until their timeout, and leave.
    fn live_on(mut table: LockTable) {
        let clients: Vec<_> = table.clients().map(|client| client.id()).collect();
        let mut now = Timestamp::from_micros(1 << 50);
        for line in [&b"STATS FULL"[..], b"ACQ4ANY page:1 1 9 1", b"RELEASE"] {
            for &client in &clients {
                let _ = table.command(client, Command::parse(Line::of(line)), now);
            }
            now = now.after_secs(60);
            table.expire(now);
        }
        for client in clients {
            table.disconnect(client, now);
        }
        while table.next_wakeup().is_some() {}
        assert!(table.is_idle(), "a lock is left over");
    }

    /// Damaged bytes give an error, or another state that works, and no panic then or later.
    #[test]
    fn damage_harms_nobody() {
        let bytes = bytes_with_acts(&acts());
        let only_disconnects = SavedActs { drain: SavedDrain::default(), ..acts() };
        let shorter = [VERSION_2.len(), WITH_ADMIN.len(), bytes_with_acts(&only_disconnects).len()];
        let mut refused = 0;
        for at in 0..bytes.len() {
            // What the admin interface and operators add may be missing as a whole.
            refused += usize::from(shorter.contains(&at) || State::read(&bytes[..at], SEED).is_err());
            for flip in 1..=u8::MAX {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(state) = State::read(&damaged, SEED) {
                    live_on(state.table);
                }
            }
        }
        assert_eq!(refused, bytes.len(), "a state that is cut short was read");
    }
}
