//! The server passes events of claims on to the readers of `/v1/events`. Without a reader, no event is recorded.

use super::Server;
use super::events::{KEPT, Record};
use super::hub::Hub;
use super::readers::Readers;
use std::rc::Rc;

/// Somebody who reads events from now on.
#[derive(Debug)]
pub(crate) struct EventReader {
    server: Rc<Server>,
    /// The number of the next event to read.
    next: u64,
}

/// What a reader reads next.
#[derive(Debug)]
pub(crate) enum Read {
    /// `count` events are lost; the last of them has the number `last`.
    Lost {
        count: u64,
        last: u64,
    },
    Event(Record),
}

impl Server {
    /// Begins to read along; `None` if there are `most` readers.
    pub(crate) fn read_events(self: &Rc<Self>, most: usize) -> Option<EventReader> {
        let Readers { events, count, .. } = &self.readers;
        if count.get() >= most {
            return None;
        }
        if count.get() == 0 {
            self.hub.borrow_mut().table.record_occurrences(KEPT);
        }
        count.set(count.get() + 1);
        Some(EventReader { server: Rc::clone(self), next: events.borrow().next() })
    }

    /// How many events were lost to readers that were too slow.
    pub(crate) fn events_lost(&self) -> u64 {
        self.readers.lost.get()
    }

    /// Passes on what has happened. Call it after each call that changes the table, before a client can come in the place of one that has left.
    #[inline]
    pub(super) fn publish(&self, hub: &mut Hub) {
        if self.readers.count.get() > 0 {
            self.publish_to_readers(hub);
        }
        self.check_record_buffer(&hub.table);
    }

    /// Apart, so that the usual command is short.
    #[cold]
    fn publish_to_readers(&self, hub: &mut Hub) {
        let Hub { table, outbox, .. } = hub;
        table.take_occurrences(|occurrences| {
            let serial = |client: poolcounter::ClientId| outbox.clients.serial(client.index());
            self.readers.events.borrow_mut().add(occurrences, serial);
            self.readers.more.notify_waiters();
        });
    }
}

impl EventReader {
    /// Whether there is something to read.
    pub(crate) fn is_ready(&self) -> bool {
        self.server.readers.events.borrow().next() != self.next
    }

    /// Waits until there is something to read.
    pub(crate) async fn ready(&self) {
        while !self.is_ready() {
            self.server.readers.more.notified().await;
        }
    }

    /// Reads at most so many events, and calls `take` for each until it returns `false`.
    pub(crate) fn read(&mut self, most: usize, mut take: impl FnMut(Read) -> bool) {
        let Readers { events, lost, .. } = &self.server.readers;
        let events = events.borrow();
        let mut records = events.since(self.next);
        for _ in 0..most {
            let record = records.next();
            let to = record.map_or(events.next(), |record| record.number);
            let gap = to - self.next;
            if gap > 0 {
                lost.set(lost.get() + gap);
                self.next = to;
                if !take(Read::Lost { count: gap, last: to - 1 }) {
                    break;
                }
            }
            let Some(record) = record else { break };
            self.next = record.number + 1;
            if !take(Read::Event(record.clone())) {
                break;
            }
        }
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        let Readers { events, count, .. } = &self.server.readers;
        count.set(count.get() - 1);
        if count.get() == 0 {
            self.server.hub.borrow_mut().table.stop_recording();
            events.borrow_mut().forget();
        }
    }
}
