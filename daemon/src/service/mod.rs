//! Signals and the service manager. Other tasks serve the clients meanwhile.

pub(crate) mod manager;
pub(crate) mod signals;

use crate::hand_over::{Program, UpgradeError, upgrade};
use crate::net::listener::Listeners;
use crate::running::{Reloaded, Running};
use crate::server::Server;
use manager::ServiceManager;
use signals::{Request, Signals};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use tracing::{error, info, warn};

/// Runs until a signal stops the daemon.
pub(crate) async fn run(
    server: &Rc<Server>,
    listeners: &Listeners,
    program: &Program,
    signals: &Signals,
    running: &Running,
) -> io::Result<()> {
    let requests = Requests { signals, running };
    let manager = Rc::new(ServiceManager::from_environment(Rc::clone(server)));
    tokio::task::spawn_local(Rc::clone(&manager).keep_informed());
    let mut request = requests.next().await?;
    while request == Request::Upgrade {
        manager.reloading();
        let (failure, meanwhile) = attempt(upgrade(program, server, listeners), &requests).await?;
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
    manager.stopping();
    while server.check_holds() {}
    // Clients whose wait has ended are told before their connections end.
    server.deliver_all();
    Ok(())
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
                if meanwhile == Some(Request::Stop) {
                    return Ok((None, meanwhile));
                }
            }
            failure = &mut upgrade => return Ok((Some(failure), meanwhile)),
        }
    }
}
