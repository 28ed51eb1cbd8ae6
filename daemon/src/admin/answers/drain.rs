use crate::admin::response::{Answer, Problem, json};
use crate::admin::shared::Admin;
use hyper::StatusCode;
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Serialize)]
struct Drained {
    /// How many clients are left.
    clients: usize,
    /// Nobody is left, and nobody can connect.
    drained: bool,
}

#[derive(Serialize)]
struct Undrained {
    ready: bool,
}

/// Refuses new clients, and waits for the others to finish.
pub(in crate::admin) async fn drain(admin: &Admin, wait: Option<Duration>) -> Answer {
    admin.gate.drain();
    let drained = admin.gate.drained(Instant::now() + wait.unwrap_or_default()).await;
    json(&Drained { clients: admin.server.clients(), drained })
}

/// Lets clients in again.
pub(in crate::admin) fn undrain(admin: &Admin) -> Result<Answer, Problem> {
    let failed = |error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("The daemon still drains: {error}"));
    admin.gate.undrain().map_err(failed)?;
    Ok(json(&Undrained { ready: admin.server.not_ready().is_none() }))
}
