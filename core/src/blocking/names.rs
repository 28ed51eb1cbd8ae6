use super::socket::Socket;
use crate::client::Target;
use socket2::SockAddr;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long the addresses of a name are kept.
const KEPT: Duration = Duration::from_mins(1);

/// The addresses of the servers, as they were last found.
#[derive(Debug)]
pub(super) struct Names {
    /// For each server.
    known: Vec<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    addresses: Vec<SocketAddr>,
    since: Instant,
}

impl Names {
    pub(super) fn new(servers: usize) -> Self {
        Self { known: (0..servers).map(|_| None).collect() }
    }

    /// Connects to the server of this index; if its name has several addresses, to the first that answers in time.
    pub(super) fn connect(&mut self, index: usize, target: &Target, timeout: Duration) -> io::Result<Socket> {
        let deadline = Instant::now() + timeout;
        let (host, port) = match target {
            Target::Unix(path) => return Socket::connect(&SockAddr::unix(path)?, timeout),
            Target::Host { host, port } => (host.as_str(), *port),
        };
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in self.addresses(index, host, port)? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match Socket::connect(&(*address).into(), left) {
                Ok(socket) => return Ok(socket),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn addresses(&mut self, index: usize, host: &str, port: u16) -> io::Result<&[SocketAddr]> {
        let known = &mut self.known[index];
        let known = match known.take_if(|known| known.since.elapsed() > KEPT) {
            None if known.is_some() => known,
            _ => {
                let addresses = (host, port).to_socket_addrs()?.collect();
                *known = Some(Known { addresses, since: Instant::now() });
                known
            }
        };
        Ok(known.as_ref().map(|known| known.addresses.as_slice()).unwrap_or_default())
    }
}
