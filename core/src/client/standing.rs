//! Whether a server is asked at all. The clients of a process share this.
//!
//! A refusal costs nothing, so a server that refuses is still asked, only last. Silence costs the whole wait, so a server that was silent is left alone for
//! a while, and then asked by one call, with a question that cannot take a lock.

use super::shared::Shared;
use crate::Timestamp;

/// A server that refused is tried last for at most this long, in microseconds.
const REFUSED_FOR: u64 = 1_000_000;

/// A server that was silent is left alone for at most this long, in microseconds.
const LONGEST_AVOIDANCE: u64 = 10_000_000;

/// A server that answered any call within this time is not silent, though another call got no answer, in microseconds.
const WELL_FOR: u64 = 1_000_000;

/// The state of one server, shared by all clients of the process.
pub(super) type SharedStanding = Shared<Standing>;

/// The state of one server.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// After a refusal: it is tried last until then.
    refused_until: Timestamp,
    /// Set when it gave no answer in time, until it answers or refuses.
    silence: Option<Silence>,
    /// When it last gave no answer in time. A connection on which it has not answered since is not used.
    last_silence: Option<Timestamp>,
    /// When it last answered.
    last_answer: Option<Timestamp>,
}

#[derive(Debug)]
struct Silence {
    /// It is not asked until then.
    until: Timestamp,
    /// How long that was, in microseconds.
    avoid_for: u64,
}

/// Whether a call may ask a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As usual.
    Ask,
    /// It was silent: this call checks whether it answers again.
    Probe,
    /// It was silent, and is asked again in this many microseconds.
    Avoid(u64),
}

impl Standing {
    /// Whether it is tried after all others.
    pub(super) fn is_last_resort(&self, now: Timestamp) -> bool {
        now < self.refused_until
    }

    /// Whether a call may ask it. `only`: it is the only server of the call. If this call is to probe, the others avoid the server for `probe_time`.
    pub(super) fn verdict(&mut self, only: bool, probe_time: u64, now: Timestamp) -> Verdict {
        match &mut self.silence {
            None => Verdict::Ask,
            Some(_) if only => Verdict::Probe,
            Some(silence) if now < silence.until => Verdict::Avoid(silence.until.micros_since(now)),
            Some(silence) => {
                silence.until = now.after_micros(probe_time);
                Verdict::Probe
            }
        }
    }

    /// It answered.
    pub(super) fn answered(&mut self, now: Timestamp) {
        (self.refused_until, self.silence, self.last_answer) = (Timestamp::default(), None, Some(now));
    }

    /// It refused a connection, or ended one: its host answers, the server does not.
    pub(super) fn refused(&mut self, avoid_for: u64, now: Timestamp) {
        (self.refused_until, self.silence) = (now.after_micros(avoid_for.min(REFUSED_FOR)), None);
    }

    /// It gave no answer in time to a call that had chosen it at this moment.
    pub(super) fn silent(&mut self, chosen: Timestamp, avoid_for: u64, now: Timestamp) {
        let last_silence = self.last_silence.replace(now);
        let before = self.silence.as_ref().map_or(0, |silence| silence.avoid_for);
        // Calls that wait at the same time fail at the same time, and count as one failure.
        let is_another = last_silence.is_none_or(|silence| chosen > silence);
        let least = if is_another { before.saturating_mul(2).max(avoid_for) } else { before };
        let avoid_for = least.max(now.micros_since(chosen)).min(LONGEST_AVOIDANCE);
        self.silence = Some(Silence { until: now.after_micros(avoid_for), avoid_for });
    }

    /// Whether a connection that was last heard from at this moment may be used.
    pub(super) fn trusts(&self, heard: Option<Timestamp>) -> bool {
        self.last_silence.is_none_or(|silence| heard.is_some_and(|heard| heard > silence))
    }

    /// Whether it has answered any call a moment ago.
    pub(super) fn is_well(&self, now: Timestamp) -> bool {
        self.last_answer.is_some_and(|answer| now.micros_since(answer) < WELL_FOR)
    }

    /// Whether it has answered any call since.
    pub(super) fn has_answered_since(&self, moment: Timestamp) -> bool {
        self.last_answer.is_some_and(|answer| answer > moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(100 * SECOND + seconds * SECOND)
    }

    #[test]
    fn a_silent_server_is_avoided_for_longer_each_time_and_probed_by_one_call() {
        let mut standing = Standing::default();
        let mut now = at(0);
        for avoided in [1, 2, 4, 8, 10, 10] {
            standing.silent(now, SECOND, now);
            assert_eq!(standing.verdict(false, SECOND, now), Verdict::Avoid(avoided * SECOND));
            now = now.after_micros(avoided * SECOND);
            assert_eq!(standing.verdict(false, SECOND, now), Verdict::Probe);
            assert_eq!(standing.verdict(false, SECOND, now), Verdict::Avoid(SECOND));
        }
        standing.answered(now);
        assert_eq!(standing.verdict(false, SECOND, now), Verdict::Ask);
        standing.silent(now, SECOND, now.after_micros(22 * SECOND));
        now = now.after_micros(22 * SECOND);
        assert_eq!(standing.verdict(false, SECOND, now), Verdict::Avoid(10 * SECOND));
    }

    #[test]
    fn calls_that_fail_together_are_one_failure() {
        let mut standing = Standing::default();
        for failed in 10..20 {
            standing.silent(at(9), SECOND, at(failed));
        }
        assert_eq!(standing.verdict(false, SECOND, at(19)), Verdict::Avoid(10 * SECOND));
        let mut standing = Standing::default();
        for _ in 0..8 {
            standing.silent(at(9), SECOND, at(10));
        }
        assert_eq!(standing.verdict(false, SECOND, at(10)), Verdict::Avoid(SECOND));
    }

    #[test]
    fn a_probe_without_a_result_is_repeated_by_another_call() {
        let mut standing = Standing::default();
        standing.silent(at(0), SECOND, at(0));
        assert_eq!(standing.verdict(false, 3 * SECOND, at(1)), Verdict::Probe);
        assert_eq!(standing.verdict(false, 3 * SECOND, at(4)), Verdict::Probe);
    }

    #[test]
    fn the_only_server_is_probed_by_every_call() {
        let mut standing = Standing::default();
        standing.silent(at(0), SECOND, at(0));
        assert_eq!([standing.verdict(true, SECOND, at(0)), standing.verdict(true, SECOND, at(0))], [Verdict::Probe; 2]);
    }

    #[test]
    fn a_refusal_costs_a_second_at_the_most_and_ends_a_silence() {
        let mut standing = Standing::default();
        standing.silent(at(0), SECOND, at(0));
        standing.refused(60 * SECOND, at(0));
        assert_eq!(standing.verdict(false, SECOND, at(0)), Verdict::Ask);
        assert!(standing.is_last_resort(at(0)) && !standing.is_last_resort(at(1)));
    }

    #[test]
    fn connections_from_before_a_silence_are_not_trusted() {
        let mut standing = Standing::default();
        assert!(standing.trusts(None) && standing.trusts(Some(at(0))));
        standing.silent(at(1), SECOND, at(2));
        standing.answered(at(3));
        assert_eq!([None, Some(at(2)), Some(at(3))].map(|heard| standing.trusts(heard)), [false, false, true]);
    }
}
