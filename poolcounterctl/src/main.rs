//! `poolcounterctl` shows and controls PoolCounter servers, and runs commands under their locks.

#![forbid(unsafe_code)]
#![allow(clippy::doc_markdown, reason = "what is said of an option is printed as it stands")]

mod admin;
mod command_line;
mod commands;
mod failure;
mod output;
mod pool;

use clap::Parser;
use clap::error::ErrorKind;
use command_line::CommandLine;
use failure::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let status = match CommandLine::try_parse() {
        Ok(line) => commands::run(line.command).unwrap_or_else(|failure| {
            output::complain(failure.message);
            failure.exit as u8
        }),
        Err(refusal) => {
            // Standard error may be closed, and there is nobody else to tell.
            let _ = refusal.print();
            match refusal.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done as u8,
                _ if commands::check::is_asked() => commands::check::UNKNOWN,
                _ => Exit::Usage as u8,
            }
        }
    };
    ExitCode::from(status)
}
