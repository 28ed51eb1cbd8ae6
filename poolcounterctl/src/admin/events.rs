use super::connection::{CLOSED, cause, request};
use super::{AdminAddress, AskError, ask::read};
use http_body_util::BodyExt;
use hyper::Method;
use std::time::Duration;
use tokio::time::timeout;

/// The longest event, in bytes.
const LONGEST: usize = 1 << 16;

/// A stream that is silent for so long is dead: a server says something every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// One event of a server-sent stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Why a stream of events is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was enough.
    Enough,
    /// The server ended it, or the connection broke.
    Broken(AskError),
}

/// Gives every event of the stream at `path` to `tell`, until the stream ends or `tell` says that it is enough. An error: no stream began.
pub(crate) async fn follow(
    address: &AdminAddress,
    path: &str,
    within: Duration,
    mut tell: impl FnMut(Event) -> bool,
) -> Result<End, AskError> {
    let no_answer = |cause: String| AskError::NoAnswer { server: address.clone(), cause };
    let answer = request(address, Method::GET, path, within).await?;
    if !answer.status().is_success() {
        let refusal = timeout(within, read(address, answer)).await;
        let refusal = refusal.unwrap_or_else(|_| Err(no_answer("no answer in time".to_owned())));
        return refusal.and(Err(no_answer("its answer is no stream of events".to_owned())));
    }
    let mut body = answer.into_body();
    let mut events = Reader::default();
    loop {
        let broken = |cause: String| Ok(End::Broken(no_answer(cause)));
        let frame = match timeout(SILENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return broken(cause(&error)),
            Ok(None) => return broken(CLOSED.to_owned()),
            Err(_) => return broken(format!("it was silent for {} s", SILENCE.as_secs())),
        };
        for event in frame.data_ref().into_iter().flat_map(|bytes| events.take(bytes)) {
            if !tell(event) {
                return Ok(End::Enough);
            }
        }
        if events.rest.len() > LONGEST {
            return Err(no_answer("an event is too long".to_owned()));
        }
    }
}

/// Makes events of pieces of bytes.
#[derive(Debug, Default)]
struct Reader {
    rest: Vec<u8>,
    event: Event,
}

impl Reader {
    fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.rest.drain(..whole).collect();
        String::from_utf8_lossy(&lines).lines().filter_map(|line| self.line(line)).collect()
    }

    /// The event that ends with this line.
    fn line(&mut self, line: &str) -> Option<Event> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "" if line.is_empty() => {
                let event = std::mem::take(&mut self.event);
                return Some(event).filter(|event| !event.data.is_empty());
            }
            // A number, or a comment that keeps the connection alive.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_any_pieces() {
        let bytes = b"id: 1\nevent: granted\ndata: {\"a\":1}\n\n: alive\n\nevent: lost\r\ndata:{}\r\n\r\nevent: half\n";
        let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
        for size in [1, 3, 7, bytes.len()] {
            let mut reader = Reader::default();
            let events: Vec<Event> = bytes.chunks(size).flat_map(|piece| reader.take(piece)).collect();
            assert_eq!(events, [event("granted", "{\"a\":1}"), event("lost", "{}")], "in pieces of {size}");
        }
    }
}
