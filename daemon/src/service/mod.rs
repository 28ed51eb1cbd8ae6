//! Signals and the service manager. Other tasks serve the clients meanwhile.

pub(crate) mod manager;
pub(crate) mod signals;

use crate::drain::Gate;
use crate::hand_over::{Program, UpgradeError, upgrade};
use crate::net::listener::Listener;
use crate::running::{Reloaded, Running};
use crate::server::Server;
use manager::ServiceManager;
use signals::{Request, Signals};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use tokio::time::Instant;
use tracing::{error, info, warn};

/// The parts of the daemon that signals act on.
#[derive(Clone, Copy)]
pub(crate) struct Daemon<'a> {
    pub(crate) server: &'a Rc<Server>,
    pub(crate) gate: &'a Rc<Gate>,
    /// The listeners of the admin interface.
    pub(crate) for_admin: &'a [Rc<Listener>],
    pub(crate) program: &'a Program,
    pub(crate) running: &'a Running,
}

/// Runs until a signal stops the daemon.
pub(crate) async fn run(daemon: &Daemon<'_>, signals: &Signals) -> io::Result<()> {
    let Daemon { server, gate, for_admin, program, running } = *daemon;
    let requests = Requests { signals, running };
    let manager = Rc::new(ServiceManager::from_environment(Rc::clone(server)));
    tokio::task::spawn_local(Rc::clone(&manager).keep_informed());
    let mut request = requests.next().await?;
    while request == Request::Upgrade {
        manager.reloading();
        let (failure, meanwhile) = attempt(upgrade(program, server, gate, for_admin), &requests).await?;
        if let Some(failure) = failure {
            error!("SIGUSR1: not upgraded to {}: {failure}; this program continues", program.path().display());
            server.upgrades().failed(&failure.to_string());
            manager.not_upgraded(failure.to_string());
        }
        request = match meanwhile {
            Some(request) => request,
            None => requests.next().await?,
        };
    }
    if let Some(patience) = running.drain_on_stop().filter(|_| request == Request::Stop) {
        manager.draining(patience);
        gate.drain();
        let drained = pin!(gate.drained(Instant::now() + patience));
        stop_or(drained, &requests).await?;
    }
    manager.stopping();
    gate.give_back();
    while server.check_holds() {}
    // Clients whose wait has ended are told before their connections end.
    server.deliver_all();
    Ok(())
}

/// Waits for the end of draining, or for another signal to stop.
async fn stop_or(mut drained: Pin<&mut impl Future<Output = bool>>, requests: &Requests<'_>) -> io::Result<()> {
    loop {
        tokio::select! {
            request = requests.next() => match request? {
                Request::Upgrade => warn!("SIGUSR1: not upgraded: the daemon is stopping"),
                _ => return Ok(()),
            },
            _ = drained.as_mut() => return Ok(()),
        }
    }
}

/// The signals that somebody else must act on.
struct Requests<'a> {
    signals: &'a Signals,
    running: &'a Running,
}

impl Requests<'_> {
    /// The next of them. Until it comes, the configuration is read again as often as a signal asks for that.
    async fn next(&self) -> io::Result<Request> {
        loop {
            match self.signals.next().await? {
                Request::Reload => self.reload(),
                request => return Ok(request),
            }
        }
    }

    fn reload(&self) {
        match self.running.reload() {
            Ok(Reloaded { changed, needs_restart }) if needs_restart.is_empty() => {
                info!("SIGHUP: changed: {}", changed.join(", "));
            }
            Ok(Reloaded { changed, needs_restart }) => {
                let (changed, needs_restart) = (changed.join(", "), needs_restart.join(", "));
                warn!("SIGHUP: changed: {changed}; these need a restart: {needs_restart}");
            }
            Err(error) => error!("SIGHUP: nothing has changed: {error}"),
        }
    }
}

/// Upgrades. Returns only if the upgrade fails or a stop comes, with the failure and the request that came meanwhile.
async fn attempt(
    upgrade: impl Future<Output = UpgradeError>,
    requests: &Requests<'_>,
) -> io::Result<(Option<UpgradeError>, Option<Request>)> {
    let mut upgrade = pin!(upgrade);
    let mut meanwhile = None;
    loop {
        tokio::select! {
            biased;
            request = requests.next() => {
                // A second request for an upgrade is carried out after the first: the file may have been replaced.
                meanwhile = Some(request?);
                if meanwhile != Some(Request::Upgrade) {
                    return Ok((None, meanwhile));
                }
            }
            failure = &mut upgrade => return Ok((Some(failure), meanwhile)),
        }
    }
}
