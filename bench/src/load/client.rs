//! One connection, which checks that each answer is the expected one.

use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::{Domain, Protocol, Socket, Type};

/// The line that releases a lock.
pub(crate) const RELEASE: &[u8] = b"RELEASE\n";

/// No answer of a running daemon takes longer, except with TCP's retries.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An expected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Locked,
    Released,
    Done,
    NotLocked,
}

impl Answer {
    fn line(self) -> &'static [u8] {
        match self {
            Answer::Locked => b"LOCKED\n",
            Answer::Released => b"RELEASED\n",
            Answer::Done => b"DONE\n",
            Answer::NotLocked => b"NOT_LOCKED\n",
        }
    }
}

/// A connection with at most one command under way.
pub(crate) struct Client {
    socket: OwnedFd,
    expected: Option<Answer>,
    matched: usize,
    /// When the command under way was sent.
    pub(crate) sent: Instant,
}

impl Client {
    /// Uses a socket.
    pub(crate) fn new(socket: Socket) -> Result<Client> {
        socket.set_nonblocking(true)?;
        Ok(Client { socket: socket.into(), expected: None, matched: 0, sent: Instant::now() })
    }

    /// Connects, and sends a greeting: RELEASE with nothing held. Its answer shows that the daemon has accepted.
    pub(crate) fn greeting(address: SocketAddr) -> Result<Client> {
        let socket = stream(address)?;
        socket.connect_timeout(&address.into(), PATIENCE).with_context(|| format!("cannot connect to {address}"))?;
        let mut client = Client::new(socket)?;
        client.send(RELEASE, Answer::NotLocked, Instant::now())?;
        Ok(client)
    }

    /// Sends one command. False if the connection is not made yet: nothing was sent.
    pub(crate) fn try_send(&mut self, line: &[u8], expected: Answer, now: Instant) -> Result<bool> {
        if let Some(answer) = self.expected {
            bail!("a command was sent while {answer:?} was still owed");
        }
        match send(&self.socket, line, SendFlags::NOSIGNAL) {
            Ok(sent) if sent == line.len() => {}
            Ok(sent) => bail!("only {sent} bytes of {} were taken", line.len()),
            Err(Errno::AGAIN) => return Ok(false),
            Err(error) => return Err(error).context("cannot send"),
        }
        self.expected = Some(expected);
        self.matched = 0;
        self.sent = now;
        Ok(true)
    }

    /// Sends one command on a connection that is made.
    pub(crate) fn send(&mut self, line: &[u8], expected: Answer, now: Instant) -> Result<()> {
        if !self.try_send(line, expected, now)? {
            bail!("a socket does not take one short line");
        }
        Ok(())
    }

    /// Reads the available bytes. Gives the answer once it is complete. Any byte that is not part of the expected answer is an error.
    pub(crate) fn receive(&mut self) -> Result<Option<Answer>> {
        let mut buffer = [0_u8; 64];
        let length = match recv(&self.socket, &mut buffer[..], RecvFlags::empty()) {
            Ok((length, _)) => length,
            Err(Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(error).context("cannot receive"),
        };
        let received = &buffer[..length];
        let Some(answer) = self.expected else {
            bail!("unasked: {:?}", String::from_utf8_lossy(received));
        };
        if received.is_empty() {
            bail!("the daemon closed the connection; {answer:?} was owed");
        }
        let owed = &answer.line()[self.matched..];
        if !owed.starts_with(received) {
            let received = String::from_utf8_lossy(received);
            bail!("a wrong answer: {received:?} where {answer:?} was owed");
        }
        self.matched += received.len();
        if received.len() < owed.len() {
            return Ok(None);
        }
        self.expected = None;
        Ok(Some(answer))
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A TCP socket for `address`, not yet connected.
pub(crate) fn stream(address: SocketAddr) -> Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP));
    socket.context("cannot make a socket")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    fn pair() -> (Client, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::greeting(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn read(client: &mut Client) -> Result<Answer> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(answer) = client.receive()? {
                return Ok(answer);
            }
        }
        bail!("no answer")
    }

    #[test]
    fn an_answer_in_pieces_is_joined() {
        let (mut client, mut server) = pair();
        server.set_nodelay(true).unwrap();
        server.write_all(b"NOT_").unwrap();
        server.write_all(b"LOCKED\n").unwrap();
        assert_eq!(read(&mut client).unwrap(), Answer::NotLocked);
    }

    #[test]
    fn anything_but_the_owed_answer_is_an_error() {
        for wrong in ["LOCKED\n", "NOT_LOCKED\r\n", "NOT_LOCKED\nDONE\n"] {
            let (mut client, mut server) = pair();
            server.write_all(wrong.as_bytes()).unwrap();
            let error = read(&mut client).unwrap_err().to_string();
            assert!(error.starts_with("a wrong answer"), "{wrong:?}: {error}");
        }
        let (mut client, mut server) = pair();
        server.write_all(b"NOT_LOCKED\n").unwrap();
        read(&mut client).unwrap();
        server.write_all(b"DONE\n").unwrap();
        assert!(read(&mut client).unwrap_err().to_string().contains("unasked"));
    }

    #[test]
    fn a_closed_connection_is_an_error() {
        let (mut client, server) = pair();
        drop(server);
        assert!(read(&mut client).is_err());
    }
}
