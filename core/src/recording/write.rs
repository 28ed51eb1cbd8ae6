//! Writes a recording: the table reports calls, and the caller takes the bytes.

use super::record::{Answer, Head, Name, Record, Standing};
use super::{MAGIC, Naming, Scope, Title, VERSION, block, brief};
use crate::Timestamp;
use crate::protocol::{Acquire, Response};
use crate::table::{ClientId, SavedStatistics};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// A block with this many bytes of content is closed.
const BLOCK: usize = 64 << 10;

/// Keys whose numbers are remembered beside those that stood at the beginning, and their bytes. With more, the next segment begins.
const MAX_KEYS: usize = 1 << 17;
const MAX_KEY_BYTES: usize = 8 << 20;

/// The group of a key that no rule knows.
pub(crate) const OTHER: &str = "other";

/// A key of the segment.
#[derive(Debug)]
struct Known {
    key: Box<[u8]>,
    /// As the table has it: with a seed that clients do not know.
    hash: u64,
    number: u32,
    /// Whether the group was known when the key was written.
    has_group: bool,
}

/// A call and its result.
pub(crate) enum Entry<'a> {
    Acquire {
        client: ClientId,
        acquire: Acquire<'a>,
        /// The key's hash in the table.
        hash: u64,
        answer: Option<&'a Response>,
    },
    Release {
        client: ClientId,
        answer: &'a Response,
    },
    Read {
        client: ClientId,
    },
    Left {
        client: ClientId,
    },
    Expiry,
    Statistic {
        client: ClientId,
        name: &'a [u8],
        text: &'a str,
    },
    /// A line that does not concern the table.
    Other {
        client: ClientId,
        answer: &'a Response,
    },
    Counted {
        failed_send: bool,
    },
    Told {
        client: ClientId,
        answer: &'a Response,
    },
}

/// How far the standing of a segment is written.
#[derive(Debug)]
struct Page {
    /// The next place of the table's pools.
    next: u32,
    /// Places from here on were empty when the segment began.
    end: u32,
    /// Places from `next` on that are written already or have a new key.
    done: BTreeSet<u32>,
}

#[derive(Debug)]
enum State {
    /// The next segment has not begun.
    Paused {
        left_out: u64,
    },
    Running,
}

#[derive(Debug)]
pub(crate) struct Recorder {
    naming: Naming,
    groups: Option<Vec<Box<str>>>,
    state: State,
    page: Option<Page>,
    /// The keys of this segment.
    keys: HashTable<Known>,
    next_key: u32,
    key_bytes: usize,
    /// At more keys or bytes of them the next segment begins: some more than there were when the standing was complete.
    most_keys: usize,
    most_key_bytes: usize,
    clock: Timestamp,
    open: Vec<u8>,
    closed: Vec<u8>,
    /// The limit of bytes that the caller has not taken yet. The standing of one key does not count, because a key with very many waiters would never be written.
    most: usize,
    /// The longest standing of a key that the caller has not taken yet.
    longest_standing: usize,
    left_out: u64,
    segments: u64,
}

/// The beginning of a file, for blocks that were taken from a recorder before. They must begin with a segment.
#[must_use]
pub fn head(title: &Title, scope: &Scope) -> Vec<u8> {
    [MAGIC, &block::close(open_head(title, scope))].concat()
}

/// A block with the version and the head.
fn open_head(title: &Title, scope: &Scope) -> Vec<u8> {
    let mut open = block::open();
    open.push(VERSION);
    let head = Head {
        server: &title.server,
        program: &title.program,
        started: title.started,
        anonymous: matches!(scope.naming, Naming::Anonymous(..)),
        groups: scope.groups.as_ref().map(|groups| groups.iter().map(|group| &**group).collect()),
    };
    append(&mut open, &head);
    open
}

impl Recorder {
    pub(crate) fn new(title: &Title, scope: Scope, most: usize) -> Self {
        let open = open_head(title, &scope);
        let Scope { groups, naming } = scope;
        Self {
            naming,
            groups,
            state: State::Paused { left_out: 0 },
            page: None,
            keys: HashTable::new(),
            next_key: 0,
            key_bytes: 0,
            most_keys: MAX_KEYS,
            most_key_bytes: MAX_KEY_BYTES,
            clock: Timestamp::default(),
            open,
            closed: MAGIC.to_vec(),
            most: most.max(2 * BLOCK),
            longest_standing: 0,
            left_out: 0,
            segments: 0,
        }
    }

