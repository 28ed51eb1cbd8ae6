use poolcounter::event::Event;
use poolcounter::key::GroupId;
use poolcounter::table::Occurrences;
use poolcounter::{ClientId, Timestamp};
use std::collections::VecDeque;
use std::rc::Rc;

/// How many events are kept for readers that are slow. A build for tests keeps few, so that a slow reader is soon too slow.
pub(super) const KEPT: usize = if cfg!(debug_assertions) { 256 } else { 8 * 1_024 };

/// How many bytes of keys are kept with them.
const KEPT_BYTES: usize = 1024 * 1024;

/// What happened to claims most recently, for those who read along, each at their own pace. An event that is not kept any more is lost for those who have not
/// read it.
#[derive(Debug, Default)]
pub(super) struct Events {
    kept: VecDeque<Record>,
    /// How many bytes the keys have, as if no two shared theirs.
    bytes: usize,
    /// The number of the next event.
    next: u64,
}

/// Something that happened to a client's claim to a key.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The event's number. One that is lost has one too.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    /// The client's number for people.
    pub(crate) client: u64,
    pub(crate) group: GroupId,
    pub(crate) key: Rc<[u8]>,
    pub(crate) event: Event,
}

impl Events {
    /// Keeps events; `serial` knows the clients' numbers for people.
    pub(super) fn add(&mut self, occurrences: &Occurrences, serial: impl Fn(ClientId) -> u64) {
        let mut last: Option<Rc<[u8]>> = None;
        for occurrence in occurrences.iter() {
            let key = last.filter(|key| **key == *occurrence.key).unwrap_or_else(|| occurrence.key.into());
            last = Some(Rc::clone(&key));
            self.bytes += key.len();
            self.kept.push_back(Record {
                number: self.next,
                at: occurrence.at,
                client: serial(occurrence.client),
                group: occurrence.group,
                key,
                event: occurrence.event,
            });
            self.next += 1;
            while self.kept.len() > KEPT || self.bytes > KEPT_BYTES {
                let Some(oldest) = self.kept.pop_front() else { break };
                self.bytes -= oldest.key.len();
            }
        }
        self.next += occurrences.lost();
    }

    /// The number of the next event.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The events from this number on, as far as they are kept.
    pub(super) fn since(&self, number: u64) -> impl Iterator<Item = &Record> {
        let start = self.kept.partition_point(|record| record.number < number);
        self.kept.range(start..)
    }

    /// Nobody reads along any more.
    pub(super) fn forget(&mut self) {
        self.kept = VecDeque::new();
        self.bytes = 0;
    }
}
