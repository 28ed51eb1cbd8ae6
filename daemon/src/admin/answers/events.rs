use super::person::text_form;
use crate::admin::body::Body;
use crate::admin::moment::{Moment, seconds};
use crate::admin::response::{Answer, Problem, of_type, write_json};
use crate::admin::shared::Admin;
use crate::admin::slices::Budget;
use crate::server::reading::{EventReader, Read};
use hyper::StatusCode;
use hyper::body::Bytes;
use poolcounter::event::{Event, HoldEnd, Refusal, WaitEnd};
use poolcounter::protocol::Mode;
use serde::Serialize;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

/// How many connections may read events. The others of the 64 are left for questions.
const READERS: usize = 32;

/// How often something is sent at least, so that both sides know that the other is there.
const ALIVE: Duration = Duration::from_secs(15);

/// Events that come within this time of the first are sent together with it.
const TOGETHER: Duration = Duration::from_millis(100);

/// How many events are sent together, and about how many bytes.
const MOST: usize = 256;
const MOST_BYTES: usize = 32 * 1024;

#[derive(Serialize)]
struct Happened<'a> {
    at: String,
    #[serde(serialize_with = "text_form")]
    key: &'a [u8],
    group: &'a str,
    client: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// What happens to claims from now on, without an end.
pub(in crate::admin) fn events(admin: &Rc<Admin>, group: Option<String>) -> Result<Answer, Problem> {
    let Some(reader) = admin.server.read_events(READERS) else {
        let error = format!("There are {READERS} readers of events already.");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error));
    };
    // The next piece is written when the socket has taken the one before.
    let (sender, pieces) = mpsc::channel(1);
    tokio::task::spawn_local(write(Rc::clone(admin), reader, group, sender));
    Ok(of_type("text/event-stream", Body::Pieces(pieces)))
}

/// Writes until the other side has left.
async fn write(admin: Rc<Admin>, mut reader: EventReader, group: Option<String>, pieces: mpsc::Sender<Bytes>) {
    // The head of the answer is sent with the first piece.
    let mut piece = b": events\n\n".to_vec();
    while pieces.send(piece.into()).await.is_ok() {
        tokio::select! {
            next = next_piece(&admin, &mut reader, group.as_deref()) => piece = next,
            () = pieces.closed() => return,
        }
    }
}

/// Waits for events and writes them, or a sign of life.
async fn next_piece(admin: &Admin, reader: &mut EventReader, group: Option<&str>) -> Vec<u8> {
    let alive = Instant::now() + ALIVE;
    loop {
        if !reader.is_ready() {
            if timeout_at(alive, reader.ready()).await.is_err() {
                return b":\n\n".to_vec();
            }
            sleep(TOGETHER).await;
        }
        let slice = |budget: &mut Budget| {
            let piece = events_as_text(admin, reader, group);
            budget.spend_bytes(piece.len());
            piece
        };
        let piece = admin.slices.work("/v1/events").slice(slice).await;
        if !piece.is_empty() {
            return piece;
        }
    }
}

fn events_as_text(admin: &Admin, reader: &mut EventReader, group: Option<&str>) -> Vec<u8> {
    let (moment, mut piece) = (Moment::now(), Vec::new());
    admin.server.view(|view| {
        reader.read(MOST, |read| {
            match read {
                Read::Lost { count, last } => {
                    piece.extend_from_slice(
                        format!("id: {last}\nevent: lost\ndata: {{\"lost\":{count}}}\n\n").as_bytes(),
                    );
                }
                Read::Event(record) => {
                    let name = view.group_name(record.group);
                    if let Some(kind) = kind(record.event).filter(|_| group.is_none_or(|group| group == name)) {
                        let head = format!("id: {}\nevent: {kind}\ndata: ", record.number);
                        piece.extend_from_slice(head.as_bytes());
                        let mut happened = Happened {
                            at: moment.calendar(record.at),
                            key: &record.key,
                            group: name,
                            client: record.client,
                            mode: None,
                            end: None,
                            seconds: None,
                            reason: None,
                        };
                        detail(record.event, |since| seconds(record.at.micros_since(since)), &mut happened);
                        write_json(&mut piece, &happened);
                        piece.extend_from_slice(b"\n\n");
                    }
                }
            }
            piece.len() < MOST_BYTES
        });
    });
    piece
}

fn kind(event: Event) -> Option<&'static str> {
    Some(match event {
        Event::Granted => "granted",
        Event::WaitBegan(_) => "wait_began",
        Event::Refused(_) => "refused",
        Event::WaitEnded { .. } => "wait_ended",
        Event::HoldEnded { .. } => "hold_ended",
        _ => return None,
    })
}

fn detail(event: Event, age: impl Fn(poolcounter::Timestamp) -> f64, happened: &mut Happened<'_>) {
    match event {
        Event::WaitBegan(mode) => happened.mode = Some(name_of(mode)),
        Event::Refused(refusal) => {
            happened.reason = match refusal {
                Refusal::QueueFull => Some("queue_full"),
                Refusal::NotFree => Some("not_free"),
                _ => None,
            };
        }
        Event::WaitEnded { mode, since, end } => {
            happened.mode = Some(name_of(mode));
            happened.seconds = Some(age(since));
            happened.end = match end {
                WaitEnd::Granted => Some("granted"),
                WaitEnd::Done { .. } => Some("done"),
                WaitEnd::TimedOut => Some("timed_out"),
                WaitEnd::Cancelled => Some("cancelled"),
                WaitEnd::Left => Some("left"),
                _ => None,
            };
        }
        Event::HoldEnded { granted, end, .. } => {
            happened.seconds = Some(age(granted));
            happened.end = match end {
                HoldEnd::Released => Some("released"),
                HoldEnd::Left => Some("left"),
                _ => None,
            };
        }
        _ => {}
    }
}

/// The name of a mode in answers.
pub(super) fn name_of(mode: Mode) -> &'static str {
    match mode {
        Mode::ForMe => "me",
        Mode::ForAnyone => "any",
    }
}
