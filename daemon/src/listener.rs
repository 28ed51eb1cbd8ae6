//! Where clients come in: sockets that we bind, and sockets that were handed to us.

use crate::address::Address;
use crate::command_line::Options;
use crate::hand_over::{SavedListener, TakeOverError};
use crate::reason::reason;
use crate::socket::ListenerSocket;
use listenfd::ListenFd;
use rustix::fs::{Mode, lstat};
use rustix::process::umask;
use socket2::{Domain, SockAddr, Socket, TcpKeepalive, Type};
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::{info, warn};

/// Connections that may wait to be accepted; the system cuts it to its own limit. With the reference's 20, a burst of clients
/// waits for TCP's retries.
const BACKLOG: i32 = 65_535;

const BIND_ATTEMPTS: usize = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// A client host that says nothing is asked after a minute, and given up after another.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_mins(1)).with_interval(Duration::from_secs(15)).with_retries(4);
const USER_TIMEOUT: Duration = Duration::from_mins(2);

/// Why the daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    // The reference's words, without the address.
    #[error("Couldn't bind: {}", reason(.0))]
    Bind(#[source] io::Error),
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
    #[error("Couldn't take over: {0}")]
    TakeOver(#[from] TakeOverError),
    #[error("Couldn't wait for signals: {}", reason(.0))]
    Signals(#[source] io::Error),
    #[error("Couldn't start: {}", reason(.0))]
    Runtime(#[source] io::Error),
}

impl StartError {
    fn is_address_in_use(&self) -> bool {
        match self {
            Self::Bind(error) | Self::BindUnix(_, error) => error.kind() == io::ErrorKind::AddrInUse,
            Self::InUse(_) => true,
            _ => false,
        }
    }

    /// Whether the same command line would fail for the same reason at the next start, for as long as nobody mends something.
    pub(crate) fn is_for_good(&self) -> bool {
        match self {
            Self::Twice(..) | Self::NotASocket(_) | Self::Passed(..) => true,
            // An address may be there later, or free, and so may a folder.
            Self::Bind(error) | Self::BindUnix(_, error) => {
                matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
            }
            _ => false,
        }
    }
}

/// A socket that clients connect to.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: ListenerSocket,
    /// It was listening before it was ours: clients may be waiting that inherited none of our options.
    pub(crate) inherited: bool,
    /// Removed with the listener, if it is still ours.
    file: Option<SocketFile>,
}

impl Listener {
    /// What is to be known for [`resume`](Self::resume).
    pub(crate) fn saved(&self) -> SavedListener {
        let file = self.file.as_ref().map(|SocketFile { path, identity: (device, inode) }| {
            (path.as_os_str().as_bytes().to_vec(), *device, *inode)
        });
        SavedListener { inherited: self.inherited, file }
    }

    /// A listener that another program has had so far.
    pub(crate) fn resume(saved: SavedListener, socket: OwnedFd) -> io::Result<Self> {
        let file = saved.file.map(|(path, device, inode)| SocketFile {
            path: PathBuf::from(OsString::from_vec(path)),
            identity: (device, inode),
        });
        Ok(Self { socket: ListenerSocket::new(socket)?, inherited: saved.inherited, file })
    }
}

/// Opens everything that the options and the environment ask for.
pub(crate) fn open(options: &Options) -> Result<Vec<Listener>, StartError> {
    let mut listeners = Vec::new();
    if let Some(socket) = inherited() {
        listeners.push(given(socket, "standard input").map_err(StartError::Inherited)?);
    }
    let stdin_listens = !listeners.is_empty();
    listeners.extend(passed()?);
    // The service has `-l` in its command line whether its socket is activated or not.
    let tcp_passed = listeners.iter().any(|listener| matches!(listener.socket, ListenerSocket::Tcp(_)));
    let address = options.address.as_ref().filter(|_| !stdin_listens && !tcp_passed);
    let addresses: Vec<&Address> = address.into_iter().chain(&options.listen).collect();
    for (place, address) in addresses.iter().enumerate() {
        if let Some(before) = addresses[..place].iter().find(|before| before.excludes(address)) {
            return Err(StartError::Twice((*before).clone(), (*address).clone()));
        }
    }
    for address in addresses {
        listeners.push(bind(address, options.unix_mode)?);
    }
    if listeners.is_empty() {
        listeners.push(bind(&Address::DEFAULT, options.unix_mode)?);
    }
    Ok(listeners)
}

/// Standard input, if it is a listening socket. The reference takes any socket for one; see `docs/compatibility.md`.
fn inherited() -> Option<Socket> {
    let stdin = io::stdin();
    let listening = rustix::net::sockopt::socket_acceptconn(stdin.as_fd()).unwrap_or(false);
    let socket = stdin.as_fd().try_clone_to_owned().ok().filter(|_| listening)?;
    Some(Socket::from(socket))
}

/// The sockets of systemd's socket activation.
fn passed() -> Result<Vec<Listener>, StartError> {
    let mut sockets = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..sockets.len() {
        let failed = |error| StartError::Passed(index, error);
        let socket = match sockets.take_tcp_listener(index) {
            Ok(listener) => listener.map(Socket::from),
            Err(_) => sockets.take_unix_listener(index).map_err(failed)?.map(Socket::from),
        };
        let Some(socket) = socket else { continue };
        if !socket.is_listener().map_err(failed)? {
            return Err(failed(io::Error::other("it is not listening")));
        }
        listeners.push(given(socket, "LISTEN_FDS").map_err(failed)?);
    }
    Ok(listeners)
}

fn given(socket: Socket, origin: &str) -> io::Result<Listener> {
    if socket.domain()? != Domain::UNIX {
        configure_or_warn(&socket);
    }
    info!("listening on a socket from {origin}");
    Ok(Listener { socket: ListenerSocket::new(socket.into())?, inherited: true, file: None })
}

/// An address that is in use is tried again for a moment: a daemon that was killed while it started a child leaves its listeners to that for some milliseconds.
fn bind(address: &Address, unix_mode: u32) -> Result<Listener, StartError> {
    let mut attempts = BIND_ATTEMPTS;
    let listener = loop {
        attempts -= 1;
        match bind_once(address, unix_mode) {
            Err(error) if error.is_address_in_use() && attempts > 0 => std::thread::sleep(BETWEEN_ATTEMPTS),
            bound => break bound?,
        }
    };
    info!("listening on {address}");
    Ok(listener)
}

fn bind_once(address: &Address, unix_mode: u32) -> Result<Listener, StartError> {
    match address {
        Address::Tcp(address) => bind_tcp(*address).map_err(StartError::Bind),
        Address::Unix(path) => bind_unix(path, unix_mode),
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking().cloexec(), None)?;
    if address.is_ipv6() {
        // `::` stands for both families, as in the reference from 1.2.0 on.
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    configure_or_warn(&socket);
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(Listener { socket: ListenerSocket::new(socket.into())?, inherited: false, file: None })
}

/// The options of a TCP listener, which the connections inherit that come after; that saves system calls for each of them.
pub(crate) fn configure(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&KEEPALIVE)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))
}

