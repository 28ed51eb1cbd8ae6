use crate::net::socket::Socket;
use crate::saved::SavedAnswers;
use crate::system::clock;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// A client that takes no byte of its answers for this long is dropped.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers that the socket did not take, because the client asks faster than it reads.
#[derive(Debug)]
pub(super) struct Unsent {
    answers: Vec<u8>,
    sent: usize,
    patience: Pin<Box<Sleep>>,
}

impl Unsent {
    pub(super) fn new(answers: &[u8]) -> Self {
        Self { answers: answers.to_vec(), sent: 0, patience: Box::pin(tokio::time::sleep(PATIENCE)) }
    }

    /// What the old program could not send.
    pub(super) fn resume(SavedAnswers { bytes, deadline }: SavedAnswers) -> Self {
        Self { answers: bytes, sent: 0, patience: Box::pin(tokio::time::sleep_until(clock::instant(deadline))) }
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.answers.len() - self.sent
    }

    /// What [`resume`](Self::resume) needs.
    pub(super) fn saved(&self) -> SavedAnswers {
        SavedAnswers { bytes: self.answers[self.sent..].to_vec(), deadline: clock::timestamp(self.patience.deadline()) }
    }

    /// Adds answers at the end.
    pub(super) fn push(&mut self, answers: &[u8]) {
        self.answers.extend_from_slice(answers);
    }

    /// Sends the answers; ready when all are sent. The error is that of the connection, or a timeout.
    pub(super) fn poll_send(&mut self, socket: &Socket, context: &mut Context<'_>) -> Poll<io::Result<()>> {
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
