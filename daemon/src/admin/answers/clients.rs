use super::person::{Identity, text_form};
use super::since;
use crate::admin::first::First;
use crate::admin::list::ListText;
use crate::admin::moment::Moment;
use crate::admin::request::List;
use crate::admin::response::Answer;
use crate::admin::shared::Admin;
use crate::admin::slices::Budget;
use crate::server::View;
use poolcounter::table::ClaimState;
use serde::Serialize;

#[derive(Serialize)]
struct Client<'a> {
    #[serde(flatten)]
    identity: Identity,
    connected_seconds: f64,
    unsent_bytes: usize,
    claims: Vec<Claim<'a>>,
}

#[derive(Serialize)]
struct Claim<'a> {
    #[serde(serialize_with = "text_form")]
    key: &'a [u8],
    group: &'a str,
    state: &'static str,
    seconds: f64,
}

/// The clients in the order of their numbers.
pub(in crate::admin) async fn clients(admin: &Admin, List { limit, after }: List<u64>) -> Answer {
    let mut work = admin.slices.work("/v1/clients");
    let (mut first, mut from) = (First::new(limit, after.map(|serial| (serial, usize::MAX))), Some(0));
    while let Some(start) = from {
        let slice = |budget: &mut Budget| {
            admin.server.view(|view| {
                let (people, end) = view.clients_from(start, Budget::KEYS)?;
                budget.spend_keys(end - start);
                people.for_each(|(place, person)| first.offer((person.serial(), place)));
                Some(end)
            })
        };
        from = work.slice(slice).await;
    }
    let (found, more) = first.finish();
    let mut list = ListText::new("{\"clients\":[");
    let add = |list: &mut ListText, &(serial, place): &(u64, usize)| {
        let moment = Moment::now();
        admin.server.view(|view| {
            // Another client may have its place by now.
            let client = client_at(place, view, admin, moment).filter(|client| client.identity.client == serial);
            if let Some(client) = client {
                list.push(&client);
            }
        });
    };
    let (end, is_whole) = list.fill(&mut work, &found, add).await;
    let next = end.filter(|_| more || !is_whole).map(|(serial, _)| serial.to_string());
    list.finish(next.as_deref())
}

fn client_at<'a>(place: usize, view: &View<'a>, admin: &Admin, moment: Moment) -> Option<Client<'a>> {
    let person = view.client_at(place)?;
    let claims = view.table.client(person.id()?)?.claims().map(|claim| Claim {
        key: claim.key,
        group: view.group_of(claim.key),
        state: if claim.state == ClaimState::Held { "held" } else { "waiting" },
        seconds: moment.age(since(&claim)),
    });
    Some(Client {
        identity: Identity::of(person, admin),
        connected_seconds: moment.age(person.connected()),
        unsent_bytes: person.unsent(),
        claims: claims.collect(),
    })
}
