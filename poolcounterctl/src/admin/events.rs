use super::connection::CLOSED;
use super::stream::{End, stream};
use super::{AdminAddress, AskError};
use std::time::Duration;

/// The longest event, in bytes.
const LONGEST: usize = 1 << 16;

/// One event of a server-sent stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Gives every event of the stream at `path` to `tell`, until the stream ends or `tell` says that it is enough. An error: no stream began.
pub(crate) async fn follow(
    address: &AdminAddress,
    path: &str,
    within: Duration,
    mut tell: impl FnMut(Event) -> bool,
) -> Result<End, AskError> {
    let mut events = Reader::default();
    let mut too_long = false;
    let end = stream(address, path, within, |bytes| {
        let goes_on = events.take(bytes).into_iter().all(&mut tell);
        too_long = events.rest.len() > LONGEST;
        goes_on && !too_long
    });
    let end = end.await;
    let no_answer = |cause: &str| AskError::NoAnswer { server: address.clone(), cause: cause.to_owned() };
    match end {
        _ if too_long => Err(no_answer("an event is too long")),
        // It has no end by itself.
        Ok(End::Complete) => Ok(End::Broken(no_answer(CLOSED))),
        end => end,
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
