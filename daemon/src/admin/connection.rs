use super::body::Body;
use super::deadline::Deadline;
use super::shared::{Admin, Origin};
use super::stream::Stream;
use crate::net::socket::Socket;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;
use tracing::debug;

/// How long a connection may take for the head of a request, or wait for the next one.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How much longer a file may take than another answer: it may have many megabytes.
const FILE_TIME: Duration = Duration::from_mins(9);

/// The largest head of a request, in bytes, and how many bytes of answers wait for the socket.
const MAX_HEAD: usize = 8 * 1024;

/// Counts a connection for as long as it is there.
#[derive(Debug)]
pub(super) struct Counted(Rc<Admin>);

impl Counted {
    pub(super) fn new(admin: &Rc<Admin>) -> Self {
        admin.connections.set(admin.connections.get() + 1);
        Self(Rc::clone(admin))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.set(self.0.connections.get() - 1);
    }
}

/// Answers the requests of one connection until it ends.
pub(super) async fn serve(counted: Counted, socket: Socket) {
    let Counted(admin) = &counted;
    let origin = match socket {
        Socket::Tcp(_) => Origin::Tcp,
        Socket::Unix(_) => Origin::Unix,
    };
    let deadline = Deadline::default();
    let stream = Stream::new(socket, deadline.clone());
    let service = service_fn(|request: Request<Incoming>| {
        deadline.begin();
        let deadline = &deadline;
        async move {
            let answer = admin.answer(origin, request, deadline).await;
            match answer.body() {
                Body::Pieces(_) => deadline.lift(),
                Body::File(_) => deadline.begin_after(FILE_TIME),
                Body::Whole { .. } => {}
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MAX_HEAD).half_close(true);
    if let Err(error) = server.serve_connection(stream, service).await {
        debug!("a connection of the admin interface ended: {error}");
    }
}
