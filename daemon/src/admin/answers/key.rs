use super::events::name_of;
use super::person::{Identity, text_form};
use super::since;
use crate::admin::first::First;
use crate::admin::list::ListText;
use crate::admin::moment::Moment;
use crate::admin::request::{ClaimRank, List};
use crate::admin::response::{Answer, Problem};
use crate::admin::shared::Admin;
use crate::admin::slices::Budget;
use crate::server::{Person, View};
use hyper::StatusCode;
use poolcounter::table::{ClaimState, ClaimView, Cursor};
use serde::Serialize;

#[derive(Serialize)]
struct Head<'a> {
    #[serde(serialize_with = "text_form")]
    key: &'a [u8],
    group: &'a str,
    holders_total: u32,
    waiters_total: u32,
}

#[derive(Serialize)]
struct Claim {
    #[serde(flatten)]
    identity: Identity,
    requested_seconds: f64,
    held_seconds: Option<f64>,
    mode: Option<&'static str>,
    workers: Option<u32>,
    maxqueue: Option<u32>,
    timeout_seconds: Option<u32>,
    deadline_seconds: Option<f64>,
}

/// A claim's rank, the place of its client, and which of the client's claims it is.
type Found = (ClaimRank, usize, usize);

/// Who holds a key and who waits for it.
///
/// The clients are walked, because a key's queue cannot be walked in slices: it changes in between.
pub(in crate::admin) async fn key(
    admin: &Admin,
    key: &[u8],
    List { limit, after }: List<ClaimRank>,
) -> Result<Answer, Problem> {
    let head = admin.server.view(|view| {
        let pool = view.table.pool(key)?;
        let (holders_total, waiters_total) = (pool.holder_count(), pool.waiter_count());
        serde_json::to_string(&Head { key, group: view.group_name(pool.group()), holders_total, waiters_total }).ok()
    });
    let Some(head) = head else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "Nobody holds this key or waits for it."));
    };
    let mut work = admin.slices.work("/v1/keys/KEY");
    let after = after.map(|rank| (rank, usize::MAX, usize::MAX));
    let (mut first, mut from) = (First::new(limit, after), Some(Cursor::START));
    while let Some(start) = from {
        let slice = |budget: &mut Budget| {
            budget.spend_keys(Budget::KEYS);
            admin.server.view(|view| {
                let (clients, next) = view.table.clients_from(start, Budget::PLACES);
                for client in clients {
                    for (nth, claim) in client.claims().enumerate().filter(|(_, claim)| claim.key == key) {
                        let place = client.id().index();
                        first.offer((rank(&claim, view), place, nth));
                    }
                }
                next
            })
        };
        from = work.slice(slice).await;
    }
    let (found, more) = first.finish();
    let mut list = ListText::new(format!("{},\"holders\":[", head.trim_end_matches('}')));
    let mut waits = false;
    let add = |list: &mut ListText, found: &Found| {
        if found.0.waits && !waits {
            waits = true;
            list.next_list("],\"waiters\":[");
        }
        let moment = Moment::now();
        if let Some(claim) = admin.server.view(|view| claim(key, found, view, admin, moment)) {
            list.push(&claim);
        }
    };
    let (end, is_whole) = list.fill(&mut work, &found, add).await;
    if !waits {
        list.next_list("],\"waiters\":[");
    }
    let next = end.filter(|_| more || !is_whole).map(|(rank, ..)| rank.to_string());
    Ok(list.finish(next.as_deref()))
}

fn rank(claim: &ClaimView<'_>, view: &View<'_>) -> ClaimRank {
    ClaimRank {
        waits: claim.state != ClaimState::Held,
        since: since(claim).as_micros(),
        client: view.client_at(claim.client.index()).map_or(0, Person::serial),
    }
}

/// The claim that was found; `None` if it has ended since.
fn claim(key: &[u8], &(found, place, nth): &Found, view: &View<'_>, admin: &Admin, moment: Moment) -> Option<Claim> {
    let person = view.client_at(place)?;
    let claim = view.table.client(person.id()?)?.claims().nth(nth)?;
    if claim.key != key || rank(&claim, view) != found {
        return None;
    }
    Some(Claim {
        identity: Identity::of(person, admin),
        requested_seconds: moment.age(claim.requested),
        held_seconds: claim.granted.map(|granted| moment.age(granted)),
        mode: claim.mode.map(name_of),
        workers: claim.limits.map(|limits| limits.workers),
        maxqueue: claim.limits.map(|limits| limits.maxqueue),
        timeout_seconds: claim.limits.map(|limits| limits.timeout),
        deadline_seconds: claim.deadline.map(|deadline| moment.left(deadline)),
    })
}
