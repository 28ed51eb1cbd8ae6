use std::collections::BinaryHeap;

/// The first entries of a list that is too long to be sorted: those with the lowest ranks behind a given one.
#[derive(Debug)]
pub(super) struct First<R> {
    limit: usize,
    after: Option<R>,
    /// The lowest so far, with the highest of them on top.
    lowest: BinaryHeap<R>,
    /// There are entries behind the lowest.
    more: bool,
}

impl<R: Ord> First<R> {
    pub(super) fn new(limit: usize, after: Option<R>) -> Self {
        Self { limit, after, lowest: BinaryHeap::with_capacity(limit + 1), more: false }
    }

    /// The rank that an entry must be below to be among the first, if there are as many as may be.
    pub(super) fn bound(&self) -> Option<&R> {
        self.lowest.peek().filter(|_| self.lowest.len() >= self.limit)
    }

    /// There is an entry that is not among the first.
    pub(super) fn skip(&mut self) {
        self.more = true;
    }

    /// There is an entry of this rank.
    pub(super) fn offer(&mut self, rank: R) {
        if self.after.as_ref().is_some_and(|after| rank <= *after) {
            return;
        }
        self.lowest.push(rank);
        if self.lowest.len() > self.limit {
            self.lowest.pop();
            self.more = true;
        }
    }

    /// The first entries in their order, and whether there are more.
    pub(super) fn finish(self) -> (Vec<R>, bool) {
        (self.lowest.into_sorted_vec(), self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_the_sorted_list() {
        let numbers: Vec<u32> = (0..100).map(|number| number * 37 % 101).collect();
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let mut first = First::new(7, after);
            for number in &numbers {
                first.offer(*number);
            }
            let (page, more) = first.finish();
            after = page.last().copied();
            pages.extend(page);
            if !more {
                break;
            }
        }
        let mut sorted = numbers;
        sorted.sort_unstable();
        assert_eq!(pages, sorted);
    }
}
