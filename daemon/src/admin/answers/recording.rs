use crate::admin::body::Body;
use crate::admin::request::Tape;
use crate::admin::response::{Answer, Problem, of_type};
use crate::admin::shared::{Admin, Origin};
use crate::admin::slices::Budget;
use crate::server::hash_bits;
use crate::server::recording::Recording;
use hyper::StatusCode;
use hyper::body::Bytes;
use poolcounter::recording::{EMPTY_BLOCK, Naming, Scope};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// How many recordings may run at once. Each needs some megabytes while its reader is slow.
const RECORDINGS: usize = 4;

/// How often bytes are taken.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest time without a byte, so that both sides detect a broken connection.
const ALIVE: Duration = Duration::from_secs(15);

/// How much longer than asked it goes on at most, until the last segment's standing is complete.
const LATEST: Duration = Duration::from_secs(10);

/// How keys are named. There is no authentication over TCP, and keys contain addresses of users, so such a recording is always anonymous.
pub(super) fn naming(origin: Origin, anonymous: bool) -> Naming {
    if anonymous || origin == Origin::Tcp {
        let (high, low) = hash_bits();
        Naming::Anonymous(high, low)
    } else {
        Naming::Plain
    }
}

/// All calls from now on, in the format of `poolcounter::recording`.
pub(in crate::admin) fn recording(admin: &Rc<Admin>, origin: Origin, tape: Tape) -> Result<Answer, Problem> {
    let Tape { groups, anonymous, time } = tape;
    let naming = naming(origin, anonymous);
    let groups = groups.map(|groups| groups.into_iter().map(String::into_boxed_str).collect());
    let Some(recording) = admin.server.record(Scope { groups, naming }, RECORDINGS) else {
        let error = format!("There are {RECORDINGS} recordings already.");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error));
    };
    let (sender, pieces) = mpsc::channel(1);
    tokio::task::spawn_local(write(Rc::clone(admin), recording, time, sender));
    Ok(of_type("application/octet-stream", Body::Pieces(pieces)))
}

/// Writes until the time has passed or the reader has left.
async fn write(admin: Rc<Admin>, recording: Recording, time: Option<Duration>, pieces: mpsc::Sender<Bytes>) {
    let end = time.map(|time| Instant::now() + time);
    let mut sent = Instant::now();
    loop {
        let late = end.and_then(|end| Instant::now().checked_duration_since(end));
        let mut piece = next_piece(&admin, &recording).await;
        // Calls that were left out are counted where the next segment begins.
        let is_last = late.is_some_and(|late| recording.is_complete() || late >= LATEST);
        if piece.is_empty() && sent.elapsed() >= ALIVE {
            piece.extend_from_slice(&EMPTY_BLOCK);
        }
        if !piece.is_empty() {
            sent = Instant::now();
            if pieces.send(piece.into()).await.is_err() {
                return;
            }
        }
        if is_last {
            return;
        }
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = pieces.closed() => return,
        }
    }
}

/// The bytes since the last piece, and the standing, in slices.
async fn next_piece(admin: &Admin, recording: &Recording) -> Vec<u8> {
    let mut work = admin.slices.work("/v1/recording");
    loop {
        let slice = |budget: &mut Budget| {
            budget.spend_keys(Budget::KEYS);
            recording.go_on(Budget::PLACES)
        };
        if !work.slice(slice).await {
            return recording.take();
        }
    }
}
