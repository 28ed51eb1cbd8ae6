use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// How much of an answer is given to the socket in one turn of the runtime. Of 64 connections at once that takes half a millisecond.
const FRAME: usize = 16 * 1024;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Body {
    /// All of it is there, and is sent in frames, so that clients are served in between. `given`: a frame was given in this turn.
    Whole { rest: Bytes, given: bool },
    /// It has no end that is known, and somebody writes it.
    Pieces(mpsc::Receiver<Bytes>),
    /// It has an end, and somebody writes it. After an error the connection is closed, so that the client does not take it for the end.
    File(mpsc::Receiver<Result<Bytes, Incomplete>>),
}

/// The rest of an answer cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is incomplete")]
pub(super) struct Incomplete;

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole { rest: bytes.into(), given: false }
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Whole { rest: Bytes::from_static(bytes), given: false }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Incomplete;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Incomplete>>> {
        match &mut *self {
            Self::Whole { rest, .. } if rest.is_empty() => Poll::Ready(None),
            Self::Whole { given, .. } if *given => {
                *given = false;
                // Waking by hand would not let the runtime look at its sockets.
                let _ = pin!(tokio::task::yield_now()).poll(context);
                Poll::Pending
            }
            Self::Whole { rest, given } => {
                *given = true;
                Poll::Ready(Some(Ok(Frame::data(rest.split_to(FRAME.min(rest.len()))))))
            }
            Self::Pieces(pieces) => pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
            Self::File(pieces) => pieces.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole { rest, .. } if rest.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { rest, .. } => SizeHint::with_exact(rest.len() as u64),
            Self::Pieces(_) | Self::File(_) => SizeHint::default(),
        }
    }
}
