use super::address::Target;
use super::{AdminAddress, AskError};
use crate::failure::reason;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// What is said of a server that has ended a connection before its answer was whole.
pub(super) const CLOSED: &str = "it closed the connection";

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// Sends one request over a connection of its own, and waits for the head of the answer.
pub(super) async fn request(
    address: &AdminAddress,
    method: Method,
    path: &str,
    within: Duration,
) -> Result<Response<Incoming>, AskError> {
    let connecting = CONNECT.min(within);
    let no_answer = |cause: String| AskError::NoAnswer { server: address.clone(), cause };
    let socket = match timeout(connecting, connect(address)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return Err(no_answer(format!("cannot connect: {}", reason(&error)))),
        Err(_) => return Err(no_answer(format!("cannot connect within {} s", connecting.as_secs_f64()))),
    };
    let request = Request::builder().method(method).uri(path).header(HOST, address.host()).body(Empty::<Bytes>::new());
    let request = request.map_err(|error| no_answer(error.to_string()))?;
    let answer = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        // Drives the connection until the answer is read. Its errors reach the reader of the answer too.
        tokio::spawn(connection);
        sender.send_request(request).await
    };
    match timeout(within, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(no_answer(cause(&error))),
        Err(_) => Err(no_answer(format!("no answer within {} s", within.as_secs_f64()))),
    }
}

async fn connect(address: &AdminAddress) -> io::Result<Box<dyn Socket>> {
    Ok(match address.target() {
        Target::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Target::Tcp(host, port) => Box::new(TcpStream::connect((host.as_str(), *port)).await?),
    })
}

/// An error of HTTP, in words for an operator.
pub(super) fn cause(error: &hyper::Error) -> String {
    if error.is_parse() {
        return "it does not speak HTTP; is that its admin socket?".to_owned();
    }
    if error.is_incomplete_message() || error.is_canceled() {
        return CLOSED.to_owned();
    }
    let system = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    match system {
        Some(end) if end.kind() == io::ErrorKind::UnexpectedEof => CLOSED.to_owned(),
        Some(system) => reason(system),
        None => error.to_string(),
    }
}
