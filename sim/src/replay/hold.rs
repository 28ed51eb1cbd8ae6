//! How long work took, and draws from it.

use super::traffic::Key;
use crate::random::Chance;
use crate::units::float;
use alloc::vec::Vec;

/// So many works of a key must have ended before durations are drawn from them alone.
const ENOUGH: usize = 5;

/// One work, as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) key: u32,
    /// The grant, or the beginning of the segment.
    pub(super) begin: u64,
    /// The end, or that of the segment.
    pub(super) end: u64,
    /// How long it had lasted at `begin`.
    pub(super) before: u64,
    /// Orders the end among what happens at the same moment.
    pub(super) rank: u64,
    pub(super) ending: Ending,
}

/// How work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Released,
    /// Its client left.
    Died,
    /// The segment ended before.
    Open,
}

/// Where the number of recorded works changes. In the order of time; at one moment, ends come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) at: u64,
    pub(super) begins: bool,
    pub(super) group: u32,
}

/// The steps of all works.
pub(super) fn steps(holds: &[Hold], keys: &[Key]) -> Vec<Step> {
    let of = |hold: &Hold| {
        let group = keys[hold.key as usize].group;
        [Step { at: hold.begin, begins: true, group }, Step { at: hold.end, begins: false, group }]
    };
    let mut steps: Vec<Step> = holds.iter().flat_map(of).collect();
    steps.sort_unstable();
    steps
}

/// The works that ended, sorted, by key and by group.
#[derive(Debug, Default)]
pub(super) struct Samples {
    by_key: Lists,
    by_group: Lists,
    all: Vec<u32>,
}

/// Lists of numbers, one after the other.
#[derive(Debug, Default)]
struct Lists {
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl Lists {
    /// `of` gives the list of each number.
    fn new(lists: usize, numbers: &[u32], of: impl Fn(u32) -> u32) -> Self {
        let mut starts = alloc::vec![0_u32; lists + 1];
        for &number in numbers {
            starts[of(number) as usize + 1] += 1;
        }
        for list in 0..lists {
            starts[list + 1] += starts[list];
        }
        let mut places = starts.clone();
        let mut sorted = alloc::vec![0; numbers.len()];
        for &number in numbers {
            let place = &mut places[of(number) as usize];
            sorted[*place as usize] = number;
            *place += 1;
        }
        Self { starts, numbers: sorted }
    }

    fn get(&self, list: u32) -> &[u32] {
        let at = |place: usize| self.starts.get(place).copied().unwrap_or_default() as usize;
        self.numbers.get(at(list as usize)..at(list as usize + 1)).unwrap_or_default()
    }
}

impl Samples {
    pub(super) fn new(holds: &[Hold], keys: &[Key], groups: usize) -> Self {
        let mut all: Vec<u32> =
            (0..).zip(holds).filter(|(_, hold)| hold.ending != Ending::Open).map(|(n, _)| n).collect();
        // So that those longer than a certain time are the end of a list.
        all.sort_by_key(|&number| (holds[number as usize].length(), number));
        let key = |number: u32| holds[number as usize].key;
        Self {
            by_key: Lists::new(keys.len(), &all, key),
            by_group: Lists::new(groups, &all, |number| keys[key(number) as usize].group),
            all,
        }
    }

    /// A work that takes longer than `least`, if one was seen.
    pub(super) fn draw(&self, holds: &[Hold], key: u32, group: u32, least: u64, chance: &mut Chance) -> Option<u32> {
        let of_key = self.by_key.get(key);
        let of_group = self.by_group.get(group);
        let list = if of_key.len() >= ENOUGH { of_key } else { of_group };
        let list = if list.is_empty() { &self.all[..] } else { list };
        let shorter =
            if least == 0 { 0 } else { list.partition_point(|&number| holds[number as usize].length() <= least) };
        let list = &list[shorter..];
        let count = u32::try_from(list.len()).ok().filter(|&count| count > 0)?;
        Some(list[chance.below(count) as usize])
    }

    /// Whether no work of this group ended.
    pub(super) fn knows_nothing_of(&self, group: u32) -> bool {
        self.by_group.get(group).is_empty()
    }
}

impl Hold {
    pub(super) fn length(&self) -> u64 {
        self.before.saturating_add(self.end - self.begin)
    }
}

/// The CPU time of each work in microseconds, if all of them share so many cores evenly.
pub(super) fn cpu_times(holds: &[Hold], cores: u32) -> Vec<f64> {
    let mut moments: Vec<(u64, bool, u32)> = Vec::with_capacity(holds.len() * 2);
    for (number, hold) in (0..).zip(holds) {
        moments.push((hold.begin, true, number));
        moments.push((hold.end, false, number));
    }
    let no_time = |number: u32| holds[number as usize].begin == holds[number as usize].end;
    // Ends come before beginnings, except those of works that took no time.
    moments.sort_unstable_by_key(|&(at, begins, number)| (at, begins && !no_time(number), !begins, number));
    let mut times = alloc::vec![0.0; holds.len()];
    let (mut now, mut running, mut given) = (0, 0_u64, 0.0);
    for (at, begins, number) in moments {
        let speed = if running > u64::from(cores) { f64::from(cores) / float(running) } else { 1.0 };
        given += float(at - now) * speed;
        now = at;
        let time = &mut times[number as usize];
        if begins {
            running += 1;
            *time = given;
        } else {
            running = running.saturating_sub(1);
            *time = given - *time;
        }
    }
    times
}
