use crate::net::socket::ListenerSocket;
use crate::saved::SavedListener;
use rustix::fs::lstat;
use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tracing::warn;

/// All sockets that are connected to.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) for_clients: Vec<Rc<Listener>>,
    pub(crate) for_admin: Vec<Rc<Listener>>,
}

/// A socket that clients connect to.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: ListenerSocket,
    /// It listened before this daemon opened it, so clients that wait in its backlog have not inherited the daemon's options.
    pub(crate) inherited: bool,
    /// The file of a Unix socket. It is removed with the listener, if the path still names this socket.
    pub(super) file: RefCell<Option<SocketFile>>,
}

impl Listener {
    /// Where it listens, as an option names it.
    pub(crate) fn address(&self) -> String {
        match &self.socket {
            ListenerSocket::Tcp(listener) => listener.local_addr().map(|address| address.to_string()),
            ListenerSocket::Unix(listener) => {
                let path = |address: tokio::net::unix::SocketAddr| address.as_pathname().map(Path::to_owned);
                listener.local_addr().map(|address| named(&path(address).unwrap_or_default()))
            }
        }
        .unwrap_or_default()
    }

    /// What [`resume`](Self::resume) needs.
    pub(crate) fn saved(&self) -> SavedListener {
        let file = self.file.borrow().as_ref().map(|SocketFile { path, identity: (device, inode) }| {
            (path.as_os_str().as_bytes().to_vec(), *device, *inode)
        });
        SavedListener { inherited: self.inherited, file }
    }

    /// A listener of the old program.
    pub(crate) fn resume(saved: SavedListener, socket: OwnedFd) -> io::Result<Self> {
        let file = saved.file.map(|(path, device, inode)| SocketFile {
            path: PathBuf::from(OsString::from_vec(path)),
            identity: (device, inode),
        });
        Ok(Self { socket: ListenerSocket::new(socket)?, inherited: saved.inherited, file: file.into() })
    }
}

/// A Unix socket as an option names it.
pub(crate) fn named(path: &Path) -> String {
    format!("unix:{}", path.display())
}

/// The file of a Unix socket. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have put its own socket there.
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let removed = std::fs::remove_file(&self.path);
            removed.unwrap_or_else(|error| warn!("cannot remove {}: {error}", self.path.display()));
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let status = lstat(path)?;
    Ok((status.st_dev, status.st_ino))
}
