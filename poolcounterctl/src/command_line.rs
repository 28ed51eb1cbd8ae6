//! The options of the program. Those of a command stand beside the command.

use crate::commands;
use clap::{Parser, Subcommand};
use std::str::FromStr;
use std::time::Duration;

/// Shows and controls PoolCounter servers, and runs commands under their locks
#[derive(Debug, Parser)]
#[command(name = "poolcounterctl", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Status(commands::status::Options),
    Groups(commands::groups::Options),
    Keys(commands::keys::Options),
    Key(commands::key::Options),
    Clients(commands::clients::Options),
    Events(commands::events::Options),
    Record(commands::record::Options),
    Advise(commands::advise::Options),
    Top(commands::top::Options),
    Check(commands::check::Options),
    Stats(commands::stats::Options),
    Route(commands::route::Options),
    Run(commands::run::Options),
    Kick(commands::kick::Options),
    Drain(commands::drain::Options),
    Undrain(commands::undrain::Options),
    Reload(commands::reload::Options),
    #[command(hide = true)]
    Generate(commands::generate::Options),
}

/// A span above nothing, of a day at the most, in seconds with or without a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse::<f64>().ok().filter(|seconds| (0.001..=86_400.0).contains(seconds));
        let refusal = "expected a number of seconds from 0.001 to 86400";
        seconds.map(|seconds| Self(Duration::from_secs_f64(seconds))).ok_or(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_options_are_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_time_has_bounds() {
        for text in ["0", "-1", "86401", "NaN", "inf", "1s", ""] {
            assert!(text.parse::<Seconds>().is_err(), "{text}");
        }
        assert_eq!("0.5".parse(), Ok(Seconds(Duration::from_millis(500))));
    }
}
