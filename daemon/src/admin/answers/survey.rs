use super::since;
use crate::admin::shared::Admin;
use crate::admin::slices::{Budget, Work};
use poolcounter::Timestamp;
use poolcounter::figures::{Figures, GroupFigures};
use poolcounter::table::Cursor;

/// One group of keys: what was counted, and what only a walk over the keys finds.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) figures: GroupFigures,
    /// Since when the oldest lock of a key is held that others wait for.
    pub(super) oldest_contended: Option<Timestamp>,
}

/// All groups; what was counted is of one moment.
pub(super) async fn groups(admin: &Admin, work: &mut Work<'_>) -> Vec<Group> {
    let mut oldest: Vec<Option<Timestamp>> = Vec::new();
    let mut from = Some(Cursor::START);
    while let Some(start) = from {
        let slice = |budget: &mut Budget| {
            budget.spend_keys(Budget::KEYS);
            admin.server.view(|view| {
                let (pools, next) = view.table.pools_from(start, Budget::PLACES);
                for pool in pools.filter(|pool| pool.waiter_count() > 0) {
                    let index = pool.group().index();
                    if index >= oldest.len() {
                        oldest.resize(index + 1, None);
                    }
                    let held = pool.holders().next().map(|claim| since(&claim));
                    oldest[index] = oldest[index].into_iter().chain(held).min();
                }
                next
            })
        };
        from = work.slice(slice).await;
    }
    let slice = |_: &mut Budget| {
        admin.server.view(|view| {
            let groups = view.table.figures().into_iter().flat_map(Figures::groups);
            let group = |(id, name, figures): (poolcounter::key::GroupId, &str, &GroupFigures)| Group {
                name: name.to_owned(),
                figures: figures.clone(),
                oldest_contended: oldest.get(id.index()).copied().flatten(),
            };
            groups.map(group).collect()
        })
    };
    work.slice(slice).await
}
