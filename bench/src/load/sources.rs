//! Where new connections come from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use socket2::Socket;

use super::client::stream;

/// Pairs of address and port, each used once before any comes again: a closed connection keeps its pair for a minute.
pub(crate) struct Sources {
    address: Option<u32>,
    port: u16,
}

impl Sources {
    const FIRST_ADDRESS: u32 = 0x7f01_0001;
    /// Below the kernel's own range: it gives no port to anybody once a client has bound it by hand.
    const PORTS: std::ops::RangeInclusive<u16> = 10_000..=32_000;

    /// The pairs for connections to `destination`.
    pub(crate) fn new(destination: SocketAddr) -> Sources {
        Sources {
            // IPv6 has one loopback address only; the kernel chooses there.
            address: destination.is_ipv4().then_some(Self::FIRST_ADDRESS),
            port: *Self::PORTS.start(),
        }
    }

    /// Begins a connection from the next pair that is free.
    pub(crate) fn connect(&mut self, destination: SocketAddr) -> Result<Socket> {
        let socket = stream(destination)?;
        socket.set_nonblocking(true)?;
        while let Some(source) = self.next() {
            match socket.bind(&source.into()) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error).context("cannot bind a client"),
            }
        }
        match socket.connect(&destination.into()) {
            Ok(()) => Ok(socket),
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(socket),
            Err(error) => Err(error).context("cannot connect"),
        }
    }

    fn next(&mut self) -> Option<SocketAddr> {
        let address = self.address?;
        let source = SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(address)), self.port);
        if self.port < *Self::PORTS.end() {
            self.port += 1;
        } else {
            self.port = *Self::PORTS.start();
            self.address = Some(address + 1);
        }
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_run_through_the_ports_and_then_take_the_next_address() {
        let mut sources = Sources::new(SocketAddr::from(([127, 0, 0, 1], 7531)));
        let ports = Sources::PORTS.count();
        let first = sources.next().unwrap();
        assert_eq!(first.to_string(), "127.1.0.1:10000");
        let after = sources.by_ref_nth(ports - 1);
        assert_eq!(after.to_string(), "127.1.0.2:10000");
    }

    impl Sources {
        fn by_ref_nth(&mut self, skip: usize) -> SocketAddr {
            for _ in 0..skip {
                self.next();
            }
            self.next().unwrap()
        }
    }
}
