//! Signals and the service manager. Other tasks serve the clients meanwhile.

pub(crate) mod manager;
pub(crate) mod signals;

use crate::hand_over::{Program, UpgradeError, upgrade};
use crate::net::listener::Listeners;
use crate::server::Server;
use manager::ServiceManager;
use signals::{Request, Signals};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use tracing::error;

/// Runs until a signal stops the daemon.
pub(crate) async fn run(
    server: &Rc<Server>,
    listeners: &Listeners,
    program: &Program,
    signals: &Signals,
) -> io::Result<()> {
    let manager = Rc::new(ServiceManager::from_environment(Rc::clone(server)));
    tokio::task::spawn_local(Rc::clone(&manager).keep_informed());
    let mut request = signals.next().await?;
    while request == Request::Upgrade {
        manager.reloading();
        let (failure, meanwhile) = attempt(upgrade(program, server, listeners), signals).await?;
        if let Some(failure) = failure {
            error!("SIGUSR1: not upgraded to {}: {failure}; this program continues", program.path().display());
            server.upgrades().failed(&failure.to_string());
            manager.not_upgraded(failure.to_string());
        }
        request = match meanwhile {
            Some(request) => request,
            None => signals.next().await?,
        };
    }
    manager.stopping();
    while server.check_holds() {}
    // Clients whose wait has ended are told before their connections end.
    server.deliver_all();
    Ok(())
}

/// Upgrades. Returns only if the upgrade fails or a stop comes, with the failure and the request that came meanwhile.
async fn attempt(
    upgrade: impl Future<Output = UpgradeError>,
    signals: &Signals,
) -> io::Result<(Option<UpgradeError>, Option<Request>)> {
    let mut upgrade = pin!(upgrade);
    let mut meanwhile = None;
    loop {
        tokio::select! {
            biased;
            request = signals.next() => {
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
