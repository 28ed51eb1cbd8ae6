use super::connection::{Counted, serve};
use super::shared::Admin;
use crate::constants::MAX_ADMIN_CONNECTIONS;
use crate::net::listener::Listener;
use crate::net::socket::Socket;
use crate::system::clock;
use crate::system::descriptors::with_admin_reserve;
use crate::system::reason::reason;
use crate::system::recurring::Recurring;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tracing::warn;

/// How long to wait before the next attempt to accept, after one that failed.
const PAUSE: Duration = Duration::from_millis(100);

/// What one connection too many is told. It is not read from.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json\r\n\
    content-length: 53\r\n\
    connection: close\r\n\
    \r\n\
    {\"error\":\"There are too many admin connections now.\"}";

/// Accepts connections of the admin interface from one listener.
pub(super) async fn run(admin: Rc<Admin>, listener: Rc<Listener>) {
    let mut failures = Recurring::default();
    loop {
        tokio::task::yield_now().await;
        match accept(&admin, &listener).await {
            // One in a turn of the runtime, so that no crowd of them keeps clients waiting.
            Ok(socket) if admin.connections.get() >= MAX_ADMIN_CONNECTIONS => {
                // Nothing was sent on this socket before, so its buffer has room for these few bytes.
                let _ = socket.send(TOO_MANY);
            }
            Ok(socket) => {
                tokio::task::spawn_local(serve(Counted::new(&admin), socket));
            }
            Err(error) => {
                if let Some(unsaid) = failures.due(clock::now()) {
                    warn!("no connection of the admin interface can be accepted for now: {}{unsaid}", reason(&error));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Waits for the next connection. During the start of a trial there is none, because its descriptors must not become those of the reserve.
async fn accept(admin: &Admin, listener: &Listener) -> io::Result<Socket> {
    let pause = admin.server.accept_pause();
    loop {
        while pause.is_paused() {
            pause.may_accept_again().await;
        }
        let accepted = poll_fn(|context| {
            if pause.is_paused() {
                return Poll::Ready(None);
            }
            with_admin_reserve(|| listener.socket.poll_accept(context)).map(Some)
        });
        if let Some(accepted) = accepted.await {
            return accepted;
        }
    }
}
