use crate::command_line::address::Address;
use crate::system::reason::reason;
use std::io;
use std::path::PathBuf;

/// Why the daemon cannot listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    // The reference's text, which does not name the address.
    #[error("Couldn't bind: {}", reason(.0))]
    Bind(#[source] io::Error),
    #[error("Couldn't bind {0} for --admin: {reason}", reason = reason(.1))]
    BindAdmin(Address, #[source] io::Error),
    #[error("Couldn't bind unix:{}: {}", .0.display(), reason(.1))]
    BindUnix(PathBuf, #[source] io::Error),
    #[error("Couldn't bind unix:{}: a server is listening there", .0.display())]
    InUse(PathBuf),
    #[error("Couldn't bind unix:{}: there is a file that is not a socket", .0.display())]
    NotASocket(PathBuf),
    #[error("Couldn't listen at both {0} and {1}: the command line asks for one port twice")]
    Twice(Address, Address),
    #[error("Couldn't listen on standard input: {}", reason(.0))]
    Inherited(#[source] io::Error),
    #[error("LISTEN_FDS: socket {0} cannot be listened on: {reason}", reason = reason(.1))]
    Passed(usize, #[source] io::Error),
}

impl ListenError {
    pub(crate) fn is_address_in_use(&self) -> bool {
        match self {
            Self::Bind(error) | Self::BindUnix(_, error) | Self::BindAdmin(_, error) => {
                error.kind() == io::ErrorKind::AddrInUse
            }
            Self::InUse(_) => true,
            _ => false,
        }
    }

    /// Whether the next start with the same command line fails for the same reason, unless the operator changes something.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Twice(..) | Self::NotASocket(_) | Self::Passed(..) => true,
            // An address or a folder may exist later, and an address may be free later.
            Self::Bind(error) | Self::BindUnix(_, error) | Self::BindAdmin(_, error) => {
                matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
            }
            _ => false,
        }
    }
}