fn configure_or_warn(socket: &Socket) {
    if let Err(error) = configure(socket) {
        warn!("cannot set the options of a TCP listener: {}", reason(&error));
    }
}

fn bind_unix(path: &Path, mode: u32) -> Result<Listener, StartError> {
    let failed = |error| StartError::BindUnix(path.to_owned(), error);
    let address = SockAddr::unix(path).map_err(failed)?;
    remove_stale(path, &address)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None).map_err(failed)?;
    // The mode comes from the mask, so that the file never has wider permissions, not even for a moment.
    let mask = umask(Mode::from_raw_mode(!mode & 0o777));
    let bound = socket.bind(&address);
    umask(mask);
    bound.map_err(failed)?;
    let file = SocketFile::new(path).map_err(failed)?;
    socket.listen(BACKLOG).map_err(failed)?;
    Ok(Listener { socket: ListenerSocket::new(socket.into()).map_err(failed)?, inherited: false, file: Some(file) })
}

/// Removes a socket file that no server listens on.
fn remove_stale(path: &Path, address: &SockAddr) -> Result<(), StartError> {
    let failed = |error| StartError::BindUnix(path.to_owned(), error);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !std::os::unix::fs::FileTypeExt::is_socket(&metadata.file_type()) => {
            return Err(StartError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None).map_err(failed)?;
    match probe.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path).map_err(failed),
        // A server whose backlog is full is a server too.
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(failed(error)),
        _ => Err(StartError::InUse(path.to_owned())),
    }
}

/// The file of a Unix socket; it goes with the listener.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have put its own socket there meanwhile.
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
