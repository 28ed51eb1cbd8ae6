use crate::admin::{AdminAddress, AdminOptions, Claim, Key, encoded, get};
use crate::failure::{Exit, Failure};
use crate::output::{Column, Table, age, age_or_dash};
use Column::{Left, Right};
use std::fmt::Write;

/// Show who holds a key and who waits for it
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The key, as `keys` prints it: bytes that are not plain ASCII are percent-encoded
    key: String,
    /// Show at most this many holders and waiters
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    admin: AdminOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { key, limit, admin } = options;
    let path = format!("/v1/keys/{}?limit={limit}", encoded(key));
    admin.ask_all(async |server| get(server, &path, admin.within()).await).await.print(text)
}

fn text(answers: &[(AdminAddress, Key)]) -> String {
    answers.iter().map(|(server, key)| block(server, key)).collect::<Vec<_>>().join("\n")
}

fn block(server: &AdminAddress, key: &Key) -> String {
    let Key { holders, waiters, .. } = key;
    let mut text = format!(
        "{server}: {}, group {}, holders {}, waiters {}\n",
        key.text, key.group, key.holders_total, key.waiters_total
    );
    let columns = [
        Left("STATE"),
        Right("FOR"),
        Right("LEFT"),
        Left("MODE"),
        Right("WORKERS"),
        Right("MAXQUEUE"),
        Right("TIMEOUT"),
        Left("CLIENT"),
    ];
    let mut table = Table::new(columns);
    for claim in holders.iter().chain(waiters) {
        table.row(None, cells(claim));
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "{table}");
    let left_out = (key.holders_total + key.waiters_total).saturating_sub((holders.len() + waiters.len()) as u64);
    if left_out > 0 {
        let _ = writeln!(text, "and {left_out} more");
    }
    text
}

fn cells(claim: &Claim) -> [String; 8] {
    let (state, since) = match claim.held_seconds {
        Some(held) => ("held", held),
        None => ("waiting", claim.requested_seconds),
    };
    [
        state.to_owned(),
        age(since),
        age_or_dash(claim.deadline_seconds),
        claim.mode.clone(),
        claim.workers.to_string(),
        claim.maxqueue.to_string(),
        format!("{}s", claim.timeout_seconds),
        claim.who.to_string(),
    ]
}
