use crate::admin::{AdminAddress, AdminOptions, ClientClaim, Clients, pages};
use crate::failure::{Exit, Failure};
use crate::output::{Column, Table, age, or_dash, shortened, terminal_width};
use Column::{Left, Right};

/// Show the clients of servers, and what they hold and wait for
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Show at most this many clients
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    admin: AdminOptions,
}

const COLUMNS: [Column; 7] =
    [Right("CLIENT"), Left("ADDRESS"), Right("PID"), Left("USER"), Right("CONNECTED"), Right("UNSENT"), Left("CLAIMS")];

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { limit, admin } = options;
    let ask =
        async |server: &AdminAddress| pages(server, "/v1/clients?", "clients", *limit as usize, admin.within()).await;
    admin.ask_all(ask).await.print(text)
}

fn text(answers: &[(AdminAddress, Clients)]) -> String {
    let several = answers.len() > 1;
    let mut table = Table::of_servers(several, COLUMNS);
    // Beside the other columns, and the state and the age of a claim.
    let width = terminal_width().map(|line| line.saturating_sub(76).max(16));
    let key = |key: &str| width.map_or_else(|| key.to_owned(), |width| shortened(key, width));
    let claim = |claim: &ClientClaim| format!("{} {} {}", claim.state, age(claim.seconds), key(&claim.key));
    for (server, Clients { clients }) in answers {
        for client in clients {
            let claims: Vec<String> = client.claims.iter().map(claim).collect();
            table.row(
                several.then_some(server),
                [
                    client.who.client.to_string(),
                    client.who.address.clone(),
                    or_dash(client.who.pid),
                    or_dash(client.who.user.as_ref()),
                    age(client.connected_seconds),
                    client.unsent_bytes.to_string(),
                    if claims.is_empty() { "-".to_owned() } else { claims.join(", ") },
                ],
            );
        }
    }
    table.to_string()
}
