use crate::admin::{AdminAddress, AdminOptions, Status};
use crate::failure::{Exit, Failure};
use crate::output::{age, or_dash};
use std::fmt::Write;

/// Show whether servers are ready, and how full they are
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    admin: AdminOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    options.admin.get_all("/v1/status").await.print(text)
}

fn text(answers: &[(AdminAddress, Status)]) -> String {
    answers.iter().map(|(server, status)| block(server, status)).collect::<Vec<_>>().join("\n")
}

/// `ready`, or why it is not.
pub(crate) fn readiness(status: &Status) -> String {
    match &status.not_ready {
        _ if status.ready => "ready".to_owned(),
        Some(why) => format!("not ready: {why}"),
        None => "not ready".to_owned(),
    }
}

fn block(server: &AdminAddress, status: &Status) -> String {
    let Status { host, version, pid, listeners, clients, keys, holders, waiters, upgrades, .. } = status;
    let mut text = format!("{server}: {}\n", readiness(status));
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    line("daemon", format!("version {version}, process {pid} on {host}, up {}", age(status.uptime_seconds)));
    line("listens at", listeners.join(", "));
    line("clients", status.max_clients.map_or(clients.to_string(), |most| format!("{clients} of {most}")));
    line("descriptors", format!("{} of {}", status.open_descriptors, status.max_descriptors));
    line("keys", format!("{keys}, holders {holders}, waiters {waiters}"));
    let mut upgraded = format!("{}, failed {}", upgrades.count, upgrades.failed);
    if let Some(pause) = upgrades.last_pause_seconds {
        let _ = write!(upgraded, ", last {}, pause {:.1} ms", or_dash(upgrades.last.as_ref()), pause * 1_000.0);
    }
    if let Some(error) = &upgrades.last_error {
        let _ = write!(upgraded, ", last error: {error}");
    }
    line("upgrades", upgraded);
    text
}
