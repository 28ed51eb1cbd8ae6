use crate::failure::{Exit, Failure};
/// Watch servers
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}
pub(crate) async fn run(_: &Options) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
