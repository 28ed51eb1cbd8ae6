use crate::figures::Subject;
use crate::key::GroupId;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// As many keys a summary counts.
pub(in crate::figures) const CAPACITY: usize = 1_024;

/// As many bytes of keys it keeps: 256 bytes for each of them, on average.
pub(in crate::figures) const KEY_BYTES: usize = 256 * 1_024;

/// As many keys, and bytes of them, remain of a summary when its slot of time is over.
pub(in crate::figures) const SEALED: usize = 256;
pub(in crate::figures) const SEALED_BYTES: usize = 128 * 1_024;

/// Counts the weight of many keys in bounded memory: those of little weight are forgotten.
///
/// When there is no room, the median of the counts is subtracted from all of them, and what has nothing left is removed: half of the keys at least. So a
/// key's true weight is never below its count, and never more than [`deducted`](Self::deducted) above it, and that is at most 2/1,024 of all weight
/// (2/256 if all keys are of 1,000 bytes). An addition takes O(1), amortised.
///
/// Keys are identified by their hashes alone. Clients do not know the seed. The probability that two of a million keys have the same hash is 1 in 37 million.
#[derive(Clone, Debug, Default)]
pub(in crate::figures) struct Summary {
    entries: Entries,
    by_hash: HashTable<u16>,
    deducted: u64,
}

/// Keys and their counts. The keys' bytes stand one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    list: Vec<Entry>,
    keys: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    hash: u64,
    count: u64,
    start: u32,
    length: u16,
    group: GroupId,
}

/// A summary whose slot of time is over.
#[derive(Clone, Debug)]
pub(in crate::figures) struct Sealed {
    entries: Entries,
    /// What a key that is in it may weigh more than its count.
    pub(super) deducted: u64,
    /// What a key that is not in it may weigh.
    pub(super) forgotten: u64,
}

impl Summary {
    /// Without keys.
    pub(super) fn with_deducted(deducted: u64) -> Self {
        Self { deducted, ..Self::default() }
    }

    /// The same as one that is over.
    pub(super) fn into_sealed(self, forgotten: u64) -> Sealed {
        Sealed { entries: self.entries, deducted: self.deducted, forgotten }
    }

    pub(in crate::figures) fn add(&mut self, subject: Subject<'_>, weight: u64) {
        let entries = &mut self.entries;
        if let Some(&index) =
            self.by_hash.find(subject.hash, |&index| entries.list[usize::from(index)].hash == subject.hash)
        {
            let count = &mut entries.list[usize::from(index)].count;
            *count = count.saturating_add(weight);
        } else if weight > 0 {
            self.insert(subject, weight);
        }
    }

    #[cold]
    fn insert(&mut self, subject: Subject<'_>, weight: u64) {
        while self.entries.list.len() == CAPACITY || self.entries.keys.len() + subject.key.len() > KEY_BYTES {
            self.forget_half();
        }
        let index = self.entries.push(subject, weight);
        let list = &self.entries.list;
        self.by_hash.insert_unique(subject.hash, index, |&index| list[usize::from(index)].hash);
    }

    fn forget_half(&mut self) {
        let mut counts: Vec<u64> = self.entries.list.iter().map(|entry| entry.count).collect();
        let middle = counts.len() / 2;
        let (_, &mut median, _) = counts.select_nth_unstable(middle);
        self.deducted = self.deducted.saturating_add(median);
        self.entries.deduct(median);
        self.by_hash.clear();
        let list = &self.entries.list;
        for (index, entry) in (0..).zip(list) {
            self.by_hash.insert_unique(entry.hash, index, |&index| list[usize::from(index)].hash);
        }
    }

    /// Adds all that another summary has counted.
    pub(super) fn absorb(&mut self, other: &Self) {
        for (subject, count) in other.entries.iter() {
            self.add(subject, count);
        }
        self.deducted = self.deducted.saturating_add(other.deducted);
    }

    pub(super) fn renumber(&mut self, ids: &[GroupId]) {
        self.entries.renumber(ids);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.list.is_empty()
    }

    pub(super) fn entries(&self) -> &Entries {
        &self.entries
    }

    /// By how much a key's true weight is above its count at most, also if it is not counted.
    pub(super) fn deducted(&self) -> u64 {
        self.deducted
    }

    /// What remains when the slot of time is over: the keys of the greatest counts.
    pub(super) fn seal(&self) -> Sealed {
        let mut ranks: Vec<&Entry> = self.entries.list.iter().collect();
        ranks.sort_by_key(|entry| core::cmp::Reverse(entry.count));
        let mut entries = Entries::default();
        let mut rest = 0;
        for entry in ranks {
            let subject = self.entries.subject(entry);
            if entries.list.len() == SEALED || entries.keys.len() + subject.key.len() > SEALED_BYTES {
                rest = entry.count;
                break;
            }
            entries.push(subject, entry.count);
        }
        entries.list.shrink_to_fit();
        entries.keys.shrink_to_fit();
        Sealed { entries, deducted: self.deducted, forgotten: self.deducted.saturating_add(rest) }
    }
}

impl Sealed {
    pub(super) fn renumber(&mut self, ids: &[GroupId]) {
        self.entries.renumber(ids);
    }

