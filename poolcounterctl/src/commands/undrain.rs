use crate::admin::{AdminAddress, LocalOptions, Undrained, post};
use crate::failure::{Exit, Failure};

/// Take new connections again after `drain`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    local: LocalOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let admin = options.local.checked()?;
    let answered = admin.ask_all(async |server: &AdminAddress| post(server, "/v1/undrain", admin.within()).await).await;
    answered.print(|answers| {
        let line = |(server, undrained): &(AdminAddress, Undrained)| {
            format!("{server}: {}\n", if undrained.ready { "ready" } else { "not draining, but not ready" })
        };
        answers.iter().map(line).collect()
    })
}
