use super::deadline::Deadline;
use crate::net::socket::Socket;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A connection that takes no byte of its answer for this long is ended.
const STALL: Duration = Duration::from_secs(10);

/// How long the other side may take to read the last answer and close, before the connection is ended.
const LINGER: Duration = Duration::from_secs(1);

/// How many bytes are read at a time.
const READ: usize = 4 * 1024;

/// A connection of the admin interface as the HTTP library needs it, with deadlines for what is sent.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    deadline: Deadline,
    /// Runs while the socket takes nothing, or while the connection lingers.
    patience: Option<Pin<Box<Sleep>>>,
    lingers: bool,
}

impl Stream {
    pub(super) fn new(socket: Socket, deadline: Deadline) -> Self {
        Self { socket, deadline, patience: None, lingers: false }
    }

    /// Ready when the patience is at its end, which begins with the first call.
    fn poll_patience(&mut self, time: Duration, context: &mut Context<'_>) -> Poll<()> {
        let end = Instant::now() + time;
        let end = self.deadline.get().map_or(end, |deadline| end.min(deadline));
        self.patience.get_or_insert_with(|| Box::pin(sleep_until(end))).as_mut().poll(context)
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; READ];
        let room = buffer.remaining().min(READ);
        let length = ready!(self.socket.poll_receive(&mut bytes[..room], context))?;
        buffer.put_slice(&bytes[..length]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.socket.poll_send(bytes, context) {
            Poll::Ready(sent) => {
                self.patience = None;
                Poll::Ready(sent)
            }
            Poll::Pending => {
                ready!(self.poll_patience(STALL, context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    /// There is nothing to flush. But the library calls this whenever it is woken, and does not look for the end of a stream while it answers: of an answer
    /// without an end, that would be noticed only when something is sent.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.deadline.is_lifted() && self.socket.poll_receive(&mut [0; 1], context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the stream, and reads until the other side has closed: if something were left unread, the system would take back the answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingers {
            self.lingers = true;
            self.patience = None;
            self.socket.end_sending();
        }
        if self.poll_patience(LINGER, context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        while ready!(self.socket.poll_receive(&mut [0; READ], context))? > 0 {}
        Poll::Ready(Ok(()))
    }
}
