//! When the name of a server is looked up, and which addresses are used meanwhile.

use super::shared::Shared;
use crate::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;

/// How long the addresses of a name are used before it is looked up again, in microseconds.
const ADDRESSES_VALID_FOR: u64 = 60_000_000;

/// The least time between two look-ups of a name that is not found, or whose addresses do not answer, in microseconds.
const LOOK_UP_INTERVAL: u64 = 10_000_000;

/// The failure of a call that does not wait for a look-up any longer.
const STILL_LOOKED_UP: &str = "its name is still being looked up";

/// What is known of one name, by all clients of the process.
pub(super) type SharedName = Shared<Name>;

/// What is known of one name.
#[derive(Debug, Default)]
pub(super) struct Name {
    /// As texts: only a driver needs more.
    addresses: Vec<String>,
    /// It is an address itself.
    literal: bool,
    /// Until when it is not looked up again.
    good_until: Timestamp,
    /// When it was looked up last.
    looked_up: Option<Timestamp>,
    /// When a call began to look it up. If that call never reports a result, another one looks the name up after a while.
    claimed: Option<Timestamp>,
    /// The text of the last look-up, if it failed.
    failure: String,
}

/// How a call gets the addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// It uses the known addresses.
    Known(Vec<String>),
    /// It looks the name up, as the only call. The others use the known addresses meanwhile.
    LookUp,
    /// It waits: another call has just begun to look the name up.
    Wait,
    /// It fails: the name was not found a short while ago.
    Failed(String),
}

impl Name {
    /// Notes whether the name is an address itself.
    pub(super) fn read(&mut self, host: &str) {
        if is_address(host) {
            (self.addresses, self.literal) = ([String::from(host)].into(), true);
        }
    }

    /// Calls wait for a look-up until it has taken `patience`: a silent resolver must not stall every call.
    pub(super) fn naming(&mut self, patience: u64, now: Timestamp) -> Naming {
        if self.literal || now < self.good_until {
            return self.known_or(Naming::Failed(self.failure.clone()));
        }
        match self.claimed.map(|claimed| now.micros_since(claimed)) {
            Some(age) if age < patience => return self.known_or(Naming::Wait),
            Some(age) if age < LOOK_UP_INTERVAL => return self.known_or(Naming::Failed(String::from(STILL_LOOKED_UP))),
            _ => {}
        }
        self.claimed = Some(now);
        Naming::LookUp
    }

    /// The call that had claimed the look-up ends without it.
    pub(super) fn give_claim_back(&mut self) {
        self.claimed = None;
    }

    /// A look-up has ended. If it failed, the known addresses stay in use.
    pub(super) fn looked_up(&mut self, found: Result<Vec<String>, String>, now: Timestamp) {
        (self.claimed, self.looked_up) = (None, Some(now));
        let found = found
            .and_then(|found| if found.is_empty() { Err(String::from("the name has no address")) } else { Ok(found) });
        let valid_for = match found {
            Ok(addresses) => {
                (self.addresses, self.failure) = (alternating(addresses), String::new());
                ADDRESSES_VALID_FOR
            }
            Err(failure) => {
                self.failure = failure;
                LOOK_UP_INTERVAL
            }
        };
        self.good_until = now.after_micros(valid_for);
    }

    /// None of its addresses could be connected to: they may have changed.
    pub(super) fn all_failed(&mut self) {
        if let Some(looked_up) = self.looked_up {
            self.good_until = self.good_until.min(looked_up.after_micros(LOOK_UP_INTERVAL));
        }
    }

    fn known_or(&self, naming: Naming) -> Naming {
        if self.addresses.is_empty() { naming } else { Naming::Known(self.addresses.clone()) }
    }
}