    /// Whether keys of this group are recorded.
    pub(crate) fn covers(&self, group: &str) -> bool {
        self.groups.as_ref().is_none_or(|groups| groups.iter().any(|name| **name == *group))
    }

    /// Whether keys of all groups are recorded. Only then are calls without a key recorded.
    pub(crate) fn covers_all(&self) -> bool {
        self.groups.is_none()
    }

    /// Whether calls are written now.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    /// How many calls were left out so far.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many segments have begun.
    pub(crate) fn segments(&self) -> u64 {
        self.segments
    }

    /// How many bytes the caller has not taken yet.
    pub(crate) fn len(&self) -> usize {
        self.open.len() + self.closed.len()
    }

    /// About how much memory it needs: the bytes that were not taken, and the keys of the segment.
    pub(crate) fn memory(&self) -> usize {
        // With what the allocator needs for each key.
        const KEY: usize = size_of::<Known>() + 2 * size_of::<usize>();
        self.open.capacity() + self.closed.capacity() + self.key_bytes + self.keys.capacity() * KEY
    }

    /// Begins the next segment: the standing of `places` places of the table's pools is to be written.
    pub(crate) fn begin_segment(&mut self, now: Timestamp, wall: u64, statistics: SavedStatistics, places: u32) {
        let left_out = match self.state {
            State::Paused { left_out } => left_out,
            State::Running => 0,
        };
        self.forget_keys();
        self.clock = now;
        self.state = State::Running;
        self.segments += 1;
        self.page = Some(Page { next: 0, end: places, done: BTreeSet::new() });
        self.write(&Record::Segment { clock: now.as_micros(), wall, left_out, statistics });
    }

    /// The next place whose standing is to be written, if any.
    pub(crate) fn next_place(&mut self) -> Option<u32> {
        let page = self.page.as_mut()?;
        while page.next < page.end {
            let place = page.next;
            page.next += 1;
            if !page.done.remove(&place) {
                return Some(place);
            }
        }
        self.page = None;
        self.most_keys = self.keys.len() + MAX_KEYS;
        self.most_key_bytes = self.key_bytes + MAX_KEY_BYTES;
        self.write(&Record::Complete);
        None
    }

    /// Whether the standing of the segment is still being written.
    pub(crate) fn is_paging(&self) -> bool {
        self.page.is_some()
    }

    /// Whether the standing at this place must be written before it changes. Marks it as written.
    pub(crate) fn claims_place(&mut self, place: u32) -> bool {
        self.page.as_mut().is_some_and(|page| (page.next..page.end).contains(&place) && page.done.insert(place))
    }

    /// Writes the standing of a key.
    pub(crate) fn standing(&mut self, group: &str, key: &[u8], hash: u64, mut standing: Standing) {
        if self.covers(group) && self.is_running() {
            standing.key = self.number(Some(group), key, hash);
            let before = self.len();
            self.append(&Record::Standing(Cow::Borrowed(&standing)));
            self.longest_standing = self.longest_standing.max(self.len() - before);
            self.check_limits();
        }
    }

