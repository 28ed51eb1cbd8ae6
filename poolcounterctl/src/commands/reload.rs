use crate::admin::{AdminAddress, LocalOptions, Reloaded, post};
use crate::failure::{Exit, Failure};

/// Make this host's server read its configuration file again
///
/// A file that cannot be understood changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    local: LocalOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let admin = options.local.checked()?;
    let answered = admin.ask_all(async |server: &AdminAddress| post(server, "/v1/reload", admin.within()).await).await;
    answered.print(|answers| {
        let listed = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        let line = |(server, Reloaded { changed, needs_restart }): &(AdminAddress, Reloaded)| {
            format!("{server}: changed: {}; needs a restart: {}\n", listed(changed), listed(needs_restart))
        };
        answers.iter().map(line).collect()
    })
}
