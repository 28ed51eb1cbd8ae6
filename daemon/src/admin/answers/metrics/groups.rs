use super::exposition::{Exposition, Kind};
use crate::admin::answers::survey::Group;
use crate::admin::moment::{Moment, seconds};
use poolcounter::figures::Histogram;

/// Writes one family of all groups.
pub(super) type Family = fn(&[Group], Moment, &mut Exposition);

/// The families that have a sample for each group.
pub(super) const FAMILIES: [Family; 8] =
    [requests, holds, wait_seconds, hold_seconds, holders, waiters, keys, contended];

fn requests(groups: &[Group], _: Moment, to: &mut Exposition) {
    to.family("poolcounter_requests_total", Kind::Counter, "Requests for a lock, by what became of them.");
    for Group { name, figures, .. } in groups {
        for (outcome, count) in figures.outcomes.listed() {
            if !["released", "left_holding"].contains(&outcome) {
                to.sample(&[("group", name), ("outcome", outcome)], count);
            }
        }
    }
}

fn holds(groups: &[Group], _: Moment, to: &mut Exposition) {
    to.family("poolcounter_holds_total", Kind::Counter, "Locks that are held no longer, by how they ended.");
    for Group { name, figures, .. } in groups {
        to.sample(&[("group", name), ("end", "released")], figures.outcomes.released);
        to.sample(&[("group", name), ("end", "left")], figures.outcomes.left_holding);
    }
}

fn wait_seconds(groups: &[Group], _: Moment, to: &mut Exposition) {
    to.family("poolcounter_wait_seconds", Kind::Histogram, "How long clients waited, however the wait ended.");
    for Group { name, figures, .. } in groups {
        histogram(name, &figures.waits, to);
    }
}

fn hold_seconds(groups: &[Group], _: Moment, to: &mut Exposition) {
    to.family("poolcounter_hold_seconds", Kind::Histogram, "How long locks were held.");
    for Group { name, figures, .. } in groups {
        histogram(name, &figures.holds, to);
    }
}

fn histogram(group: &str, histogram: &Histogram, to: &mut Exposition) {
    for (bound, count) in histogram.cumulative() {
        to.sample_of("_bucket", &[("group", group), ("le", &seconds(bound).to_string())], count);
    }
    to.sample_of("_bucket", &[("group", group), ("le", "+Inf")], histogram.count());
    to.sample_of("_sum", &[("group", group)], seconds(histogram.sum_micros()));
    to.sample_of("_count", &[("group", group)], histogram.count());
}

fn holders(groups: &[Group], _: Moment, to: &mut Exposition) {
    to.family("poolcounter_holders", Kind::Gauge, "Locks that are held now.");
    for Group { name, figures, .. } in groups {
        to.sample(&[("group", name)], figures.gauges.holders);
    }
}

fn waiters(groups: &[Group], _: Moment, to: &mut Exposition) {
    to.family("poolcounter_waiters", Kind::Gauge, "Requests that wait now.");
    for Group { name, figures, .. } in groups {
        to.sample(&[("group", name)], figures.gauges.waiters);
    }
}

fn keys(groups: &[Group], _: Moment, to: &mut Exposition) {
    to.family("poolcounter_keys", Kind::Gauge, "Keys that are held now.");
    for Group { name, figures, .. } in groups {
        to.sample(&[("group", name)], figures.gauges.keys);
    }
}

fn contended(groups: &[Group], moment: Moment, to: &mut Exposition) {
    let help = "Age of the oldest lock of a key that others wait for; 0 if there is none.";
    to.family("poolcounter_oldest_contended_hold_seconds", Kind::Gauge, help);
    for Group { name, oldest_contended, .. } in groups {
        to.sample(&[("group", name)], oldest_contended.map_or(0.0, |since| moment.age(since)));
    }
}
