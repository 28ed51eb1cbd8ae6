//! The new program's side of an upgrade.

use super::program::{HAND_OVER, UNWRITTEN};
use super::trial::CONSENT;
use super::{memory, parcel};
use crate::constants::VERSION;
use crate::net::listener::{Listener, Listeners};
use crate::net::read_order::ReadOrder;
use crate::net::socket::Socket;
use crate::saved::{MAGIC, SavedAdmin, SavedDrain, SavedListener, State, StateError};
use crate::server::{Server, hash_seed};
use crate::system::descriptors::{into_reserve, is_of_reserve, keep_reserve, out_of_reserve};
use crate::system::reason::reason;
use crate::tasks::reader::Reader;
use rustix::fs::{Mode, OFlags, open};
use rustix::stdio::{dup2_stdin, stdin};
use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use tracing::info;

/// Why the program cannot take over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeOverError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error("standard input cannot be read: {}", reason(.0))]
    Input(#[source] io::Error),
    #[error("standard output cannot be written to: {}", reason(.0))]
    Output(#[source] io::Error),
    #[error("a socket cannot be used: {}", reason(.0))]
    Socket(#[source] io::Error),
    #[error("cannot read the order in which clients sent data: {}", reason(.0))]
    ReadOrder(#[source] io::Error),
    #[error("{came} descriptors came, {expected} were expected")]
    Descriptors { came: usize, expected: usize },
}

/// Whether this program was executed to take over.
pub(crate) fn is_due() -> bool {
    env::var(HAND_OVER).is_ok_and(|process| process == std::process::id().to_string())
}

/// How many lines of its log the old program has not written.
pub(crate) fn unwritten() -> usize {
    let number = env::var(UNWRITTEN).ok().filter(|_| is_due());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Tells the old program, on standard output, that the state on standard input can be taken over. Does nothing else.
pub(crate) fn check() -> Result<(), TakeOverError> {
    read(stdin().try_clone_to_owned().map_err(TakeOverError::Input)?)?;
    io::stdout().write_all(CONSENT.as_bytes()).map_err(TakeOverError::Output)
}

/// Takes over the listeners and the server with all its clients, which are on standard input. `begin` puts the settings into force before anything is read
/// from a client.
pub(crate) async fn take_over<T>(
    begin: impl FnOnce(&Rc<Server>, &Listeners) -> T,
) -> Result<(Listeners, Rc<Server>, SavedDrain, T), TakeOverError> {
    let (state, read_order, sockets) = unpack()?;
    let SavedAdmin { listeners: for_admin, serials, upgrades } = state.admin.unwrap_or_default();
    let mut sockets = sockets.into_iter();
    let mut resume = |saved: Vec<SavedListener>| {
        let listeners = saved.into_iter().zip(&mut sockets).map(|(saved, socket)| Listener::resume(saved, socket));
        listeners.map(|listener| listener.map(Rc::new)).collect::<io::Result<Vec<_>>>().map_err(TakeOverError::Socket)
    };
    let listeners = Listeners { for_clients: resume(state.listeners)?, for_admin: resume(for_admin)? };
    let sockets = sockets.map(Socket::resume).collect::<io::Result<Vec<_>>>().map_err(TakeOverError::Socket)?;
    info!("version {VERSION} took over {} clients and {} listeners", sockets.len(), listeners.for_clients.len());
    let clients = state.clients.into_iter().zip(sockets);
    let begin = |server: &Rc<Server>| begin(server, &listeners);
    let server = Server::resume(state.table, clients, read_order, (serials, &upgrades), begin).await;
    let (server, connections, outcome) = server.map_err(TakeOverError::ReadOrder)?;
    server.resume_acts(&state.acts);
    for connection in connections {
        Reader::spawn(&server, connection);
    }
    Ok((listeners, server, state.acts.drain, outcome))
}

/// What is on standard input: the state, the read order, and the sockets of the listeners, of the admin interface's listeners and of the clients.
fn unpack() -> Result<(State, ReadOrder, Vec<OwnedFd>), TakeOverError> {
    let parcel = stdin().try_clone_to_owned().map_err(TakeOverError::Input)?;
    let mut descriptors = parcel::unpack(&parcel).map_err(TakeOverError::Input)?.into_iter();
    drop(parcel);
    close_input().map_err(TakeOverError::Input)?;
    let came = descriptors.len();
    let (Some(state), Some(read_order)) = (descriptors.next(), descriptors.next()) else {
        return Err(TakeOverError::Descriptors { came, expected: 2 });
    };
    let state = read(state)?;
    let for_admin = state.admin.as_ref().map_or(0, |admin| admin.listeners.len());
    let expected = 2 + state.listeners.len() + for_admin + state.clients.len();
    if came != expected {
        return Err(TakeOverError::Descriptors { came, expected });
    }
    keep_reserve();
    // If the hand-over's own descriptors have low numbers, some sockets may have high numbers, which belong to the reserve. Then the read order moves into the
    // reserve and the sockets move out of it; otherwise the reserve would shrink with each upgrade. Nothing moves without need, because high numbers cost the
    // system memory, up to gigabytes.
    let reserve_is_used = descriptors.as_slice().iter().any(is_of_reserve);
    let read_order = ReadOrder::resume(if reserve_is_used { into_reserve(read_order) } else { read_order });
    Ok((state, read_order, descriptors.map(out_of_reserve).collect()))
}

fn read(file: OwnedFd) -> Result<State, TakeOverError> {
    let mut file = File::from(file);
    let mut bytes = Vec::new();
    // If the input does not begin with this, it may be endless.
    (&mut file).take(MAGIC.len() as u64).read_to_end(&mut bytes).map_err(TakeOverError::Input)?;
    if bytes == MAGIC {
        file.read_to_end(&mut bytes).map_err(TakeOverError::Input)?;
    }
    Ok(State::read(&bytes, hash_seed())?)
}

/// Replaces standard input by an empty file, so that a later program cannot take over from it again.
fn close_input() -> io::Result<()> {
    let null = open("/dev/null", OFlags::RDONLY, Mode::empty());
    // In a chroot there may be no devices.
    Ok(dup2_stdin(null.map_or_else(|_| memory::file(b""), Ok)?)?)
}
