use super::unsent::Unsent;
use crate::net::read_order::ReadOrder;
use crate::net::socket::Socket;
use crate::saved::{SavedAnswers, SavedClient, UnfinishedLine};
use poolcounter::protocol::LineBuffer;
use poolcounter::{ClientId, Timestamp};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

/// One client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    standing: Cell<Standing>,
    pub(crate) socket: Socket,
    /// The unfinished line, if the last read ended in one.
    pub(super) lines: RefCell<LineBuffer>,
    /// While there is a pause, nothing is read.
    pause: RefCell<Option<Box<Pause>>>,
    /// How many messages of the outbox are for the client.
    expected: Cell<u32>,
    /// The round of the search for idle clients in which the client last sent or received something.
    pub(super) used: Cell<u32>,
    /// When the client connected.
    pub(super) connected: Timestamp,
}

/// What the server does for a client.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Serves it. Only this variant has the client's number in the lock table, so no code can use the number of a client that the table no longer has.
    Served(ClientId),
    /// The client has left. Messages that were queued for it before are still sent.
    Left,
    /// The server has closed the connection: nothing more is sent.
    Closed,
}

/// Why nothing is read from a client. Both reasons may hold for a releaser that sends several lines at once and does not read.
#[derive(Debug, Default)]
struct Pause {
    /// The socket has not taken these answers yet.
    unsent: Option<Unsent>,
    /// Later answers are in the outbox.
    queued: bool,
    /// The task that reads, to be woken when the outbox has given the answers back.
    reader: Option<Waker>,
}

impl Connection {
    /// The connection of a new client, or, with `lines` and `unsent`, of a client that the old program has handed over.
    pub(super) fn new(
        client: ClientId,
        connected: Timestamp,
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
            connected,
        })
    }

    /// The client's number in the lock table, while the client is served.
    pub(crate) fn client(&self) -> Option<ClientId> {
        match self.standing.get() {
            Standing::Served(client) => Some(client),
            Standing::Left | Standing::Closed => None,
        }
    }

    /// The client has left: its number, if it was served until now.
    pub(super) fn leave(&self) -> Option<ClientId> {
        let client = self.client()?;
        self.standing.set(Standing::Left);
        Some(client)
    }

    /// Nothing more is sent to the client: its number, if it was served until now.
    pub(super) fn close(&self) -> Option<ClientId> {
        let client = self.client();
        self.standing.set(Standing::Closed);
        self.end_queueing();
        client
    }

    /// Whether nothing more is sent to the client.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.standing.get(), Standing::Closed)
    }

    /// Whether no bytes are under way between the client and the daemon. Does not look at the client's claims.
    pub(super) fn is_at_rest(&self) -> bool {
        self.lines.borrow().pending().is_some_and(<[u8]>::is_empty)
            && !self.is_paused()
            && self.expected() == 0
            && self.socket.has_nothing_to_read()
    }

    /// Records in `read_order`, under the client's number, when bytes come from the client.
    pub(super) fn watch(&self, read_order: &ReadOrder) -> io::Result<()> {
        self.client().map_or(Ok(()), |client| read_order.watch(&self.socket, client.index() as u64))
    }

    /// What a new program needs to serve the client; `None` if the client is not served. The outbox should be empty.
    pub(crate) fn saved(&self) -> Option<SavedClient> {
        let number = self.client()?.index() as u64;
        let line = UnfinishedLine::of(&self.lines.borrow());
        let unsent = self.pause.borrow().as_ref().and_then(|pause| pause.unsent.as_ref()).map(Unsent::saved);
        Some(SavedClient { number, line, unsent })
    }

    /// Sends a wake-up: completely, or it is an error.
    pub(super) fn tell(&self, answer: &[u8]) -> io::Result<()> {
        if self.add_to_unsent(answer) {
            return Ok(());
        }
        match self.socket.send(answer)? {
            length if length == answer.len() => Ok(()),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Sends the client's own answers, if there are any. If the socket does not take all of them, the client's task sends the rest before it reads on.
    pub(super) fn answer(&self, answers: &[u8]) -> io::Result<()> {
        if answers.is_empty() || self.add_to_unsent(answers) {
            return Ok(());
        }
        let length = self.socket.send(answers)?;
        if length < answers.len() {
            self.pause.borrow_mut().get_or_insert_default().unsent = Some(Unsent::new(&answers[length..]));
        }
        Ok(())
    }

    /// Adds answers to those that the socket has not taken yet: `false` if there are none.
    fn add_to_unsent(&self, answers: &[u8]) -> bool {
        let mut pause = self.pause.borrow_mut();
        let Some(unsent) = pause.as_mut().and_then(|pause| pause.unsent.as_mut()) else { return false };
        unsent.push(answers);
        true
    }

    /// How many bytes of answers the socket has not taken yet.
    pub(super) fn unsent(&self) -> usize {
        self.pause.borrow().as_ref().and_then(|pause| pause.unsent.as_ref()).map_or(0, Unsent::len)
    }

    /// Whether nothing is read from the client for now.
    pub(crate) fn is_paused(&self) -> bool {
        self.pause.borrow().is_some()
    }

    /// Sends the unsent answers. Ready with the outcome when all are sent, or with `None` if nothing pauses the client. Also pending while answers are in the
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

    /// The client's own answers go into the outbox. Nothing is read from the client until they have left it.
    pub(super) fn begin_queueing(&self) {
        self.pause.borrow_mut().get_or_insert_default().queued = true;
    }

    /// The answers have left the outbox.
    pub(super) fn end_queueing(&self) {
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
    pub(super) fn expect_message(&self) {
        self.expected.set(self.expected.get() + 1);
    }

    /// A message for the client has left the outbox.
    pub(super) fn forget_message(&self) {
        self.expected.set(self.expected.get() - 1);
    }

    /// How many messages for the client are in the outbox.
    pub(super) fn expected(&self) -> u32 {
        self.expected.get()
    }
}
