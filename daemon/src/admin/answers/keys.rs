use super::person::{Identity, text_form};
use super::since;
use crate::admin::first::First;
use crate::admin::list::ListText;
use crate::admin::moment::{Moment, seconds};
use crate::admin::request::{KeyRank, Keys, Order, Top, Window};
use crate::admin::response::Answer;
use crate::admin::shared::Admin;
use crate::admin::slices::{Budget, Work};
use crate::server::View;
use poolcounter::figures::{self, Ranking};
use poolcounter::table::{Cursor, PoolView};
use serde::Serialize;
use std::cmp::Reverse;

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(serialize_with = "text_form")]
    key: &'a [u8],
    group: &'a str,
    holders: u32,
    waiters: u32,
    held_seconds: Option<f64>,
    waiting_seconds: Option<f64>,
    holder: Option<Identity>,
    count: Option<Count>,
    error: Option<Count>,
}

/// How often, or how many seconds.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Count {
    Times(u64),
    Seconds(f64),
}

/// A key that is in the answer, and its count if the list has one.
struct Found {
    key: Box<[u8]>,
    group: String,
    count: Option<(Count, Count)>,
    /// The cursor of what follows it.
    cursor: String,
}

/// The keys in an order.
pub(in crate::admin) async fn keys(admin: &Admin, Keys { order, group, limit }: Keys) -> Answer {
    let mut work = admin.slices.work("/v1/keys");
    let (head, (found, more)) = match order {
        Order::Waiting(after) => {
            ("\"waiting\",\"window\":null", live(admin, &mut work, First::new(limit, after), group, true).await)
        }
        Order::Held(after) => {
            ("\"held\",\"window\":null", live(admin, &mut work, First::new(limit, after), group, false).await)
        }
        Order::Top(top, window, skip) => {
            let head = match (top, window) {
                (Top::Acquires, Window::Minute) => "\"acquires\",\"window\":\"minute\"",
                (Top::Acquires, Window::Hour) => "\"acquires\",\"window\":\"hour\"",
                (Top::Refused, Window::Minute) => "\"refused\",\"window\":\"minute\"",
                (Top::Refused, Window::Hour) => "\"refused\",\"window\":\"hour\"",
                (Top::Waited, Window::Minute) => "\"waited\",\"window\":\"minute\"",
                (Top::Waited, Window::Hour) => "\"waited\",\"window\":\"hour\"",
            };
            (
                head,
                work.slice(|_| admin.server.view(|view| hot(view, top, window, group.as_deref(), skip, limit))).await,
            )
        }
    };
    let mut list = ListText::new(format!("{{\"sort\":{head},\"keys\":["));
    let add = |list: &mut ListText, found: &Found| {
        let moment = Moment::now();
        admin.server.view(|view| {
            if let Some(entry) = described(found, view, admin, moment) {
                list.push(&entry);
            }
        });
    };
    let (end, is_whole) = list.fill(&mut work, &found, add).await;
    list.finish(end.filter(|_| more || !is_whole).map(|found| &*found.cursor))
}

/// The first of the keys that somebody holds: by the number of waiters, and then by the oldest wait, or else by the oldest hold.
async fn live(
    admin: &Admin,
    work: &mut Work<'_>,
    mut first: First<KeyRank>,
    group: Option<String>,
    by_waiters: bool,
) -> (Vec<Found>, bool) {
    let mut from = Some(Cursor::START);
    while let Some(start) = from {
        let slice = |budget: &mut Budget| {
            budget.spend_keys(Budget::KEYS);
            admin.server.view(|view| {
                let wanted = group.as_ref().map(|name| view.table.figures().and_then(|figures| figures.find(name)));
                let (pools, next) = view.table.pools_from(start, Budget::PLACES);
                for pool in pools.filter(|pool| wanted.is_none_or(|wanted| wanted == Some(pool.group()))) {
                    let (waiters, since) = rank(&pool, by_waiters);
                    // A key is copied only if it may be in the answer.
                    if first.bound().is_some_and(|bound| (waiters, since) > (bound.waiters, bound.since)) {
                        first.skip();
                    } else {
                        first.offer(KeyRank { waiters, since, key: pool.key().to_vec() });
                    }
                }
                next
            })
        };
        from = work.slice(slice).await;
    }
    let (ranks, more) = first.finish();
    let found =
        |rank: KeyRank| Found { cursor: rank.to_string(), key: rank.key.into(), group: String::new(), count: None };
    (ranks.into_iter().map(found).collect(), more)
}

fn rank(pool: &PoolView<'_>, by_waiters: bool) -> (Reverse<u32>, u64) {
    let oldest_wait = || pool.oldest_waiter().map(|claim| claim.requested.as_micros());
    let oldest_hold = || pool.holders().next().map_or(0, |claim| since(&claim).as_micros());
    if by_waiters {
        (Reverse(pool.waiter_count()), oldest_wait().unwrap_or_else(oldest_hold))
    } else {
        (Reverse(0), oldest_hold())
    }
}

/// A part of a list that is maintained.
fn hot(
    view: &View<'_>,
    top: Top,
    window: Window,
    group: Option<&str>,
    skip: usize,
    limit: usize,
) -> (Vec<Found>, bool) {
    let Some(figures) = view.table.figures() else { return (Vec::new(), false) };
    let (ranking, count): (_, fn(u64) -> Count) = match top {
        Top::Acquires => (Ranking::Acquires, Count::Times),
        Top::Refused => (Ranking::Refused, Count::Times),
        Top::Waited => (Ranking::Waited, |micros| Count::Seconds(seconds(micros))),
    };
    let window = match window {
        Window::Minute => figures::Window::Minute,
        Window::Hour => figures::Window::Hour,
    };
    let keys = figures.hot_keys(ranking, window);
    let of_group = keys.iter().filter(|hot| group.is_none_or(|group| view.group_name(hot.group) == group));
    let mut rest = of_group.skip(skip);
    let found = rest.by_ref().zip(skip + 1..).take(limit).map(|(hot, count_so_far)| Found {
        key: hot.key.into(),
        group: view.group_name(hot.group).to_owned(),
        count: Some((count(hot.count), count(hot.error))),
        cursor: count_so_far.to_string(),
    });
    (found.collect(), rest.next().is_some())
}

/// A key as it is now; `None` if it is not there any more and has no count.
fn described<'a>(found: &'a Found, view: &View<'a>, admin: &Admin, moment: Moment) -> Option<Entry<'a>> {
    let pool = view.table.pool(&found.key);
    if pool.is_none() && found.count.is_none() {
        return None;
    }
    let holder = pool.and_then(|pool| pool.holders().next());
    let waiter = pool.and_then(|pool| pool.oldest_waiter());
    let person = holder.and_then(|holder| view.client_at(holder.client.index()));
    Some(Entry {
        key: &found.key,
        group: pool.map_or(&found.group, |pool| view.group_name(pool.group())),
        holders: pool.map_or(0, |pool| pool.holder_count()),
        waiters: pool.map_or(0, |pool| pool.waiter_count()),
        held_seconds: holder.map(|holder| moment.age(since(&holder))),
        waiting_seconds: waiter.map(|waiter| moment.age(waiter.requested)),
        holder: person.map(|person| Identity::of(person, admin)),
        count: found.count.map(|(count, _)| count),
        error: found.count.map(|(_, error)| error),
    })
}
