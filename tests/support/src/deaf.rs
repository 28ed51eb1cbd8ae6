//! A client that sends commands and does not read the answers.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result};
use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};

use crate::client::Client;
use crate::deadline::{Deadline, PATIENCE};

/// A client with a small receive buffer that reads nothing.
#[derive(Debug)]
pub struct Deaf(TcpStream);

impl Deaf {
    /// Connects, over IPv4.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        // The size of the window is fixed when the connection is made.
        sockopt::set_socket_recv_buffer_size(&socket, 4096)?;
        connect(&socket, &address)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        let socket = TcpStream::from(socket);
        socket.set_nonblocking(true)?;
        Ok(Self(socket))
    }

    /// Its own port, by which the daemon identifies it.
    pub fn port(&self) -> Result<u16> {
        Ok(self.0.local_addr()?.port())
    }

    /// Sends a question and does not wait for the answer.
    pub fn send(&mut self, question: &str) -> Result<()> {
        Ok(self.0.write_all(question.as_bytes())?)
    }

    /// Asks until the daemon has ended the connection.
    pub fn ask_until_cut_off(&mut self, question: &str) -> Result<()> {
        let questions = question.repeat(256);
        let cut_off = Deadline::after(PATIENCE).poll(|| {
            loop {
                match self.0.write(questions.as_bytes()) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                    // By now a command may have been sent only in part, which must not matter.
                    Ok(_) => {}
                    Err(_) => return Some(()),
                }
            }
        });
        cut_off.context("the daemon bears a client that does not read")
    }

    /// The same client, which reads from now on.
    pub fn cured(self) -> Result<Client> {
        Client::from_socket(self.0)
    }
}
