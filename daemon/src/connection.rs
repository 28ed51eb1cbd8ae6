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
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// A client that takes none of its answers for so long does not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// One client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    standing: Cell<Standing>,
    pub(crate) socket: Socket,
    /// Half a line, while one is pending.
    pub(crate) lines: RefCell<LineBuffer>,
    /// While there is one, nothing more is read.
    pause: RefCell<Option<Box<Pause>>>,
    /// How many messages of the outbox are for the client.
    expected: Cell<u32>,
    /// The server's round in which the client last said or was told something.
    pub(crate) used: Cell<u32>,
}

/// How the server stands with a client.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Whoever has the lock table do something for the client must take its number from here, so nothing can be done for a client that the table no
    /// longer knows.
    Served(ClientId),
    /// It has left, and is told what was due to it before.
    Left,
    /// It did not take an answer, or was idle for too long.
    CutOff,
}

/// Why nothing is read from a client.
#[derive(Debug)]
enum Pause {
    /// Its answers stand in the outbox. The task that reads is woken after they were sent.
    Queued(Option<Waker>),
    /// The socket has not taken all of its answers yet.
    Unsent(Unsent),
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
        let pause = unsent.map(|unsent| Box::new(Pause::Unsent(Unsent::resume(unsent))));
        Rc::new(Self {
            standing: Cell::new(Standing::Served(client)),
            socket,
            lines: lines.into(),
            pause: pause.into(),
            expected: Cell::new(0),
            used: Cell::new(0),
        })
    }

    /// The client's number in the lock table, unless the server has parted with it.
    pub(crate) fn client(&self) -> Option<ClientId> {
        match self.standing.get() {
            Standing::Served(client) => Some(client),
            Standing::Left | Standing::CutOff => None,
        }
    }

    /// The client has left: its number, the first time.
    pub(crate) fn leave(&self) -> Option<ClientId> {
        let client = self.client()?;
        self.standing.set(Standing::Left);
        Some(client)
    }

    /// The client is told nothing more: its number, unless the server has parted with it before.
    pub(crate) fn cut_off(&self) -> Option<ClientId> {
        let client = self.client();
        self.standing.set(Standing::CutOff);
        self.end_queueing();
        client
    }

    /// Whether the client is told nothing more.
    pub(crate) fn is_cut_off(&self) -> bool {
        matches!(self.standing.get(), Standing::CutOff)
    }

    /// Whether nothing is under way between client and daemon, as far as the connection knows.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.lines.borrow().pending().is_some_and(<[u8]>::is_empty)
            && !self.is_paused()
            && !self.expects_message()
            && self.socket.has_nothing_to_read()
    }

    /// Has what comes from the client taken account of, under the client's number.
    pub(crate) fn watch(&self, arrivals: &Arrivals) -> io::Result<()> {
        self.client().map_or(Ok(()), |client| arrivals.watch(&self.socket, client.index() as u64))
    }

    /// What is to be known for [`resume`](Self::resume); `None` if the server has parted with the client. The outbox should be empty.
    pub(crate) fn pending(&self) -> Option<Pending> {
        let number = self.client()?.index() as u64;
        let half_line = self.lines.borrow().pending().map(<[u8]>::to_vec);
        let unsent = match self.pause.borrow().as_deref() {
            Some(Pause::Unsent(unsent)) => Some(unsent.saved()),
            Some(Pause::Queued(_)) | None => None,
        };
        Some(Pending { number, half_line, unsent })
    }

    /// Sends something that the client did not ask for just now, all of it or not at all.
    pub(crate) fn tell(&self, answer: &[u8]) -> io::Result<()> {
        if let Some(Pause::Unsent(unsent)) = self.pause.borrow_mut().as_deref_mut() {
            unsent.answers.extend_from_slice(answer);
            return Ok(());
        }
        match self.socket.send(answer)? {
            length if length == answer.len() => Ok(()),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Sends the client's own answers. What the socket does not take at once, its task sends before it reads on.
    pub(crate) fn answer(&self, answers: &[u8]) -> io::Result<()> {
        let mut pause = self.pause.borrow_mut();
        if let Some(Pause::Unsent(unsent)) = pause.as_deref_mut() {
            unsent.answers.extend_from_slice(answers);
            return Ok(());
        }
        let length = self.socket.send(answers)?;
        if length < answers.len() {
            *pause = Some(Box::new(Pause::Unsent(Unsent::new(&answers[length..]))));
        }
        Ok(())
    }

    /// Whether nothing is to be read from the client at present.
    pub(crate) fn is_paused(&self) -> bool {
        self.pause.borrow().is_some()
    }

    /// The client's own answers go into the outbox.
    pub(crate) fn begin_queueing(&self) {
        *self.pause.borrow_mut() = Some(Box::new(Pause::Queued(None)));
    }

    /// They come out of it again.
    pub(crate) fn end_queueing(&self) {
        let queued = self.pause.borrow_mut().take_if(|pause| matches!(**pause, Pause::Queued(_)));
        if let Some(Pause::Queued(Some(reader))) = queued.map(|pause| *pause) {
            reader.wake();
        }
    }

    /// A message for the client goes into the outbox.
    pub(crate) fn expect_message(&self) {
        self.expected.set(self.expected.get() + 1);
    }

    /// It comes out of it again.
    pub(crate) fn forget_message(&self) {
        self.expected.set(self.expected.get() - 1);
    }

    /// Whether there is a message for the client in the outbox.
    pub(crate) fn expects_message(&self) -> bool {
        self.expected.get() > 0
    }
}

/// What a client asked for faster than it reads.
#[derive(Debug)]
struct Unsent {
    answers: Vec<u8>,
    sent: usize,
    patience: Pin<Box<Sleep>>,
}

impl Unsent {
    fn new(answers: &[u8]) -> Self {
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

    /// Sees to it that earlier answers are sent first; `Ready` once they are.
    fn poll_pause(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut pause = self.connection.pause.borrow_mut();
        let result = match pause.as_deref_mut() {
            None => return Poll::Ready(()),
            Some(Pause::Queued(reader)) => {
                *reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            Some(Pause::Unsent(unsent)) => ready!(unsent.poll_send(&self.connection.socket, context)),
        };
        *pause = None;
        drop(pause);
        match result {
            Ok(()) => self.server.used(&self.connection),
            Err(error) => self.server.give_up(&self.connection, &error),
        }
        Poll::Ready(())
    }
}

impl Future for Reader {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.connection.client().is_some() {
                ready!(self.poll_pause(context));
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
