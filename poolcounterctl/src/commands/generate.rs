use crate::failure::{Exit, Failure};
/// Print the manual page or completions
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}
pub(crate) fn run(_: &Options) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
