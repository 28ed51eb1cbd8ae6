use super::unsent::Unsent;
use crate::net::read_order::Arrivals;
use crate::net::socket::Socket;
use crate::saved::{Pending, SavedAnswers};
use poolcounter::ClientId;
use poolcounter::protocol::LineBuffer;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

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

/// Why nothing is read from a client. Of a releaser that sends several lines at once and does not read, both may hold.
#[derive(Debug, Default)]
struct Pause {
    /// What the socket has not taken yet of its answers.
    unsent: Option<Unsent>,
    /// Later answers stand in the outbox.
    queued: bool,
    /// The task that reads, to be woken when they have come out of it.
    reader: Option<Waker>,
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
        let pause = unsent.map(|unsent| Box::new(Pause { unsent: Some(Unsent::resume(unsent)), ..Pause::default() }));
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
            && self.expected() == 0
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
        let unsent = self.pause.borrow().as_ref().and_then(|pause| pause.unsent.as_ref()).map(Unsent::saved);
        Some(Pending { number, half_line, unsent })
    }

    /// Sends something that the client did not ask for just now, all of it or not at all.
    pub(crate) fn tell(&self, answer: &[u8]) -> io::Result<()> {
        if self.add_to_unsent(answer) {
            return Ok(());
        }
        match self.socket.send(answer)? {
            length if length == answer.len() => Ok(()),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Sends the client's own answers, if there are any. What the socket does not take at once, its task sends before it reads on.
    pub(crate) fn answer(&self, answers: &[u8]) -> io::Result<()> {
        if answers.is_empty() || self.add_to_unsent(answers) {
            return Ok(());
        }
        let length = self.socket.send(answers)?;
        if length < answers.len() {
            self.pause.borrow_mut().get_or_insert_default().unsent = Some(Unsent::new(&answers[length..]));
        }
        Ok(())
    }

    /// Puts this behind what the socket has not taken yet, if there is anything.
    fn add_to_unsent(&self, answers: &[u8]) -> bool {
        let mut pause = self.pause.borrow_mut();
        let Some(unsent) = pause.as_mut().and_then(|pause| pause.unsent.as_mut()) else { return false };
        unsent.push(answers);
        true
    }

    /// Whether nothing is to be read from the client at present.
    pub(crate) fn is_paused(&self) -> bool {
        self.pause.borrow().is_some()
    }

    /// Sends the unsent answers on: the outcome once there are none, `None` if there was nothing to send. Pending also while later answers stand in the
    /// outbox.
    pub(crate) fn poll_unsent(&self, context: &mut Context<'_>) -> Poll<Option<io::Result<()>>> {
        let mut slot = self.pause.borrow_mut();
        let Some(pause) = slot.as_mut() else { return Poll::Ready(None) };
        if pause.queued {
            pause.reader = Some(context.waker().clone());
        }
        let Some(unsent) = &mut pause.unsent else { return Poll::Pending };
        let outcome = ready!(unsent.poll_send(&self.socket, context));
        pause.unsent = None;
        slot.take_if(|pause| !pause.queued);
        Poll::Ready(Some(outcome))
    }

    /// The client's own answers go into the outbox.
    pub(crate) fn begin_queueing(&self) {
        self.pause.borrow_mut().get_or_insert_default().queued = true;
    }

    /// They come out of it again.
    pub(crate) fn end_queueing(&self) {
        let mut slot = self.pause.borrow_mut();
        let Some(pause) = slot.as_mut() else { return };
        pause.queued = false;
        let reader = pause.reader.take();
        slot.take_if(|pause| pause.unsent.is_none());
        drop(slot);
        if let Some(reader) = reader {
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

    /// How many messages for the client are in the outbox.
    pub(crate) fn expected(&self) -> u32 {
        self.expected.get()
    }
}
