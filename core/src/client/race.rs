//! A connection that is being made: to each address of a server in turn, the next one before the last has failed (RFC 8305).

use crate::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest time until the next address is tried too, in microseconds. RFC 8305 recommends it.
const STAGGER: u64 = 250_000;

/// Where an attempt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint<'a> {
    /// By TCP.
    Address {
        /// An address, as the system or the configuration has it; an IPv6 address may have a zone behind `%`.
        ip: &'a str,
        /// From 1 on.
        port: u16,
    },
    /// To the Unix socket of this path.
    Unix(&'a str),
}

/// The attempts of one connection.
#[derive(Debug)]
pub(super) struct Race {
    /// None is a Unix socket.
    addresses: Vec<Option<String>>,
    /// How many attempts have begun.
    begun: usize,
    /// How many of them have neither succeeded nor failed.
    under_way: usize,
    last_begun: Timestamp,
    connect_timeout: u64,
    /// The cause of the last attempt that failed.
    cause: String,
}

/// The next thing to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heat<'a> {
    /// Begin the attempt with this address.
    Begin(Option<&'a str>),
    /// Wait for those that are under way.
    Wait(Timestamp),
    /// Every attempt has failed.
    Failed,
    /// The last attempt has had its time.
    TimedOut,
}

impl Race {
    pub(super) fn new(addresses: Vec<Option<String>>, connect_timeout: u64) -> Self {
        Self {
            addresses,
            begun: 0,
            under_way: 0,
            last_begun: Timestamp::default(),
            connect_timeout,
            cause: String::new(),
        }
    }

    pub(super) fn heat(&self, now: Timestamp) -> Heat<'_> {
        match self.addresses.get(self.begun) {
            Some(address) if self.under_way == 0 || now >= self.next_at() => Heat::Begin(address.as_deref()),
            Some(_) => Heat::Wait(self.next_at()),
            None if self.under_way == 0 => Heat::Failed,
            None if now >= self.end() => Heat::TimedOut,
            None => Heat::Wait(self.end()),
        }
    }

    /// Another attempt is under way.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.begun += 1;
        self.under_way += 1;
        self.last_begun = now;
    }

    /// An attempt has failed.
    pub(super) fn fail(&mut self, cause: &str) {
        match self.under_way.checked_sub(1) {
            Some(left) => self.under_way = left,
            // It could not even begin.
            None => self.begun += 1,
        }
        self.cause.clear();
        self.cause.push_str(cause);
    }

    /// How many attempts have begun.
    pub(super) fn begun(&self) -> usize {
        self.begun
    }

    pub(super) fn cause(&self) -> &str {
        &self.cause
    }

    fn next_at(&self) -> Timestamp {
        self.last_begun.after_micros(self.stagger())
    }

    /// The last attempt has its whole time, and the earlier ones even more.
    fn end(&self) -> Timestamp {
        self.last_begun.after_micros(self.connect_timeout)
    }

    /// All attempts begin within one connect time-out, so that they end within two.
    fn stagger(&self) -> u64 {
        let intervals = self.addresses.len().saturating_sub(1).max(4) as u64;
        (self.connect_timeout / intervals).min(STAGGER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_micros(1_000 * millis)
    }

    fn race(addresses: u8) -> Race {
        let addresses = (0..addresses).map(|last| Some(alloc::format!("10.0.0.{last}")));
        Race::new(addresses.collect(), 100_000)
    }

    #[test]
    fn the_next_address_is_tried_before_the_last_has_had_its_time() {
        let mut race = race(2);
        assert!(matches!(race.heat(at(0)), Heat::Begin(Some(_))));
        race.begin(at(0));
        assert_eq!(race.heat(at(24)), Heat::Wait(at(25)));
        assert!(matches!(race.heat(at(25)), Heat::Begin(Some(_))));
        race.begin(at(25));
        assert_eq!(race.heat(at(124)), Heat::Wait(at(125)));
        assert_eq!(race.heat(at(125)), Heat::TimedOut);
    }

    #[test]
    fn after_a_refusal_the_next_address_is_tried_at_once() {
        let mut race = race(2);
        for _ in 0..2 {
            assert!(matches!(race.heat(at(0)), Heat::Begin(_)));
            race.begin(at(0));
            race.fail("refused");
        }
        assert_eq!((race.heat(at(0)), race.cause()), (Heat::Failed, "refused"));
    }

    #[test]
    fn many_addresses_take_twice_the_time_at_the_most() {
        let mut race = race(50);
        let mut now = at(0);
        loop {
            match race.heat(now) {
                Heat::Begin(_) => race.begin(now),
                Heat::Wait(until) => now = until,
                Heat::TimedOut => break,
                Heat::Failed => panic!("nothing failed"),
            }
        }
        assert!(now > at(190) && now <= at(200), "{now:?}");
    }
}
