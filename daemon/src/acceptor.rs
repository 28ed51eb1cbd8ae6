use crate::connection::Reader;
use crate::listener::Listener;
use crate::server::{Refused, Server};
use crate::socket::Socket;
use rustix::io::Errno;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tracing::warn;

/// How long to wait for a descriptor before trying again; a client that leaves ends the wait sooner.
const PAUSE: Duration = Duration::from_secs(1);

/// Lets clients in from one listener.
pub(crate) async fn run(server: Rc<Server>, listener: Listener) {
    loop {
        match poll_fn(|context| listener.socket.poll_accept(context)).await {
            Ok(socket) => welcome(&server, socket),
            Err(error) => refused(&server, &error).await,
        }
    }
}

fn welcome(server: &Rc<Server>, socket: Socket) {
    match server.connect(socket) {
        Ok(connection) => {
            tokio::task::spawn_local(Reader { server: Rc::clone(server), connection });
        }
        Err(Refused(limit)) => {
            server.warn_refused(|unsaid| warn!(unsaid, "a connection beyond --max-clients {limit} was closed"));
        }
    }
}

/// Without a free descriptor (or memory) the next attempt would fail as well; after other errors, which concern one client, it may not.
async fn refused(server: &Server, error: &io::Error) {
    server.count_connect_error();
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    if !Errno::from_io_error(error).is_some_and(|error| exhausted.contains(&error)) {
        return;
    }
    server.warn_refused(|unsaid| warn!(unsaid, "no connection can be accepted until another one ends: {error}"));
    // Whether a client left or the time is up: it is worth another try.
    let _ = tokio::time::timeout(PAUSE, server.descriptor_freed()).await;
}
