//! Messages to systemd: `sd_notify(3)`.
//!
//! It uses no library, because the libraries wait until the message is taken: a service manager that hangs would stop the daemon.

use crate::server::Server;
use crate::system::clock;
use crate::system::reason::reason;
use std::cell::{Cell, RefCell};
use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::rc::Rc;
use std::time::Duration;
use tracing::warn;

/// How often the state is sent if there is no watchdog.
const USUAL_PERIOD: Duration = Duration::from_secs(10);

/// What the end takes after draining.
const AFTER_DRAINING: Duration = Duration::from_secs(5);

const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

/// The service manager, if one listens (`NOTIFY_SOCKET`), and the state that is sent to it.
#[derive(Debug)]
pub(crate) struct ServiceManager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
    server: Rc<Server>,
    /// Another program is being tried.
    reloading: Cell<bool>,
    stopping: Cell<bool>,
    /// Why the last upgrade failed.
    failure: RefCell<Option<String>>,
}

/// Whether a service manager has started this program.
pub(crate) fn is_there() -> bool {
    env::var_os(NOTIFY_SOCKET).is_some_and(|name| !name.is_empty())
}

impl ServiceManager {
    pub(crate) fn from_environment(server: Rc<Server>) -> Self {
        let socket = env::var_os(NOTIFY_SOCKET).and_then(|name| {
            let socket = connect(&name);
            if let Err(error) = &socket {
                warn!("NOTIFY_SOCKET: {} cannot be reached: {}", name.display(), reason(error));
            }
            socket.ok()
        });
        Self {
            socket,
            watchdog: watchdog(),
            server,
            reloading: Cell::new(false),
            stopping: Cell::new(false),
            failure: RefCell::new(None),
        }
    }

    /// Sends the daemon's state at regular intervals. If the daemon hangs, the messages stop, and the watchdog notices it.
    pub(crate) async fn keep_informed(self: Rc<Self>) {
        loop {
            self.inform();
            if self.socket.is_none() {
                return;
            }
            tokio::time::sleep(self.watchdog.map_or(USUAL_PERIOD, |longest| longest / 2)).await;
        }
    }

    /// Another program is being tried.
    pub(crate) fn reloading(&self) {
        self.reloading.set(true);
        let now = clock::now().as_micros();
        self.tell(|| format!("RELOADING=1\nMONOTONIC_USEC={now}\n"));
        self.inform();
    }

    /// The other program does not take over, for this reason.
    pub(crate) fn not_upgraded(&self, failure: String) {
        self.reloading.set(false);
        self.failure.replace(Some(failure));
        self.inform();
    }

    /// The daemon stops after its clients have finished, which may take this long. The time that the service manager waits is extended.
    pub(crate) fn draining(&self, patience: Duration) {
        self.stopping.set(true);
        let longest = (patience + AFTER_DRAINING).as_micros();
        self.tell(|| format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={longest}\nSTATUS=Draining\n"));
    }

    pub(crate) fn stopping(&self) {
        self.tell(|| "STOPPING=1\nSTATUS=Stopping\n".to_owned());
    }

    /// Sends the whole state each time, so that a lost message does no harm.
    fn inform(&self) {
        self.tell(|| {
            let ready = if self.reloading.get() || self.stopping.get() { "" } else { "READY=1\n" };
            let alive = if self.watchdog.is_some() { "WATCHDOG=1\n" } else { "" };
            let status = self.server.status();
            let failure =
                self.failure.borrow().as_ref().map_or_else(String::new, |why| format!("; not upgraded: {why}"));
            format!("{ready}{alive}STATUS={status}{failure}\n")
        });
    }

    fn tell(&self, message: impl FnOnce() -> String) {
        if let Some(socket) = &self.socket {
            // If the service manager does not take the message, it is lost.
            let _ = socket.send(message().as_bytes());
        }
    }
}

fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address)?;
    Ok(socket)
}

/// How long the service manager waits for a message before it kills this process; `None` without a watchdog.
fn watchdog() -> Option<Duration> {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    let meant = number("WATCHDOG_PID").is_none_or(|process| process == u64::from(std::process::id()));
    number("WATCHDOG_USEC").filter(|micros| meant && *micros > 0).map(Duration::from_micros)
}
