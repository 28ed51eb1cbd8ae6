//! A client of a daemon, over TCP.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::deadline::{Deadline, PATIENCE};

/// One connection. Each send is one segment. Received bytes are kept until a method takes them.
#[derive(Debug)]
pub struct Client {
    socket: TcpStream,
    port: u16,
    received: Vec<u8>,
    ended: bool,
    shut_down: bool,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect_timeout(&address, PATIENCE);
        Self::from_socket(socket.with_context(|| format!("cannot connect to {address}"))?)
    }

    /// Uses a socket that is connected, or is about to be.
    pub fn from_socket(socket: TcpStream) -> Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port, received: Vec::new(), ended: false, shut_down: false })
    }

    /// Sends these bytes at once.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = self.socket.write(bytes).context("cannot send")?;
        ensure!(sent == bytes.len(), "only {sent} of {} bytes were taken", bytes.len());
        Ok(())
    }

    /// Sends a question and waits for one line.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        self.send(question.as_bytes())?;
        self.line()
    }

    /// Waits for one line and takes it, its LF included.
    pub fn line(&mut self) -> Result<String> {
        let whole = self.wait(PATIENCE, |received, _| received.contains(&b'\n'))?;
        ensure!(whole, "no line came, but {:?}", String::from_utf8_lossy(&self.received));
        let end = self.received.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line: Vec<u8> = self.received.drain(..end).collect();
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// Waits for just these bytes and takes them.
    pub fn expect(&mut self, bytes: &[u8]) -> Result<()> {
        self.wait(PATIENCE, |received, _| received.len() >= bytes.len())?;
        let came = String::from_utf8_lossy(&self.received);
        ensure!(self.received.starts_with(bytes), "expected {:?}, came {came:?}", String::from_utf8_lossy(bytes));
        self.received.drain(..bytes.len());
        Ok(())
    }

    /// Checks that no more bytes have come. Call [`Client::settle`] or a similar method before.
    pub fn expect_nothing(&mut self) -> Result<()> {
        self.read()?;
        let came = String::from_utf8_lossy(&self.received);
        ensure!(came.is_empty() && !self.ended, "expected nothing, came {came:?}, ended: {}", self.ended);
        Ok(())
    }

    /// Waits for the end of the stream, with nothing before it.
    pub fn expect_end(&mut self) -> Result<()> {
        self.wait(PATIENCE, |received, ended| ended || !received.is_empty())?;
        let came = String::from_utf8_lossy(&self.received);
        ensure!(self.ended && came.is_empty(), "expected the end, came {came:?}, ended: {}", self.ended);
        Ok(())
    }

    /// Sends commands one after the other, so that the daemon has handled everything that reached it before. No counter changes.
    ///
    /// The first command may be read in the same wake-up as earlier bytes. The second may be read in the wake-up in which the
    /// reference reads a client whose timeout passed in the wake-up before.
    pub fn settle(&mut self) -> Result<()> {
        for _ in 0..3 {
            let answer = self.ask("STATS total_acquired\n")?;
            ensure!(answer.starts_with("total_acquired: "), "the probe was answered {answer:?}");
        }
        Ok(())
    }

    /// The end of the stream for the daemon; this side can still read.
    pub fn shut_down_sending(&mut self) -> Result<()> {
        self.shut_down = true;
        Ok(self.socket.shutdown(Shutdown::Write)?)
    }

    /// Ends the connection, at once.
    pub fn close(self) -> Result<()> {
        // A child that another thread is starting may still have the socket: closing it is not enough.
        match self.socket.shutdown(Shutdown::Both) {
            Err(error) if error.kind() != ErrorKind::NotConnected => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Ends the connection with a reset, at once.
    pub fn reset(self) -> Result<()> {
        Ok(rustix::net::connect_unspec(&self.socket)?)
    }

    /// Its own port, by which the daemon identifies it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The socket, for operations that this type does not have.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Received bytes that no method has taken yet.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// Takes what has come.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.received)
    }

    /// Whether the daemon has ended the connection.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Whether this side has ended its stream.
    #[must_use]
    pub fn has_shut_down(&self) -> bool {
        self.shut_down
    }

    /// Reads until `enough` returns true for the received bytes and whether the stream has ended. False if that takes too long.
    pub fn wait(&mut self, wait: Duration, enough: impl Fn(&[u8], bool) -> bool) -> Result<bool> {
        let deadline = Deadline::after(wait);
        loop {
            self.read()?;
            if enough(&self.received, self.ended) {
                return Ok(true);
            }
            match deadline.left() {
                Some(left) if !self.ended => self.sleep(left)?,
                _ => return Ok(false),
            }
        }
    }

    fn sleep(&self, at_most: Duration) -> Result<()> {
        let at_most = Timespec::try_from(at_most)?;
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&at_most)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what is there.
    pub fn read(&mut self) -> Result<()> {
        let mut buffer = [0; 4096];
        while !self.ended {
            match self.socket.read(&mut buffer) {
                Ok(0) => self.ended = true,
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => self.ended = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
