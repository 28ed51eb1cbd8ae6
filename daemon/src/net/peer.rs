use crate::net::socket::Socket;
use std::fmt;
use std::net::SocketAddr;

/// The other end of a connection, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    /// The process that connected, if it has a number here, and its user.
    Unix {
        process: Option<i32>,
        user: u32,
    },
    /// The system no longer knows.
    Unknown,
}

impl Peer {
    /// Asks the system, which knows the peer until the connection breaks.
    pub(crate) fn of(socket: &Socket) -> Self {
        match socket {
            Socket::Tcp(socket) => socket.peer_addr().map_or(Self::Unknown, Self::Tcp),
            Socket::Unix(socket) => socket.peer_cred().map_or(Self::Unknown, |credentials| Self::Unix {
                // A process outside of this process's container has the number 0.
                process: credentials.pid().filter(|process| *process > 0),
                user: credentials.uid(),
            }),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => SocketAddr::new(address.ip().to_canonical(), address.port()).fmt(formatter),
            // Not the user's name: looking it up may need a network.
            Self::Unix { process: Some(process), user } => write!(formatter, "pid {process} of user {user}"),
            Self::Unix { process: None, user } => write!(formatter, "a process of user {user}"),
            Self::Unknown => formatter.write_str("its address is not known any more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_named_as_people_know_it() {
        let tcp = |address: &str| Peer::Tcp(address.parse().expect("an address")).to_string();
        assert_eq!(tcp("10.0.0.1:4711"), "10.0.0.1:4711");
        assert_eq!(tcp("[::ffff:10.0.0.1]:4711"), "10.0.0.1:4711");
        assert_eq!(tcp("[2001:db8::1]:4711"), "[2001:db8::1]:4711");
        assert_eq!(Peer::Unix { process: Some(7), user: 33 }.to_string(), "pid 7 of user 33");
        assert_eq!(Peer::Unix { process: None, user: 33 }.to_string(), "a process of user 33");
    }
}
