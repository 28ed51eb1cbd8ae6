//! Local addresses and ports for new connections.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use anyhow::{Context, Result};
use rustix::io::Errno;
use socket2::Socket;

use super::client::stream;

const FIRST_ADDRESS: u32 = 0x7f01_0001;

/// Below the kernel's own range of ports: a port that a client has bound explicitly is not available for automatic assignment.
const PORTS: RangeInclusive<u16> = 10_000..=32_000;

/// Pairs of address and port, each used once before any comes again: a closed connection keeps its pair for a minute.
pub(crate) struct Sources(Box<dyn Iterator<Item = SocketAddr>>);

impl Sources {
    /// The pairs for connections to `destination`. IPv6 has one loopback address only; the kernel chooses there.
    pub(crate) fn new(destination: SocketAddr) -> Sources {
        Sources(if destination.is_ipv4() { Box::new(pairs()) } else { Box::new(std::iter::empty()) })
    }

    /// Begins a connection from the next pair that is free.
    pub(crate) fn connect(&mut self, destination: SocketAddr) -> Result<Socket> {
        let socket = stream(destination)?;
        socket.set_nonblocking(true)?;
        for source in &mut self.0 {
            match socket.bind(&source.into()) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error).context("cannot bind a client"),
            }
        }
        match socket.connect(&destination.into()) {
            Ok(()) => Ok(socket),
            Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => Ok(socket),
            Err(error) => Err(error).context("cannot connect"),
        }
    }
}

fn pairs() -> impl Iterator<Item = SocketAddr> {
    (FIRST_ADDRESS..).flat_map(|address| PORTS.map(move |port| (Ipv4Addr::from_bits(address), port).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_run_through_the_ports_and_then_take_the_next_address() {
        assert_eq!(pairs().next().unwrap().to_string(), "127.1.0.1:10000");
        assert_eq!(pairs().nth(PORTS.count()).unwrap().to_string(), "127.1.0.2:10000");
    }
}
