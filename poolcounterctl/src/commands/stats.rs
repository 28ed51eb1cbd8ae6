use crate::command_line::Seconds;
use crate::failure::{Exit, Failure};
use crate::output::{Column, Table, complain, print, print_json};
use crate::pool::{server, statistics};
use poolcounter::client::Server;
use poolcounter::stats::{Figure, read};
use serde_json::{Map, Value, json};

/// Show the counters that servers give for STATS FULL, on port 7531
///
/// Name the servers as their clients do. Any daemon that speaks the protocol can be asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Show only this counter or time, such as `waiting_workers`
    name: Option<String>,
    /// A server: HOST, HOST:PORT or unix:/PATH; may be repeated
    #[arg(short, long = "server", value_name = "SERVER", value_parser = server, default_value = "127.0.0.1")]
    servers: Vec<Server>,
    /// How long a server may take to answer
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    timeout: Seconds,
    /// Print JSON, with all times in seconds
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { name, servers, timeout, json } = options;
    let answers = statistics(servers, timeout.0);
    let asked = servers.iter().zip(&answers);
    let texts: Vec<(&Server, &str)> =
        asked.clone().filter_map(|(server, answer)| Some((server, answer.as_deref().ok()?))).collect();
    let is_wanted = |known: &str| name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(known));
    let mut names: Vec<&str> = Vec::new();
    for (known, _) in texts.iter().flat_map(|(_, text)| lines(text)) {
        if is_wanted(known) && !names.contains(&known) {
            names.push(known);
        }
    }
    if let (Some(name), true, false) = (name, names.is_empty(), texts.is_empty()) {
        return Err(Failure::usage(format!("no server has a counter or a time named `{name}`")));
    }
    if *json {
        let servers: Vec<Value> = asked.map(|(server, answer)| object(server, answer, &names)).collect();
        print_json(&json!({ "servers": servers }))?;
    } else if !texts.is_empty() {
        print(&table(servers.len() > 1, &texts, &names))?;
    }
    let failed = answers.into_iter().filter_map(Result::err).map(complain).count();
    Ok(if failed == 0 { Exit::Done } else { Exit::NoAnswer })
}

/// The names of a text and what stands behind them.
fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once(": "))
}

/// A row for each name, a column for each server, whose name is a cell as well.
fn table(several: bool, texts: &[(&Server, &str)], names: &[&str]) -> String {
    let columns = std::iter::once(Column::Left("STATISTIC")).chain(texts.iter().map(|_| Column::Right("")));
    let mut table = Table::new(columns);
    if several {
        table.row(None, std::iter::once(String::new()).chain(texts.iter().map(|(server, _)| server.to_string())));
    }
    for name in names {
        let cell = |text: &str| lines(text).find(|(known, _)| known == name).map_or("-", |(_, value)| value).to_owned();
        table.row(None, std::iter::once((*name).to_owned()).chain(texts.iter().map(|(_, text)| cell(text))));
    }
    table.to_string()
}

fn object(server: &Server, answer: &Result<String, String>, names: &[&str]) -> Value {
    let text = match answer {
        Ok(text) => text,
        Err(cause) => return json!({ "server": server.name(), "error": cause }),
    };
    let (mut counters, mut times) = (Map::new(), Map::new());
    for (name, figure) in read(text).into_iter().filter(|(name, _)| names.contains(name)) {
        match figure {
            Figure::Count(count) => counters.insert(name.to_owned(), count.into()),
            Figure::Seconds(seconds) => times.insert(name.replace(' ', "_"), seconds.into()),
            _ => None,
        };
    }
    json!({ "server": server.name(), "counters": counters, "times_seconds": times })
}
