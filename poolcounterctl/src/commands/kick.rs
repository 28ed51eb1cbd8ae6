use crate::admin::{AdminAddress, Kicked, LocalOptions, post};
use crate::failure::{Exit, Failure};

/// Disconnect a client of this host's server: its locks pass to those who wait
///
/// A client that held a lock may notice this only at its next command. Until then two may work at once.
#[derive(Debug, clap::Args)]
#[command(mut_arg("servers", |arg| arg.help("The admin socket of the server, unix:/PATH")))]
pub(crate) struct Options {
    /// The client's number, as `clients` and `top` show it
    client: u64,
    #[command(flatten)]
    local: LocalOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let admin = options.local.checked()?;
    if admin.servers.len() > 1 {
        return Err(Failure::usage("each server has numbers of its own for its clients: name one server"));
    }
    let path = format!("/v1/kick?client={}", options.client);
    let answered = admin.ask_all(async |server: &AdminAddress| post(server, &path, admin.within()).await).await;
    answered.print(|answers| {
        let line = |(server, kicked): &(AdminAddress, Kicked)| {
            format!(
                "{server}: client {} at {} is disconnected, claims ended: {}\n",
                kicked.client, kicked.address, kicked.claims
            )
        };
        answers.iter().map(line).collect()
    })
}
