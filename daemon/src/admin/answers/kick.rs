use super::person::Identity;
use crate::admin::response::{Answer, Problem, json};
use crate::admin::shared::Admin;
use hyper::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
struct Kicked {
    #[serde(flatten)]
    identity: Identity,
    /// How many locks it held or waited for.
    claims: usize,
}

/// Disconnects a client.
pub(in crate::admin) fn kick(admin: &Admin, client: u64) -> Result<Answer, Problem> {
    let identity = admin.server.view(|view| {
        let person = view.person(client)?;
        Some(Identity::of(person, admin))
    });
    let kicked = identity.and_then(|identity| Some(Kicked { identity, claims: admin.server.kick(client)? }));
    let gone = || Problem::new(StatusCode::NOT_FOUND, format!("There is no client {client}."));
    Ok(json(&kicked.ok_or_else(gone)?))
}
