use crate::system::reason::reason;
use socket2::{Socket, TcpKeepalive};
use std::io;
use std::time::Duration;
use tracing::warn;

/// A client's host that sends nothing is probed after a minute. If it does not answer, the connection breaks after another minute.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_mins(1)).with_interval(Duration::from_secs(15)).with_retries(4);
const USER_TIMEOUT: Duration = Duration::from_mins(2);

/// Sets the options of a TCP listener. Later connections inherit them, which saves system calls for each.
pub(crate) fn configure(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&KEEPALIVE)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))
}

pub(crate) fn configure_or_warn(socket: &Socket) {
    if let Err(error) = configure(socket) {
        warn!("cannot set the options of a TCP listener: {}", reason(&error));
    }
}
