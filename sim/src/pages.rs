//! The pages and their copies in the parser cache.

use crate::scenario::Scenario;
use crate::units::float;
use alloc::vec::Vec;

/// Revisions of a page are numbered from 1.
pub(crate) type Revision = u32;

/// A page and its copy.
#[derive(Clone, Copy, Debug)]
struct Page {
    newest: Revision,
    /// 0: there is none.
    cached: Revision,
}

/// A page that is in no list: only the crawler knows it.
const UNREAD: Page = Page { newest: 1, cached: 0 };

/// All pages.
#[derive(Debug)]
pub(crate) struct Pages(Vec<Page>);

/// What the cache has of a page, for a reader who wants a certain revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copy {
    Fresh,
    Old,
    None,
}

impl Pages {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let hot = Page { newest: 1, cached: u32::from(scenario.hot_cached) };
        let total = scenario.pages;
        // Readers choose by chance, so it does not matter which of them are cached.
        let cached = |number: u32| float(u64::from(number)) < scenario.cached_share * f64::from(total);
        let other = |number| Page { newest: 1, cached: u32::from(cached(number)) };
        Self(core::iter::once(hot).chain((0..total).map(other)).collect())
    }

    pub(crate) fn newest(&self, page: u32) -> Revision {
        self.get(page).newest
    }

    pub(crate) fn copy(&self, page: u32, wanted: Revision) -> Copy {
        match self.get(page).cached {
            0 => Copy::None,
            cached if cached >= wanted => Copy::Fresh,
            _ => Copy::Old,
        }
    }

    pub(crate) fn edit(&mut self, page: u32) {
        self.0[page as usize].newest += 1;
    }

    /// A parse puts its revision into the cache, unless a newer one is there.
    pub(crate) fn store(&mut self, page: u32, revision: Revision) {
        if let Some(page) = self.0.get_mut(page as usize) {
            page.cached = page.cached.max(revision);
        }
    }

    fn get(&self, page: u32) -> Page {
        self.0.get(page as usize).copied().unwrap_or(UNREAD)
    }
}
