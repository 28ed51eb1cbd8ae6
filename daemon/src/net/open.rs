//! Opens the listeners: binds addresses, and takes the sockets that the daemon was started with.

use super::listen_error::ListenError;
use super::listener::{Listener, Listeners, SocketFile};
use super::socket::ListenerSocket;
use super::tcp_options::configure_or_warn;
use crate::command_line::Options;
use crate::command_line::address::Address;
use listenfd::ListenFd;
use rustix::fs::Mode;
use rustix::process::umask;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use tracing::{info, warn};

/// How many connections may wait to be accepted. The system reduces it to its own limit. With the reference's 20, a burst of clients waits for TCP's retries.
pub(super) const BACKLOG: i32 = 65_535;

/// Permissions of the admin interface's sockets, whatever `--unix-mode` says of the others: who may use those may not see all keys.
const ADMIN_MODE: u32 = 0o660;

const BIND_ATTEMPTS: usize = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// Opens everything that the options and the environment ask for.
pub(crate) fn open(options: &Options) -> Result<Listeners, ListenError> {
    let mut listeners = Vec::new();
    if let Some(socket) = inherited() {
        listeners.push(given(socket, "standard input").map_err(ListenError::Inherited)?);
    }
    let stdin_listens = !listeners.is_empty();
    listeners.extend(passed()?);
    // The service has `-l` in its command line whether its socket is activated or not.
    let tcp_passed = listeners.iter().any(|listener| matches!(listener.socket, ListenerSocket::Tcp(_)));
    let address = options.address.as_ref().filter(|_| !stdin_listens && !tcp_passed);
    let addresses: Vec<&Address> = address.into_iter().chain(&options.listen).collect();
    let addresses = if addresses.is_empty() && listeners.is_empty() { vec![&Address::DEFAULT] } else { addresses };
    let all: Vec<&Address> = addresses.iter().copied().chain(&options.admin).collect();
    for (index, address) in all.iter().enumerate() {
        if let Some(before) = all[..index].iter().find(|before| before.excludes(address)) {
            return Err(ListenError::Twice((*before).clone(), (*address).clone()));
        }
    }
    // First, so that no client has connected if the start fails.
    let for_admin = open_admin(&options.admin)?;
    for address in addresses {
        listeners.push(bind(address, options.unix_mode)?);
    }
    Ok(Listeners { for_clients: listeners.into_iter().map(Rc::new).collect(), for_admin })
}

fn open_admin(addresses: &[Address]) -> Result<Vec<Rc<Listener>>, ListenError> {
    let open = |address: &Address| {
        let listener = bind(address, ADMIN_MODE).map_err(|error| match error {
            ListenError::Bind(error) => ListenError::BindAdmin(address.clone(), error),
            error => error,
        })?;
        if address.is_exposed() {
            warn!(
                "--admin {address}: other hosts that reach this address can read all keys, which contain users' addresses"
            );
        }
        Ok(Rc::new(listener))
    };
    addresses.iter().map(open).collect()
}

/// Standard input, if it is a listening socket. The reference takes any socket; see `docs/compatibility.md`.
fn inherited() -> Option<Socket> {
    let stdin = io::stdin();
    let listening = rustix::net::sockopt::socket_acceptconn(stdin.as_fd()).unwrap_or(false);
    let socket = stdin.as_fd().try_clone_to_owned().ok().filter(|_| listening)?;
    Some(Socket::from(socket))
}

/// The sockets of systemd's socket activation.
fn passed() -> Result<Vec<Listener>, ListenError> {
    let mut sockets = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..sockets.len() {
        let failed = |error| ListenError::Passed(index, error);
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
    Ok(Listener { socket: ListenerSocket::new(socket.into())?, inherited: true, file: None.into() })
}

/// Binds an address. If it is in use, tries again for a moment: the child of a killed daemon may keep its listeners open for some milliseconds.
pub(crate) fn bind(address: &Address, unix_mode: u32) -> Result<Listener, ListenError> {
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

fn bind_once(address: &Address, unix_mode: u32) -> Result<Listener, ListenError> {
    match address {
        Address::Tcp(address) => bind_tcp(*address).map_err(ListenError::Bind),
        Address::Unix(path) => bind_unix(path, unix_mode),
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking().cloexec(), None)?;
    if address.is_ipv6() {
        // `::` means both families, as in the reference from 1.2.0 on.
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    configure_or_warn(&socket);
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(Listener { socket: ListenerSocket::new(socket.into())?, inherited: false, file: None.into() })
}

fn bind_unix(path: &Path, mode: u32) -> Result<Listener, ListenError> {
    let failed = |error| ListenError::BindUnix(path.to_owned(), error);
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
    Ok(Listener {
        socket: ListenerSocket::new(socket.into()).map_err(failed)?,
        inherited: false,
        file: Some(file).into(),
    })
}

/// Removes a socket file that no server listens on.
fn remove_stale(path: &Path, address: &SockAddr) -> Result<(), ListenError> {
    let failed = |error| ListenError::BindUnix(path.to_owned(), error);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !std::os::unix::fs::FileTypeExt::is_socket(&metadata.file_type()) => {
            return Err(ListenError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None).map_err(failed)?;
    match probe.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path).map_err(failed),
        // A full backlog (`WouldBlock`) also means that a server listens.
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(failed(error)),
        _ => Err(ListenError::InUse(path.to_owned())),
    }
}
