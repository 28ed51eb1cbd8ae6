use crate::admin::{AdminAddress, Drained, LocalOptions, post};
use crate::failure::{Exit, Failure};
use std::cell::Cell;
use std::time::Duration;

/// Send this host's clients to their next server, without changing any configuration
///
/// The server takes no new connections. Clients that hold a lock or wait for one finish. A key that is still held here may be held on the next server too.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Wait at most this long until no client is left; status 75 if some are left
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    wait: Option<u32>,
    #[command(flatten)]
    local: LocalOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let admin = options.local.checked()?;
    let wait = options.wait.map(|seconds| format!("?wait={seconds}")).unwrap_or_default();
    let path = format!("/v1/drain{wait}");
    // The answer comes when the server has waited.
    let within = admin.within() + Duration::from_secs(options.wait.unwrap_or_default().into());
    let some_left = Cell::new(false);
    let answered = admin.ask_all(async |server: &AdminAddress| {
        let answer = post(server, &path, within).await?;
        some_left.set(some_left.get() || answer.get("drained").and_then(serde_json::Value::as_bool) == Some(false));
        Ok(answer)
    });
    let exit = answered.await.print(|answers| {
        let line = |(server, drained): &(AdminAddress, Drained)| match drained {
            Drained { drained: true, .. } => format!("{server}: drained\n"),
            Drained { clients, .. } => format!("{server}: draining, clients left: {clients}\n"),
        };
        answers.iter().map(line).collect()
    })?;
    let waited_in_vain = options.wait.is_some() && some_left.get();
    Ok(if waited_in_vain { exit.max(Exit::TryLater) } else { exit })
}
