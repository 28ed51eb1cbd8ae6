use super::response::{Answer, of_json, write_json};
use super::slices::{Budget, Work};
use serde::Serialize;

/// A list ends before its limit if it has so many bytes: keys may be long.
const FULL: usize = 1024 * 1024;

/// The text of an answer that is written piece by piece.
#[derive(Debug)]
pub(super) struct ListText {
    text: Vec<u8>,
    is_empty: bool,
}

impl ListText {
    /// Begins with this text, which ends where the list's first entry stands.
    pub(super) fn new(head: impl Into<Vec<u8>>) -> Self {
        Self { text: head.into(), is_empty: true }
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, entry: &impl Serialize) {
        if !self.is_empty {
            self.text.push(b',');
        }
        self.is_empty = false;
        write_json(&mut self.text, entry);
    }

    /// Calls `add` for one item after the other, in slices, until the text is full: the last item, and whether it was the last of all.
    pub(super) async fn fill<'a, T>(
        &mut self,
        work: &mut Work<'_>,
        items: &'a [T],
        mut add: impl FnMut(&mut Self, &'a T),
    ) -> (Option<&'a T>, bool) {
        let (mut rest, mut last) = (items.iter(), None);
        while !rest.as_slice().is_empty() && !self.is_full() {
            let slice = |budget: &mut Budget| {
                while !budget.is_spent()
                    && !self.is_full()
                    && let Some(item) = rest.next()
                {
                    let before = self.text.len();
                    add(self, item);
                    budget.spend_keys(1);
                    budget.spend_bytes(self.text.len() - before);
                    last = Some(item);
                }
            };
            work.slice(slice).await;
        }
        (last, rest.as_slice().is_empty())
    }

    /// The list ends, and another begins behind this text.
    pub(super) fn next_list(&mut self, between: &str) {
        self.text.extend_from_slice(between.as_bytes());
        self.is_empty = true;
    }

    fn is_full(&self) -> bool {
        self.text.len() >= FULL
    }

    /// Ends with the cursor of the next part.
    pub(super) fn finish(mut self, next: Option<&str>) -> Answer {
        self.text.extend_from_slice(b"],\"next\":");
        write_json(&mut self.text, &next);
        self.text.extend_from_slice(b"}\n");
        of_json(self.text)
    }

    /// Ends without further parts.
    pub(super) fn finish_whole(mut self) -> Answer {
        self.text.extend_from_slice(b"]}\n");
        of_json(self.text)
    }
}
