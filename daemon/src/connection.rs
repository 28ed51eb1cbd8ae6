use crate::server::{Progress, Server};
use crate::socket::Socket;
use poolcounter::ClientId;
use poolcounter::protocol::LineBuffer;
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;

/// One client's socket.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: ClientId,
    pub(crate) socket: Socket,
    /// The server has already parted with the client: it did not take an answer.
    pub(crate) cut_off: Cell<bool>,
}

/// Reads from a client until it leaves.
pub(crate) async fn run(server: Rc<Server>, connection: Rc<Connection>) {
    let mut lines = LineBuffer::new();
    while poll_fn(|context| connection.socket.poll_read_ready(context)).await.is_ok() {
        match server.read(&connection, &mut lines) {
            Progress::Drained => {}
            // A client that sends without end must let the others have their turn.
            Progress::More => tokio::task::yield_now().await,
            Progress::Gone => break,
        }
    }
    server.disconnect(&connection);
}