    /// `group` is that of the key, if the call is about one and the group is known.
    pub(crate) fn entry(&mut self, entry: &Entry<'_>, group: Option<&str>, now: Timestamp) {
        if let State::Paused { left_out } = &mut self.state {
            // A message belongs to a call that is left out. Otherwise its call is recorded without it, and counts too: the next segment does not continue this one.
            let counts = *left_out == 0 || !matches!(entry, Entry::Told { .. });
            // Before the first segment nothing is left out.
            if self.segments > 0 && counts {
                *left_out += 1;
                self.left_out += 1;
            }
            return;
        }
        let key = match entry {
            Entry::Acquire { acquire, hash, .. } => self.number(group, acquire.key(), *hash),
            _ => 0,
        };
        let is_call = !matches!(entry, Entry::Told { .. } | Entry::Counted { .. });
        let after = now.as_micros().wrapping_sub(self.clock.as_micros()).cast_signed();
        if is_call {
            self.clock = now;
        }
        let number = |client: ClientId| client.number();
        self.write(&match *entry {
            Entry::Acquire { client, acquire: Acquire { mode, workers, maxqueue, timeout, .. }, answer, .. } => {
                Record::Acquire {
                    after,
                    client: number(client),
                    key,
                    mode,
                    workers,
                    maxqueue,
                    timeout,
                    answer: answer.into(),
                }
            }
            Entry::Release { client, answer } => {
                Record::Release { after, client: number(client), answer: Some(answer).into() }
            }
            Entry::Read { client } => Record::Read { after, client: number(client) },
            Entry::Left { client } => Record::Left { after, client: number(client) },
            Entry::Expiry => Record::Expiry { after },
            Entry::Statistic { client, name, text } => {
                Record::Statistic { after, client: number(client), name, checksum: crc32fast::hash(text.as_bytes()) }
            }
            Entry::Other { client, answer } => {
                Record::Other { after, client: number(client), answer: Some(answer).into() }
            }
            Entry::Counted { failed_send } => Record::Counted { failed_send },
            Entry::Told { client, answer } => {
                Record::Told { client: number(client), answer: Answer::from(Some(answer)) }
            }
        });
    }

    /// The number of a key in this segment. A new one is written first.
    fn number(&mut self, group: Option<&str>, key: &[u8], hash: u64) -> u32 {
        let number = self.next_key;
        match self.keys.find_mut(hash, |known| *known.key == *key) {
            Some(known) if known.has_group || group.is_none() => return known.number,
            Some(known) => {
                // It gets another number, with its group.
                known.number = number;
                known.has_group = true;
            }
            None => {
                let known = Known { key: key.into(), hash, number, has_group: group.is_some() };
                self.keys.insert_unique(hash, known, |known| known.hash);
                self.key_bytes += key.len();
            }
        }
        self.next_key += 1;
        let group = group.unwrap_or(OTHER);
        self.write(&Record::Key { group, name: self.naming.name(key) });
        number
    }

    fn write(&mut self, record: &Record<'_>) {
        self.append(record);
        self.check_limits();
    }

    fn append(&mut self, record: &Record<'_>) {
        if !brief::append(&mut self.open, record) {
            append(&mut self.open, record);
        }
        if self.open.len() >= BLOCK {
            self.close_block();
        }
    }

    fn check_limits(&mut self) {
        let many_keys = self.keys.len() > self.most_keys || self.key_bytes > self.most_key_bytes;
        // The table bounds the keys that stand.
        if self.len() - self.longest_standing > self.most || many_keys && !self.is_paging() {
            self.pause();
        }
    }

    /// Calls are left out from now on, until the next segment begins.
    fn pause(&mut self) {
        // A recorder that is paused already keeps the number of the calls that it has left out.
        if self.is_running() {
            self.state = State::Paused { left_out: 0 };
        }
        self.page = None;
        self.forget_keys();
    }

    fn forget_keys(&mut self) {
        self.keys = HashTable::new();
        self.next_key = 0;
        self.key_bytes = 0;
    }

    /// Ends this segment, so that the next one can begin.
    pub(crate) fn end_segment(&mut self) {
        self.close_block();
        self.pause();
    }

    /// Whether the next segment can begin: there is room.
    pub(crate) fn has_room(&self) -> bool {
        self.len() < self.most / 2
    }

    /// The bytes so far.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.close_block();
        self.longest_standing = 0;
        core::mem::take(&mut self.closed)
    }

    fn close_block(&mut self) {
        if !block::is_empty(&self.open) {
            let block = block::close(core::mem::replace(&mut self.open, block::open()));
            self.closed.extend_from_slice(&block);
        }
    }
}

impl Naming {
    /// How a key is named.
    pub(super) fn name(self, key: &[u8]) -> Name<'_> {
        match self {
            Self::Plain => Name::Plain(key),
            // A line without a key is refused, so it must stay one.
            Self::Anonymous(..) if key.is_empty() => Name::Plain(key),
            Self::Anonymous(high, low) => Name::Number(SipHasher13::new_with_keys(high, low).hash(key)),
        }
    }
}

pub(super) fn append(to: &mut Vec<u8>, value: &impl serde::Serialize) {
    // Writing to memory cannot fail.
    if let Ok(bytes) = postcard::to_extend(value, core::mem::take(to)) {
        *to = bytes;
    }
}
