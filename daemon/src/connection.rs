use crate::arrivals::Arrivals;
use crate::clock;
use crate::hand_over::{Pending, SavedAnswers};
use crate::server::{Progress, Server};
use crate::socket::Socket;
use poolcounter::ClientId;
use poolcounter::protocol::LineBuffer;
use std::cell::{Cell, RefCell};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// A client that takes none of its answers for so long does not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// One client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: ClientId,
    pub(crate) socket: Socket,
    /// Half a line, while one is pending.
    pub(crate) lines: RefCell<LineBuffer>,
    /// Answers that the socket has not taken yet. While there are any, nothing more is read.
    pub(crate) unsent: RefCell<Option<Box<Unsent>>>,
    /// The server has already parted with the client: it did not take an answer.
    pub(crate) cut_off: Cell<bool>,
}

impl Connection {
    pub(crate) fn new(client: ClientId, socket: Socket) -> Rc<Self> {
        Self::resume(client, socket, LineBuffer::new(), None)
    }

    /// A connection that another program has served so far.
    pub(crate) fn resume(
        client: ClientId,
        socket: Socket,
        lines: LineBuffer,
        unsent: Option<SavedAnswers>,
    ) -> Rc<Self> {
        let unsent = unsent.map(|unsent| Box::new(Unsent::resume(unsent)));
        Rc::new(Self { client, socket, lines: lines.into(), unsent: unsent.into(), cut_off: Cell::new(false) })
    }

    /// Has what comes from the client taken account of, under the client's number.
    pub(crate) fn watch(&self, arrivals: &Arrivals) -> io::Result<()> {
        arrivals.watch(&self.socket, self.client.index() as u64)
    }

    /// What is to be known for [`resume`](Self::resume).
    pub(crate) fn pending(&self) -> Pending {
        let number = self.client.index() as u64;
        let half_line = self.lines.borrow().pending().map(<[u8]>::to_vec);
        let unsent = self.unsent.borrow().as_ref().map(|unsent| unsent.saved());
        Pending { number, half_line, unsent }
    }

    /// Sends something that the client did not ask for just now, all of it or not at all.
    pub(crate) fn tell(&self, answer: &[u8]) -> io::Result<()> {
        if let Some(unsent) = self.unsent.borrow_mut().as_mut() {
            unsent.answers.extend_from_slice(answer);
            return Ok(());
        }
        match self.socket.send(answer)? {
            length if length == answer.len() => Ok(()),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// What a client asked for faster than it reads.
#[derive(Debug)]
pub(crate) struct Unsent {
    answers: Vec<u8>,
    sent: usize,
    patience: Pin<Box<Sleep>>,
}

impl Unsent {
    pub(crate) fn new(answers: &[u8]) -> Self {
        Self { answers: answers.to_vec(), sent: 0, patience: Box::pin(tokio::time::sleep(PATIENCE)) }
    }

    /// What another program has not been able to send.
    fn resume(SavedAnswers { bytes, deadline }: SavedAnswers) -> Self {
        Self { answers: bytes, sent: 0, patience: Box::pin(tokio::time::sleep_until(clock::instant(deadline))) }
    }

    /// What is to be known for [`resume`](Self::resume).
    fn saved(&self) -> SavedAnswers {
        SavedAnswers { bytes: self.answers[self.sent..].to_vec(), deadline: clock::timestamp(self.patience.deadline()) }
    }

    /// Sends more of it: whether that was all. An error is the connection's, or a time-out.
    fn poll_send(&mut self, socket: &Socket, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.answers.len() {
            match socket.poll_send(&self.answers[self.sent..], context) {
                Poll::Ready(Ok(length)) => {
                    self.sent += length;
                    self.patience.as_mut().reset(tokio::time::Instant::now() + PATIENCE);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(self.patience.as_mut().poll(context));
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The task that reads from a client until it leaves.
///
/// It is a future by hand because an idle connection must cost little: two pointers fit the runtime's smallest task, where an `async fn` of the same
/// loop takes twice the memory (928 bytes a connection in all, measured, instead of 800).
pub(crate) struct Reader {
    server: Rc<Server>,
    connection: Rc<Connection>,
}

impl Reader {
    pub(crate) fn spawn(server: &Rc<Server>, connection: Rc<Connection>) {
        tokio::task::spawn_local(Self { server: Rc::clone(server), connection });
    }

    /// Sends what is left of earlier answers; `Ready` once there is none.
    fn poll_unsent(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut unsent = self.connection.unsent.borrow_mut();
        let Some(waiting) = unsent.as_mut() else { return Poll::Ready(()) };
        let result = ready!(waiting.poll_send(&self.connection.socket, context));
        *unsent = None;
        drop(unsent);
        if let Err(error) = result {
            self.server.give_up(&self.connection, &error);
        }
        Poll::Ready(())
    }
}

impl Future for Reader {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if !self.connection.cut_off.get() {
                ready!(self.poll_unsent(context));
            }
            // The runtime fails here only while it shuts down.
            if ready!(self.connection.socket.poll_read_ready(context)).is_err() {
                break;
            }
            match self.server.read(&self.connection) {
                Progress::Drained => {}
                // A client that sends without end must let the others have their turn. Waking by hand would not do: the runtime
                // looks at its sockets between tasks only when it has none left, or after a thousand of them.
                Progress::More => {
                    let _ = pin!(tokio::task::yield_now()).poll(context);
                    return Poll::Pending;
                }
                Progress::Gone => break,
            }
        }
        self.server.disconnect(&self.connection);
        Poll::Ready(())
    }
}
