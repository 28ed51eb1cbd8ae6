use crate::admin::response::{Answer, Problem, json};
use crate::admin::shared::Admin;
use crate::running::{ReloadError, Reloaded};
use hyper::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
struct Answered {
    changed: Vec<String>,
    needs_restart: Vec<String>,
}

/// Reads the configuration again.
pub(in crate::admin) fn reload(admin: &Admin) -> Result<Answer, Problem> {
    match admin.running.reload() {
        Ok(Reloaded { changed, needs_restart }) => Ok(json(&Answered { changed, needs_restart })),
        Err(error) => {
            let status = match error {
                ReloadError::NoFile => StatusCode::CONFLICT,
                ReloadError::Config(_) => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Err(Problem::new(status, format!("Nothing has changed: {error}")))
        }
    }
}
