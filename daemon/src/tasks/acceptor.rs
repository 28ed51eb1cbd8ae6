use crate::net::listener::Listener;
use crate::net::peer::Peer;
use crate::net::socket::Socket;
use crate::net::tcp_options::configure;
use crate::server::Server;
use crate::system::clock;
use crate::system::reason::reason;
use crate::system::recurring::Recurring;
use crate::tasks::reader::Reader;
use rustix::io::Errno;
use socket2::SockRef;
use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tracing::warn;

/// How long to wait before the next attempt to accept. A client that leaves ends the wait.
const PAUSE: Duration = Duration::from_secs(1);

/// Errors that concern one connection and not the next: those that accept(2) names.
const OF_ONE_CONNECTION: [Errno; 11] = [
    Errno::INTR,
    Errno::CONNABORTED,
    Errno::PERM,
    Errno::PROTO,
    Errno::NETDOWN,
    Errno::NOPROTOOPT,
    Errno::HOSTDOWN,
    Errno::NONET,
    Errno::HOSTUNREACH,
    Errno::OPNOTSUPP,
    Errno::NETUNREACH,
];

/// Accepts clients from one listener. While it turns them away, they are not served.
pub(crate) async fn run(server: Rc<Server>, listener: Rc<Listener>, turns_away: Rc<Cell<bool>>) {
    let mut failures = Recurring::default();
    let mut refusals = Recurring::default();
    let mut unconfigured = Recurring::default();
    loop {
        match accept(&server, &listener).await {
            Ok(_) if turns_away.get() => {}
            Ok(socket) => {
                if listener.inherited {
                    set_options(&socket, &mut unconfigured);
                }
                serve(&server, socket, &mut refusals);
            }
            Err(error) => failed(&server, &error, &mut failures).await,
        }
    }
}

/// Accepts whoever waits in the listener's queue.
pub(crate) fn accept_all(server: &Rc<Server>, listener: &Listener) {
    let (mut refusals, mut unconfigured) = (Recurring::default(), Recurring::default());
    while let Ok(Some(socket)) = listener.accept_queued() {
        if listener.inherited {
            set_options(&socket, &mut unconfigured);
        }
        serve(server, socket, &mut refusals);
    }
}

/// Waits until clients may be accepted, and for the next one.
async fn accept(server: &Server, listener: &Listener) -> io::Result<Socket> {
    let pause = server.accept_pause();
    loop {
        while pause.is_paused() {
            pause.may_accept_again().await;
        }
        let accepted = poll_fn(|context| {
            if pause.is_paused() {
                return Poll::Ready(None);
            }
            listener.socket.poll_accept(context).map(Some)
        });
        if let Some(accepted) = accepted.await {
            return accepted;
        }
    }
}

/// Sets the options that a client does not inherit if it connected before this daemon opened the listener.
fn set_options(socket: &Socket, failures: &mut Recurring) {
    let Socket::Tcp(tcp) = socket else { return };
    let Err(error) = configure(&SockRef::from(tcp)) else { return };
    if let Some(unsaid) = failures.due(clock::now()) {
        let peer = Peer::of(socket);
        warn!("cannot set the options of a client's TCP socket, {peer}: {}{unsaid}", reason(&error));
    }
}

fn serve(server: &Rc<Server>, socket: Socket, refusals: &mut Recurring) {
    match server.connect(socket) {
        Ok(connection) => Reader::spawn(server, connection),
        Err(socket) => {
            if let Some(unsaid) = refusals.due(clock::now()) {
                let peer = Peer::of(&socket);
                warn!("a connection beyond --max-clients {} was closed: {peer}{unsaid}", server.max_clients());
            }
        }
    }
}

/// Waits if the next attempt would fail as well: without a free descriptor, or with a broken listener.
async fn failed(server: &Server, error: &io::Error, failures: &mut Recurring) {
    server.count_connect_error();
    if Errno::from_io_error(error).is_some_and(|error| OF_ONE_CONNECTION.contains(&error)) {
        return;
    }
    if let Some(unsaid) = failures.due(clock::now()) {
        warn!("no connection can be accepted for now: {}{unsaid}", reason(error));
    }
    // After a client has left, or after this time, another attempt may succeed.
    let _ = tokio::time::timeout(PAUSE, server.accept_pause().may_accept_again()).await;
}
