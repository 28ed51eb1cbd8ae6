//! The admin interface of a daemon, asked by HTTP over plain sockets: a test sees and sends every byte.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::deadline::PATIENCE;

/// Where an admin interface is.
#[derive(Debug, Clone)]
pub enum Admin {
    /// At an address.
    Tcp(SocketAddr),
    /// At a path.
    Unix(PathBuf),
}

/// A connection to it.
#[derive(Debug)]
pub enum AdminSocket {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status, such as 200.
    pub status: u16,
    /// The headers, by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Admin {
    /// Connects. A read or write ends after [`PATIENCE`].
    pub fn connect(&self) -> Result<AdminSocket> {
        let socket = match self {
            Self::Tcp(address) => AdminSocket::Tcp(TcpStream::connect_timeout(address, PATIENCE)?),
            Self::Unix(path) => AdminSocket::Unix(UnixStream::connect(path)?),
        };
        socket.set_patience(PATIENCE)?;
        Ok(socket)
    }

    /// Asks for a path, whatever the status of the answer is.
    pub fn ask(&self, path: &str) -> Result<Reply> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
            .with_context(|| format!("GET {path}"))
    }

    /// Asks for a path, and gives the body of an answer of status 200.
    pub fn get(&self, path: &str) -> Result<String> {
        let reply = self.ask(path)?;
        ensure!(reply.status == 200, "GET {path}: {reply:?}");
        Ok(reply.body)
    }

    /// Asks for something to be done, whatever the status of the answer is.
    pub fn post(&self, path: &str) -> Result<Reply> {
        self.send(&format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
            .with_context(|| format!("POST {path}"))
    }

    /// Sends a request, which should ask for the connection's end, and reads until then.
    pub fn send(&self, request: &str) -> Result<Reply> {
        let mut socket = self.connect()?;
        socket.write_all(request.as_bytes())?;
        Reply::parse(&socket.read_whole()?)
    }
}

impl AdminSocket {
    /// Sets how long a read or a write may take.
    pub fn set_patience(&self, patience: Duration) -> Result<()> {
        match self {
            Self::Tcp(socket) => {
                socket.set_read_timeout(Some(patience))?;
                socket.set_write_timeout(Some(patience))?;
            }
            Self::Unix(socket) => {
                socket.set_read_timeout(Some(patience))?;
                socket.set_write_timeout(Some(patience))?;
            }
        }
        Ok(())
    }

    /// Reads until the other side ends the connection.
    pub fn read_whole(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).with_context(|| format!("after {:?}", String::from_utf8_lossy(&bytes)))?;
        Ok(bytes)
    }

    /// Reads until what was read ends with this text, and gives all of it.
    pub fn read_until(&mut self, end: &str) -> Result<String> {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            let mut byte = [0];
            let length = self.read(&mut byte).with_context(|| format!("after {:?}", String::from_utf8_lossy(&text)))?;
            ensure!(length == 1, "the end came after {:?}", String::from_utf8_lossy(&text));
            text.push(byte[0]);
        }
        Ok(String::from_utf8(text)?)
    }
}

impl Read for AdminSocket {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(buffer),
            Self::Unix(socket) => socket.read(buffer),
        }
    }
}

impl Write for AdminSocket {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(buffer),
            Self::Unix(socket) => socket.write(buffer),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Reply {
    /// An answer as it came, whose body has its length or ends with the connection.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = String::from_utf8(bytes.to_vec())?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { bail!("no answer: {text:?}") };
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let header =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let headers = lines.map(|line| header(line).with_context(|| line.to_owned())).collect::<Result<_>>()?;
        Ok(Self { status: status.with_context(|| head.to_owned())?, headers, body: body.to_owned() })
    }

    /// The value of a header, which must be there.
    pub fn header(&self, name: &str) -> Result<&str> {
        self.headers.get(name).map(String::as_str).with_context(|| format!("no {name} in {self:?}"))
    }
}
