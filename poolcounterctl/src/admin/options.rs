use super::{AdminAddress, AskError, understood};
use crate::command_line::Seconds;
use crate::failure::{Exit, Failure};
use crate::output;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Where the service's own admin socket is.
const LOCAL: &str = "unix:/run/poolcounter/admin";

/// The admin sockets to ask, and how.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AdminOptions {
    /// An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated
    #[arg(
        short,
        long = "server",
        value_name = "SERVER",
        env = "POOLCOUNTERCTL_SERVER",
        hide_env_values = true,
        value_delimiter = ' ',
        default_value = LOCAL
    )]
    pub(crate) servers: Vec<AdminAddress>,
    /// How long a server may take for an answer; a long list comes in several answers
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    pub(crate) timeout: Seconds,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The admin sockets of this host, to change something there.
#[derive(Clone, Debug, clap::Args)]
#[command(mut_arg("servers", |arg| arg.help("An admin socket, unix:/PATH; may be repeated")))]
pub(crate) struct LocalOptions {
    #[command(flatten)]
    options: AdminOptions,
}

impl LocalOptions {
    /// The options, if all servers can be told what to do.
    pub(crate) fn checked(&self) -> Result<&AdminOptions, Failure> {
        match self.options.servers.iter().find(|server| !server.is_unix()) {
            Some(server) => Err(Failure::usage(format!("{server}: only a Unix socket takes this command"))),
            None => Ok(&self.options),
        }
    }
}

impl AdminOptions {
    pub(crate) fn within(&self) -> Duration {
        self.timeout.0
    }

    /// Asks all servers at once.
    pub(crate) async fn ask_all(&self, ask: impl AsyncFn(&AdminAddress) -> Result<Value, AskError>) -> Answered {
        let answers = join_all(self.servers.iter().map(|server| ask(server))).await;
        Answered { json: self.json, answers: self.servers.iter().cloned().zip(answers).collect() }
    }

    /// Asks all servers at once for what stands at a path.
    pub(crate) async fn get_all(&self, path: &str) -> Answered {
        self.ask_all(async |server| super::get(server, path, self.within()).await).await
    }
}

/// What the servers said.
#[derive(Debug)]
pub(crate) struct Answered {
    json: bool,
    answers: Vec<(AdminAddress, Result<Value, AskError>)>,
}

impl Answered {
    /// Prints the answers: as JSON, or as `text` makes it of them. Then the errors; the worst of them is the exit status.
    pub(crate) fn print<T: DeserializeOwned>(
        self,
        text: impl FnOnce(&[(AdminAddress, T)]) -> String,
    ) -> Result<Exit, Failure> {
        let mut exit = Exit::Done;
        let (mut answers, mut entries, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (server, answer) in self.answers {
            let understood = answer.and_then(|answer| Ok((understood(&server, answer.clone())?, answer)));
            match understood {
                Ok((typed, answer)) => {
                    entries.push(json!({ "server": server.to_string(), "answer": answer }));
                    answers.push((server, typed));
                }
                Err(error) => {
                    entries.push(json!({ "server": server.to_string(), "error": error.cause() }));
                    exit = exit.max(error.exit());
                    errors.push(error);
                }
            }
        }
        if self.json {
            output::print_json(&json!({ "servers": entries }))?;
        }
        errors.into_iter().for_each(output::complain);
        if !self.json && !answers.is_empty() {
            output::print(&text(&answers))?;
        }
        Ok(exit)
    }
}
