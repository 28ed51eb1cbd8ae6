use crate::config::ConfigError;
use crate::hand_over::TakeOverError;
use crate::net::listen_error::ListenError;
use crate::system::reason::reason;
use std::io;

/// Why the daemon cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("Couldn't take over: {0}")]
    TakeOver(#[from] TakeOverError),
    #[error("Couldn't wait for signals: {}", reason(.0))]
    Signals(#[source] io::Error),
    #[error("Couldn't start: {}", reason(.0))]
    Runtime(#[source] io::Error),
}

impl StartError {
    /// Whether the next start with the same command line fails for the same reason, unless the operator changes something.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Config(_) => true,
            Self::Listen(error) => error.is_permanent(),
            _ => false,
        }
    }
}
