//! The commands, each in a file of its own name, with its options.

pub(crate) mod advise;
pub(crate) mod check;
pub(crate) mod clients;
pub(crate) mod drain;
pub(crate) mod events;
pub(crate) mod generate;
pub(crate) mod groups;
pub(crate) mod key;
pub(crate) mod keys;
pub(crate) mod kick;
pub(crate) mod record;
pub(crate) mod reload;
pub(crate) mod route;
pub(crate) mod run;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod top;
pub(crate) mod undrain;

use crate::command_line::Command;
use crate::failure::Failure;

/// Does what is asked for, and gives the exit status.
pub(crate) fn run(command: Command) -> Result<u8, Failure> {
    let exit = match command {
        Command::Run(options) => return run::run(&options),
        Command::Check(options) => return Ok(check::run(&options)),
        Command::Stats(options) => stats::run(&options),
        Command::Route(options) => route::run(&options),
        Command::Advise(options) => advise::run(&options),
        Command::Generate(options) => generate::run(&options),
        Command::Status(options) => wait_for(status::run(&options)),
        Command::Groups(options) => wait_for(groups::run(&options)),
        Command::Keys(options) => wait_for(keys::run(&options)),
        Command::Key(options) => wait_for(key::run(&options)),
        Command::Clients(options) => wait_for(clients::run(&options)),
        Command::Events(options) => wait_for(events::run(&options)),
        Command::Record(options) => wait_for(record::run(&options)),
        Command::Top(options) => wait_for(top::run(&options)),
        Command::Kick(options) => wait_for(kick::run(&options)),
        Command::Drain(options) => wait_for(drain::run(&options)),
        Command::Undrain(options) => wait_for(undrain::run(&options)),
        Command::Reload(options) => wait_for(reload::run(&options)),
    };
    exit.map(|exit| exit as u8)
}

fn wait_for<T>(done: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(done);
    // The look-up of a name may still be under way in another thread.
    runtime.shutdown_background();
    result
}
