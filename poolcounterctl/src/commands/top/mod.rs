//! `top`: live, like top(1).

mod actions;
mod batch;
mod draw;
mod grid;
mod poll;
mod rates;
mod screen;
mod servers;
mod tables;
mod terminal;
mod view;

use crate::admin::AdminOptions;
use crate::command_line::Seconds;
use crate::commands::keys::{Sort, Window};
use crate::failure::{Exit, Failure};
use servers::Servers;
use std::io::IsTerminal;
use view::View;

/// Watch servers, groups of keys and hot keys
///
/// Press h to see what each key of the keyboard does.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print plain text, as top -b does; for scripts and logs
    #[arg(long)]
    batch: bool,
    /// End after this many rounds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    iterations: Option<u64>,
    /// The time from one round to the next
    #[arg(long, value_name = "SECONDS", default_value = "2")]
    interval: Seconds,
    /// The order of the keys
    #[arg(long, value_enum, default_value_t = Sort::Waiting)]
    sort: Sort,
    /// The time that acquires, refused and waited are counted in
    #[arg(long, value_enum, default_value_t = Window::Minute)]
    window: Window,
    /// Show only keys of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    #[command(flatten)]
    admin: AdminOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { batch, admin, sort, window, group, .. } = options;
    let view = View::new(*sort, *window, group.clone());
    let servers = Servers::new(&admin.servers);
    if *batch || admin.json {
        return batch::run(options, servers, &view).await;
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failure::usage("top needs a terminal; --batch prints plain text instead"));
    }
    screen::run(options, servers, view).await
}
