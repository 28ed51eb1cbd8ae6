//! The answer to `/metrics`.

mod daemon;
mod exposition;
mod groups;

use super::survey;
use crate::admin::moment::Moment;
use crate::admin::response::{Answer, of_type};
use crate::admin::shared::Admin;
use crate::admin::slices::Budget;
use exposition::{Exposition, Format};

/// All figures for Prometheus, in the format that `Accept` asks for.
pub(in crate::admin) async fn metrics(admin: &Admin, accept: &str) -> Answer {
    let format = Format::accepted(accept);
    let daemon = daemon::Daemon::look(admin).await;
    let mut work = admin.slices.work("/metrics");
    let groups = survey::groups(admin, &mut work).await;
    let moment = Moment::now();
    let mut text = Exposition::new(format);
    work.slice(|budget| {
        daemon.write(&mut text);
        budget.spend_bytes(text.len());
    })
    .await;
    for family in groups::FAMILIES {
        let slice = |budget: &mut Budget| {
            let before = text.len();
            family(&groups, moment, &mut text);
            budget.spend_bytes(text.len() - before);
        };
        work.slice(slice).await;
    }
    of_type(format.content_type(), text.finish())
}
