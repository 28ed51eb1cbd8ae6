use super::poll::{ask, sample_of};
use super::servers::Servers;
use super::view::View;
use super::{Options, tables};
use crate::admin::{AdminAddress, AskError};
use crate::failure::{Exit, Failure};
use crate::output::{print, print_json};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

/// Prints every round below the last one. The exit status tells of the last round.
pub(super) async fn run(options: &Options, mut servers: Servers, view: &View) -> Result<Exit, Failure> {
    let Options { admin, iterations, interval, .. } = options;
    let mut round = 0;
    loop {
        let asked = async |server: &AdminAddress| ask(server, &view.question, admin.within()).await;
        let answers = join_all(admin.servers.iter().map(asked)).await;
        let exit = answers.iter().filter_map(|answer| Some(answer.as_ref().err()?.exit())).max();
        if admin.json {
            let entries = admin.servers.iter().zip(&answers).map(|(server, answer)| entry(server, answer));
            print_json(&json!({ "servers": entries.collect::<Vec<Value>>() }))?;
        } else {
            for (index, (server, answer)) in admin.servers.iter().zip(answers).enumerate() {
                let sample = answer.and_then(|answers| sample_of(server, answers, view.question.clone()));
                servers.update(index, sample);
            }
            let between = if round > 0 { "\n" } else { "" };
            print(&format!("{between}{}", text(&servers, view)))?;
        }
        round += 1;
        if iterations.is_some_and(|most| round >= most) {
            return Ok(exit.unwrap_or(Exit::Done));
        }
        sleep(interval.0).await;
    }
}

fn text(servers: &Servers, view: &View) -> String {
    let grids = [tables::servers(servers), tables::groups(servers, view), tables::keys(servers, view, true)];
    let texts = grids.iter().filter(|grid| !grid.emphases.is_empty()).map(ToString::to_string);
    texts.collect::<Vec<String>>().join("\n")
}

fn entry(server: &AdminAddress, answer: &Result<[Value; 3], AskError>) -> Value {
    match answer {
        Ok([status, groups, keys]) => {
            json!({ "server": server.to_string(), "status": status, "groups": groups["groups"], "keys": keys["keys"] })
        }
        Err(error) => json!({ "server": server.to_string(), "error": error.cause() }),
    }
}