    pub(super) fn entries(&self) -> &Entries {
        &self.entries
    }
}

impl Entries {
    fn renumber(&mut self, ids: &[GroupId]) {
        for entry in &mut self.list {
            entry.group = ids.get(entry.group.index()).copied().unwrap_or_default();
        }
    }

    fn key(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        &self.keys[start..start + usize::from(entry.length)]
    }

    fn subject(&self, entry: &Entry) -> Subject<'_> {
        Subject { key: self.key(entry), hash: entry.hash, group: entry.group }
    }

    /// The caller has seen to it that there is room.
    #[expect(clippy::cast_possible_truncation)]
    fn push(&mut self, subject: Subject<'_>, count: u64) -> u16 {
        let Subject { key, hash, group } = subject;
        let (start, length) = (self.keys.len() as u32, key.len() as u16);
        self.keys.extend_from_slice(key);
        self.list.push(Entry { hash, count, start, length, group });
        (self.list.len() - 1) as u16
    }

    /// Subtracts this from all counts; what has nothing left is removed.
    fn deduct(&mut self, deduction: u64) {
        let keys = &mut self.keys;
        let mut end = 0;
        // The keys stand in the order of the entries.
        self.list.retain_mut(|entry| {
            entry.count = entry.count.saturating_sub(deduction);
            if entry.count > 0 {
                let (start, length) = (entry.start as usize, usize::from(entry.length));
                keys.copy_within(start..start + length, end);
                // It is no greater than before.
                #[expect(clippy::cast_possible_truncation)]
                let moved = end as u32;
                entry.start = moved;
                end += length;
            }
            entry.count > 0
        });
        keys.truncate(end);
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (Subject<'_>, u64)> {
        self.list.iter().map(|entry| (self.subject(entry), entry.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    fn subject(key: &[u8]) -> Subject<'_> {
        let hash = key.iter().fold(7, |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Subject { key, hash, group: GroupId::OTHER }
    }

    /// Checks what a summary promises of every key, and gives the weight of all.
    fn check(entries: &Entries, deducted: u64, forgotten: u64, truth: &BTreeMap<String, u64>) -> u64 {
        let counted: BTreeMap<&[u8], u64> = entries.iter().map(|(subject, count)| (subject.key, count)).collect();
        assert_eq!(counted.len(), entries.iter().len(), "a key is there twice");
        for (key, &weight) in truth {
            match counted.get(key.as_bytes()) {
                Some(&count) => assert!(count <= weight && weight <= count + deducted, "{count} {weight} {deducted}"),
                None => assert!(weight <= forgotten, "{weight} {forgotten}"),
            }
        }
        truth.values().sum()
    }

    fn compare(summary: &Summary, truth: &BTreeMap<String, u64>, least: u64) {
        let weight = check(summary.entries(), summary.deducted, summary.deducted, truth);
        assert!(summary.deducted <= 2 * weight / least, "{} of {weight}", summary.deducted);
        let sealed = summary.seal();
        check(sealed.entries(), sealed.deducted, sealed.forgotten, truth);
        assert!(sealed.entries.list.len() <= SEALED && sealed.entries.keys.len() <= SEALED_BYTES);
        assert!(summary.entries.list.len() <= CAPACITY && summary.entries.keys.len() <= KEY_BYTES);
    }

    fn weights() -> impl Strategy<Value = Vec<(u16, u64)>> {
        let skewed = (any::<u16>(), 0..16_u32).prop_map(|(key, bits)| key >> bits);
        prop::collection::vec((skewed, prop_oneof![Just(1), 0..1_000_000_u64]), 0..6_000)
    }

    /// So many keys, and bytes of them, remain exact.
    #[test]
    fn a_slot_that_is_over_keeps_what_has_room() {
        let sealed = |keys: usize, length: usize| {
            let mut summary = Summary::default();
            for number in 0..keys {
                let key = format!("{number:0length$}");
                summary.add(subject(key.as_bytes()), 2);
            }
            let sealed = summary.seal();
            (sealed.entries.list.len(), sealed.deducted, sealed.forgotten)
        };
        assert_eq!(sealed(SEALED, SEALED_BYTES / SEALED), (SEALED, 0, 0));
        assert_eq!(sealed(SEALED + 1, 5), (SEALED, 0, 2));
        assert_eq!(sealed(SEALED, SEALED_BYTES / SEALED + 1), (SEALED - 1, 0, 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn the_error_is_bounded(weights in weights(), length in prop_oneof![Just(6_usize), Just(1_000), Just(0)]) {
            let (mut summaries, mut truth) = ([Summary::default(), Summary::default()], BTreeMap::<String, u64>::new());
            for (turn, &(key, weight)) in weights.iter().enumerate() {
                // 0: some are short, some are long.
                let length = if length == 0 { 6 + usize::from(key) * 7 % 995 } else { length };
                let key = format!("{key:0length$}");
                summaries[turn % 2].add(subject(key.as_bytes()), weight);
                *truth.entry(key).or_default() += weight;
            }
            let least = if length == 6 { CAPACITY } else { KEY_BYTES / 1_023 };
            let [mut both, other] = summaries;
            both.absorb(&other);
            compare(&both, &truth, least as u64);
        }
    }
}
