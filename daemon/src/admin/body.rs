use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// How much of an answer is given to the socket in one turn of the runtime.
const FRAME: usize = 64 * 1024;

/// The body of an answer: all of it is there, and is sent in pieces, so that clients are served in between.
#[derive(Debug, Default)]
pub(super) struct Whole {
    rest: Bytes,
    /// A piece was given in this turn.
    given: bool,
}

impl From<Vec<u8>> for Whole {
    fn from(bytes: Vec<u8>) -> Self {
        Self { rest: bytes.into(), given: false }
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        self.given = !self.given;
        if !self.given {
            // Waking by hand would not let the runtime look at its sockets.
            let _ = pin!(tokio::task::yield_now()).poll(context);
            return Poll::Pending;
        }
        let piece = FRAME.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