/// Whether a host, which the configuration has accepted, needs no look-up. The system resolves other forms of an address: `127.1`, a zone.
fn is_address(host: &str) -> bool {
    if host.contains(':') {
        return !host.contains('%');
    }
    let is_plain =
        |label: &str| label == "0" || !label.starts_with('0') && label.bytes().all(|byte| byte.is_ascii_digit());
    host.split('.').count() == 4 && host.split('.').all(is_plain)
}

/// The families in turn, beginning with that of the first, so that a family that does not work costs one attempt (RFC 8305, section 4).
fn alternating(addresses: Vec<String>) -> Vec<String> {
    let is_ipv6 = |address: &String| address.contains(':');
    let first_is_ipv6 = addresses.first().is_some_and(is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| is_ipv6(address) == first_is_ipv6);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut merged = Vec::new();
    loop {
        let pair = [one.next(), other.next()];
        if pair == [None, None] {
            return merged;
        }
        merged.extend(pair.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(1_000_000 * seconds)
    }

    const PATIENCE: u64 = 1_500_000;

    fn address(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn one_call_looks_a_name_up_and_the_others_wait() {
        let mut name = Name::default();
        assert_eq!(name.naming(PATIENCE, at(1)), Naming::LookUp);
        assert_eq!(name.naming(PATIENCE, at(2)), Naming::Wait);
        assert_eq!(name.naming(PATIENCE, at(3)), Naming::Failed(String::from(STILL_LOOKED_UP)));
        name.looked_up(Ok([address("10.0.0.1")].into()), at(3));
        let known = Vec::from([address("10.0.0.1")]);
        assert_eq!(name.naming(PATIENCE, at(62)), Naming::Known(known.clone()));
        // A minute later one call looks again; the others go on with what is known.
        assert_eq!(name.naming(PATIENCE, at(63)), Naming::LookUp);
        assert_eq!(name.naming(PATIENCE, at(63)), Naming::Known(known.clone()));
        name.looked_up(Err(String::from("no answer")), at(64));
        assert_eq!(name.naming(PATIENCE, at(65)), Naming::Known(known));
    }

    #[test]
    fn a_look_up_without_a_result_is_begun_again_by_another_call() {
        let mut name = Name::default();
        assert_eq!(name.naming(PATIENCE, at(1)), Naming::LookUp);
        assert_eq!(name.naming(PATIENCE, at(11)), Naming::LookUp);
    }

    #[test]
    fn a_name_that_is_not_found_or_does_not_answer_is_looked_up_once_in_ten_seconds() {
        let mut name = Name::default();
        name.looked_up(Err(String::from("no such name")), at(1));
        assert_eq!(name.naming(PATIENCE, at(10)), Naming::Failed(String::from("no such name")));
        assert_eq!(name.naming(PATIENCE, at(11)), Naming::LookUp);
        name.looked_up(Ok([address("10.0.0.1")].into()), at(12));
        name.all_failed();
        assert!(matches!(name.naming(PATIENCE, at(21)), Naming::Known(_)));
        assert!(matches!(name.naming(PATIENCE, at(22)), Naming::LookUp));
    }

    #[test]
    fn an_address_is_not_looked_up() {
        for host in ["::1", "10.0.0.1", "0.0.0.0"] {
            let mut name = Name::default();
            name.read(host);
            name.all_failed();
            assert_eq!(name.naming(PATIENCE, at(1_000)), Naming::Known([address(host)].into()));
        }
        for host in ["127.1", "10.0.0.01", "0x7f.0.0.1", "fe80::1%eth0", "1.example", "a.b.c.d"] {
            let mut name = Name::default();
            name.read(host);
            assert_eq!(name.naming(PATIENCE, at(1)), Naming::LookUp, "{host}");
        }
    }

    #[test]
    fn the_families_take_turns() {
        let addresses = ["::1", "::2", "::3", "10.0.0.1"].map(address);
        let expected = ["::1", "10.0.0.1", "::2", "::3"].map(address);
        assert_eq!(alternating(addresses.into()), expected);
    }
}
