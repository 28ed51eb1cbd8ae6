//! The old program's side of an upgrade.

use super::program::{Identity, Program};
use super::trial::{Trial, TrialError};
use super::{memory, parcel};
use crate::constants::TASKS_A_TURN;
use crate::drain::Gate;
use crate::net::listener::Listener;
use crate::net::read_order::ReadOrder;
use crate::saved::{self, StateError};
use crate::server::{SLICE, Server};
use crate::system::descriptors::with_reserve;
use crate::system::log;
use crate::system::reason::reason;
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How many trials an upgrade makes, if the file is replaced during each of them.
const ATTEMPTS: usize = 3;

/// How long this program waits for its log to be written. The new program logs how many lines were not written.
const LOG_TIME: Duration = Duration::from_secs(1);

/// The same for the lines of the last moment. No client is served during this wait.
const LAST_LINES_TIME: Duration = Duration::from_millis(10);

/// Why the old program continues.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpgradeError {
    #[error(transparent)]
    Trial(#[from] TrialError),
    #[error("its file was replaced during each of {ATTEMPTS} trials")]
    Unsteady,
    #[error("the state cannot be saved: {0}")]
    State(#[from] StateError),
    #[error("the hand-over cannot be prepared: {}", reason(.0))]
    Prepare(#[source] io::Error),
    #[error("it cannot be executed: {}", reason(.0))]
    Execute(#[source] io::Error),
}

/// Upgrades to the program file at this program's path. Returns only if that fails; then nothing has changed.
pub(crate) async fn upgrade(
    program: &Program,
    server: &Server,
    gate: &Gate,
    for_admin: &[Rc<Listener>],
) -> UpgradeError {
    let read_order = match with_reserve(ReadOrder::new) {
        Ok(read_order) => Rc::new(read_order),
        Err(error) => return UpgradeError::Prepare(error),
    };
    let Err(error) = Upgrade { program, server, gate, for_admin, read_order: &read_order }.attempt().await;
    server.unwatch();
    if let Some(read_order) = Rc::into_inner(read_order) {
        read_order.end();
    }
    error
}

struct Upgrade<'a> {
    program: &'a Program,
    server: &'a Server,
    gate: &'a Gate,
    for_admin: &'a [Rc<Listener>],
    read_order: &'a Rc<ReadOrder>,
}

impl Upgrade<'_> {
    async fn attempt(&self) -> Result<Infallible, UpgradeError> {
        self.server.watch(self.read_order).map_err(UpgradeError::Prepare)?;
        for _ in 0..ATTEMPTS {
            let trial = with_reserve(|| Trial::new(self.program, self.state()?.0).map_err(UpgradeError::Prepare))?;
            // The C library gives a child no descriptor beyond the limit.
            let accept_paused = trial.is_in_reserve().then(|| self.server.accept_pause().begin());
            let started = trial.start().await;
            drop(accept_paused);
            let tried = started?.consent().await?;
            log_written().await;
            self.gate.is_settled().await;
            self.settle().await.map_err(UpgradeError::Prepare)?;
            with_reserve(|| self.hand_over(&tried))?;
        }
        Err(UpgradeError::Unsteady)
    }

    /// Gives the server time to send its outbox and to read the bytes that have arrived, while clients are still served. The new program then reads only later bytes, in
    /// their order. Both loops are bounded, because clients that never stop sending must not block the upgrade.
    async fn settle(&self) -> io::Result<()> {
        for _ in 0..self.server.clients() / SLICE {
            if self.server.has_delivered_all() {
                break;
            }
            tokio::task::yield_now().await;
        }
        for _ in 0..self.server.clients() / TASKS_A_TURN as usize + 2 {
            if self.read_order.unread(self.server.clients())?.is_empty() {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// The state, in memory, and the sockets of the listeners that it names.
    fn state(&self) -> Result<(OwnedFd, Vec<OwnedFd>), UpgradeError> {
        let for_admin = self.for_admin;
        let (for_clients, mut sockets, drain) = self.gate.saved().map_err(UpgradeError::Prepare)?;
        for listener in for_admin {
            sockets.push(listener.socket.as_fd().try_clone_to_owned().map_err(UpgradeError::Prepare)?);
        }
        // Without an admin interface an older program can take over, too.
        let saved_admin = || self.server.saved_admin(for_admin.iter().map(|listener| listener.saved()).collect());
        let admin = (!for_admin.is_empty()).then(saved_admin);
        let acts = self.server.saved_acts(drain);
        let bytes = self.server.with_state(|table, clients| {
            let clients: Vec<_> = clients.iter().filter_map(|client| client.saved()).collect();
            saved::write(&for_clients, &clients, table, admin.as_ref(), &acts)
        });
        Ok((memory::file(&bytes?).map_err(UpgradeError::Prepare)?, sockets))
    }

    /// Executes the new program, unless its file is no longer the one that was tried.
    ///
    /// Nothing else happens in this process between the snapshot and the new program, so nothing is lost.
    fn hand_over(&self, tried: &Identity) -> Result<(), UpgradeError> {
        // The reports about overdue holders are not handed over.
        while self.server.check_holds() {}
        self.server.deliver_all();
        self.read_order.unread(self.server.clients()).map_err(UpgradeError::Prepare)?;
        let (state, listeners) = self.state()?;
        let parcel = self.server.with_state(|_, clients| {
            let first = [state.as_fd(), self.read_order.as_fd()].into_iter();
            let listeners = listeners.iter().map(AsFd::as_fd);
            let clients = clients.iter().map(|client| client.socket.as_fd());
            parcel::pack(&first.chain(listeners).chain(clients).collect::<Vec<_>>())
        });
        let parcel = parcel.map_err(UpgradeError::Prepare)?;
        if self.program.identity().is_ok_and(|identity| identity == *tried) {
            let Err(error) = self.program.execute(parcel, log::flush(LAST_LINES_TIME));
            return Err(UpgradeError::Execute(error));
        }
        Ok(())
    }
}

/// Waits for the log to be written, while clients are served.
async fn log_written() {
    let written = async {
        while !log::is_written() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    // `log::flush` counts later what was not written.
    let _ = timeout(LOG_TIME, written).await;
}
