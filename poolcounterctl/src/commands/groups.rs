use crate::admin::{AdminAddress, AdminOptions, Groups};
use crate::failure::{Exit, Failure};
use crate::output::{Column, Table, age_or_dash, quantile};
use Column::{Left, Right};

/// Show what keys are about: holders, waiters, outcomes and waits of each group
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    admin: AdminOptions,
}

const COLUMNS: [Column; 15] = [
    Left("GROUP"),
    Right("KEYS"),
    Right("HELD"),
    Right("WAIT"),
    Right("OLDEST"),
    Right("GRANTED"),
    Right("LATER"),
    Right("DONE"),
    Right("FULL"),
    Right("TIMEOUT"),
    Right("NOTFREE"),
    Right("LEFT"),
    Right("WAIT50"),
    Right("WAIT99"),
    Right("HOLD99"),
];

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    options.admin.get_all("/v1/groups").await.print(text)
}

fn text(answers: &[(AdminAddress, Groups)]) -> String {
    let several = answers.len() > 1;
    let mut table = Table::of_servers(several, COLUMNS);
    for (server, Groups { groups }) in answers {
        for group in groups {
            let outcomes = ["granted", "granted_after_wait", "done", "queue_full", "timed_out", "not_free"];
            let left = group.outcome("left_waiting") + group.outcome("left_holding");
            let mut cells = vec![group.name.clone()];
            cells.extend([group.keys, group.holders, group.waiters].map(|count| count.to_string()));
            cells.push(age_or_dash(group.oldest_contended_hold_seconds));
            cells.extend(outcomes.map(|name| group.outcome(name).to_string()));
            cells.push(left.to_string());
            cells.push(quantile(&group.wait_seconds, 0.5));
            cells.push(quantile(&group.wait_seconds, 0.99));
            cells.push(quantile(&group.hold_seconds, 0.99));
            table.row(several.then_some(server), cells);
        }
    }
    table.to_string()
}
