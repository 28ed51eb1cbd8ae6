use super::socket::Socket;
use crate::client::Target;
use socket2::SockAddr;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long the addresses of a name are kept without a look whether they have changed.
const KEPT: Duration = Duration::from_mins(1);

/// How long a look-up that failed is not repeated. One can take many seconds, for which no deadline can be set.
const SPARED: Duration = Duration::from_secs(10);

/// The addresses of the servers, as they were last found.
#[derive(Debug)]
pub(super) struct Names {
    /// For each server.
    known: Vec<Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    addresses: Vec<SocketAddr>,
    /// Until when they are good without another look-up; `None` before the first.
    good_until: Option<Instant>,
    /// What the last look-up said, if it failed.
    failure: String,
}

impl Names {
    pub(super) fn new(servers: usize) -> Self {
        Self { known: vec![Known::default(); servers] }
    }

    /// Connects to the server of this index; if its name has several addresses, to the first that answers in time.
    pub(super) fn connect(&mut self, index: usize, target: &Target, timeout: Duration) -> io::Result<Socket> {
        let (host, port) = match target {
            Target::Unix(path) => return Socket::connect(&SockAddr::unix(path)?, timeout),
            Target::Host { host, port } => (host.as_str(), *port),
        };
        let addresses = self.known[index].addresses(host, port)?;
        let deadline = Instant::now() + timeout;
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
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
}

impl Known {
    /// If a name cannot be looked up any more, what was known of it goes on to serve.
    fn addresses(&mut self, host: &str, port: u16) -> io::Result<&[SocketAddr]> {
        if self.good_until.is_none_or(|until| Instant::now() >= until) {
            self.look_up(host, port);
        }
        if self.addresses.is_empty() && !self.failure.is_empty() {
            return Err(io::Error::other(self.failure.clone()));
        }
        Ok(&self.addresses)
    }

    fn look_up(&mut self, host: &str, port: u16) {
        let kept = match (host, port).to_socket_addrs() {
            Ok(addresses) => {
                self.addresses = addresses.collect();
                self.failure.clear();
                KEPT
            }
            Err(error) => {
                self.failure = error.to_string();
                SPARED
            }
        };
        self.good_until = Some(Instant::now() + kept);
    }
}
