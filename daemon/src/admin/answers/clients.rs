use crate::admin::moment::Moment;
use crate::admin::request::List;
use crate::admin::response::{Answer, of_json};
use crate::admin::shared::Admin;
use crate::admin::slices::{Budget, Work};
use crate::net::listener::named;
use crate::net::peer::Peer;
use crate::server::Person;
use serde::Serialize;
use std::collections::BinaryHeap;

/// Who a client is.
#[derive(Serialize)]
pub(super) struct Identity {
    client: u64,
    address: Option<String>,
    pid: Option<i32>,
    user: Option<String>,
}

#[derive(Serialize)]
struct Client {
    #[serde(flatten)]
    identity: Identity,
    connected_seconds: f64,
    unsent_bytes: usize,
}

impl Identity {
    pub(super) fn of(person: Person<'_>, admin: &Admin) -> Self {
        let client = person.serial();
        match person.peer() {
            Peer::Tcp(_) => Self { client, address: Some(person.peer().to_string()), pid: None, user: None },
            Peer::Unix { process, user } => Self {
                client,
                address: person.path().map(|path| named(&path)),
                pid: process,
                user: admin.users.name(user),
            },
            Peer::Unknown => Self { client, address: None, pid: None, user: None },
        }
    }
}

/// The clients in the order of their numbers.
pub(in crate::admin) async fn clients(admin: &Admin, List { limit, after }: List<u64>) -> Answer {
    let mut work = admin.slices.work("clients");
    let (first, more) = first_after(admin, &mut work, limit, after).await;
    let mut entries = first.iter();
    let mut text = b"{\"clients\":[".to_vec();
    let mut last = None;
    while !entries.as_slice().is_empty() {
        work.slice(|budget| {
            let moment = Moment::now();
            admin.server.view(|view| {
                for (serial, place) in entries.by_ref() {
                    last = Some(*serial);
                    budget.spend_keys(1);
                    let Some(person) = view.client_at(*place).filter(|person| person.serial() == *serial) else {
                        continue;
                    };
                    let before = text.len();
                    if text.last() != Some(&b'[') {
                        text.push(b',');
                    }
                    let client = Client {
                        identity: Identity::of(person, admin),
                        connected_seconds: moment.age(person.connected()),
                        unsent_bytes: person.unsent(),
                    };
                    let _ = serde_json::to_writer(&mut text, &client);
                    budget.spend_bytes(text.len() - before);
                    if budget.is_spent() {
                        break;
                    }
                }
            });
        })
        .await;
    }
    let next = last.filter(|_| more).map(|last| last.to_string());
    text.extend_from_slice(b"],\"next\":");
    let _ = serde_json::to_writer(&mut text, &next);
    text.extend_from_slice(b"}\n");
    of_json(text)
}

/// The numbers and places of the clients with the lowest numbers after this one, and whether there are more clients.
async fn first_after(
    admin: &Admin,
    work: &mut Work<'_>,
    limit: usize,
    after: Option<u64>,
) -> (Vec<(u64, usize)>, bool) {
    let (mut lowest, mut from, mut more) = (BinaryHeap::with_capacity(limit + 1), Some(0), false);
    while let Some(start) = from {
        from = work
            .slice(|budget| {
                admin.server.view(|view| {
                    let (people, end) = view.clients_from(start, Budget::KEYS)?;
                    budget.spend_keys(end - start);
                    for (place, person) in people {
                        if after.is_none_or(|after| person.serial() > after) {
                            lowest.push((person.serial(), place));
                        }
                        if lowest.len() > limit {
                            lowest.pop();
                            more = true;
                        }
                    }
                    Some(end)
                })
            })
            .await;
    }
    (lowest.into_sorted_vec(), more)
}
