use crate::key::GroupId;
use alloc::boxed::Box;

/// A power of two.
const PLACES: usize = 1_024;

/// The groups of keys that came to life recently, by the keys' hashes: most keys come again soon, and the rules take longer than a look here.
///
/// A key's group never changes, and keys are identified by their hashes, as those of the hot keys. It takes 16 kB.
#[derive(Clone, Debug)]
pub(super) struct KnownGroups(Box<[(u64, GroupId)]>);

impl KnownGroups {
    /// The group of the key with this hash. `find` says it if it is not known, or no longer.
    #[inline]
    pub(super) fn get_or_find(&mut self, hash: u64, find: impl FnOnce() -> GroupId) -> GroupId {
        // Only the lowest bits are used.
        #[expect(clippy::cast_possible_truncation)]
        let place = &mut self.0[hash as usize % PLACES];
        if place.0 != hash {
            *place = (hash, find());
        }
        place.1
    }
}

impl Default for KnownGroups {
    fn default() -> Self {
        // No place has a hash of which it would be the place.
        let unused = |place: usize| (!(place as u64), GroupId::OTHER);
        Self((0..PLACES).map(unused).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_once_as_long_as_its_place_is_not_taken() {
        let mut known = KnownGroups::default();
        let mut searched = 0;
        let group = |number| move || GroupId::numbered(number);
        for place in 0..PLACES as u64 {
            let of_place = known.get_or_find(place, || {
                searched += 1;
                GroupId::numbered(7)
            });
            assert_eq!(of_place, GroupId::numbered(7));
        }
        assert_eq!(searched, PLACES);
        assert_eq!(known.get_or_find(5, group(1)), GroupId::numbered(7));
        assert_eq!(known.get_or_find(5 + PLACES as u64, group(2)), GroupId::numbered(2));
        assert_eq!(known.get_or_find(5, group(3)), GroupId::numbered(3));
        // Hashes of all ones and zeros are no exception.
        let mut fresh = KnownGroups::default();
        assert_eq!(fresh.get_or_find(u64::MAX, group(4)), GroupId::numbered(4));
        assert_eq!(fresh.get_or_find(0, group(5)), GroupId::numbered(5));
    }
}
