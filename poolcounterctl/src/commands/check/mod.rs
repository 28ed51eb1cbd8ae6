//! `check`: one line for Nagios and for containers.

mod judge;
mod reading;

use crate::admin::AdminAddress;
use crate::command_line::Seconds;
use crate::output::{print, print_json};
use crate::pool::server;
use judge::{State, Verdict};
use poolcounter::client::Server;
use serde_json::json;

/// The status of a check that came to no result, a bad command line included.
pub(crate) const UNKNOWN: u8 = State::Unknown as u8;

/// Check servers in one line, as a Nagios plugin: status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
///
/// A server that does not answer, is full or has no descriptors is CRITICAL; one that is being drained is a WARNING. Another figure counts
/// only if it has a threshold: WARNING or CRITICAL if it has reached it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated
    #[arg(
        short,
        long = "server",
        value_name = "SERVER",
        env = "POOLCOUNTERCTL_SERVER",
        hide_env_values = true,
        value_delimiter = ' ',
        default_value = "unix:/run/poolcounter/admin"
    )]
    servers: Vec<AdminAddress>,
    /// Ask this server for STATS on port 7531 instead: HOST, HOST:PORT or unix:/PATH; may be repeated
    #[arg(long, value_name = "SERVER", value_parser = server)]
    stats: Vec<Server>,
    #[command(flatten)]
    thresholds: Thresholds,
    /// How long a server may take to answer
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    timeout: Seconds,
    /// Print JSON instead of the line
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug, Default, clap::Args)]
struct Thresholds {
    /// WARNING at this many waiters or more
    #[arg(long, value_name = "N", value_parser = threshold)]
    warn_waiters: Option<f64>,
    /// CRITICAL at this many waiters or more
    #[arg(long, value_name = "N", value_parser = threshold)]
    crit_waiters: Option<f64>,
    /// WARNING if a lock that others wait for has been held for this long
    #[arg(long, value_name = "SECONDS", value_parser = threshold)]
    warn_held: Option<f64>,
    /// CRITICAL if a lock that others wait for has been held for this long
    #[arg(long, value_name = "SECONDS", value_parser = threshold)]
    crit_held: Option<f64>,
    /// WARNING at this many refusals a second or more, in the last minute
    #[arg(long, value_name = "N", value_parser = threshold)]
    warn_refused: Option<f64>,
    /// CRITICAL at this many refusals a second or more, in the last minute
    #[arg(long, value_name = "N", value_parser = threshold)]
    crit_refused: Option<f64>,
    /// WARNING if clients take this share of --max-clients, or of the descriptors if there is no such limit
    #[arg(long, value_name = "PERCENT", value_parser = threshold)]
    warn_clients: Option<f64>,
    /// CRITICAL if clients take this share of --max-clients, or of the descriptors if there is no such limit
    #[arg(long, value_name = "PERCENT", value_parser = threshold)]
    crit_clients: Option<f64>,
}

/// A figure that can be reached: a threshold that is no number or endless would never be.
fn threshold(text: &str) -> Result<f64, &'static str> {
    let figure = text.parse::<f64>().ok().filter(|figure| figure.is_finite() && *figure >= 0.0);
    figure.ok_or("expected a number from 0 on")
}

/// Whether the program was asked for a check, even if it does not understand what is to be checked.
pub(crate) fn is_asked() -> bool {
    std::env::args_os().nth(1).is_some_and(|command| command == "check")
}

pub(crate) fn run(options: &Options) -> u8 {
    let readings = match reading::all(options) {
        Ok(readings) => readings,
        Err(failure) => return show(options, &Verdict::unknown(failure.message)),
    };
    show(options, &judge::judge(&readings, &options.thresholds))
}

fn show(options: &Options, verdict: &Verdict) -> u8 {
    let Verdict { state, words, data } = verdict;
    let shown = if options.json {
        print_json(&json!({ "state": state.name(), "status": *state as u8, "message": words, "data": data.to_json() }))
    } else {
        print(&format!("POOLCOUNTER {} - {words}{data}\n", state.name()))
    };
    if shown.is_ok() { *state as u8 } else { UNKNOWN }
}
