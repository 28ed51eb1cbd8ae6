use super::recording::naming;
use crate::admin::body::{Body, Incomplete};
use crate::admin::request::Last;
use crate::admin::response::{Answer, Problem, of_type};
use crate::admin::shared::{Admin, Origin};
use crate::admin::slices::Budget;
use crate::server::Recorded;
use hyper::StatusCode;
use hyper::body::Bytes;
use poolcounter::recording::{Anonymizer, Naming};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tracing::error;

/// For the log.
const WHAT: &str = "/v1/recording?last";

/// The latest calls, from the buffer of `--record-buffer`.
pub(in crate::admin) async fn recorded(admin: &Rc<Admin>, origin: Origin, last: Last) -> Result<Answer, Problem> {
    let none = || {
        let error = "The daemon does not keep its latest calls: it runs without --record-buffer.";
        Problem::new(StatusCode::NOT_FOUND, error)
    };
    if !admin.server.has_record_buffer() {
        return Err(none());
    }
    let turn = Arc::clone(&admin.reads_buffer).lock_owned().await;
    // Without the rest of what stands, the last piece could not be read.
    let mut work = admin.slices.work(WHAT);
    let fill = |budget: &mut Budget| {
        budget.spend_keys(Budget::KEYS);
        admin.server.fill_record_buffer(Budget::PLACES)
    };
    while work.slice(fill).await {}
    drop(work);
    if let Some(limit) = admin.server.record_buffer_is_too_small() {
        let error = format!(
            "The daemon keeps no calls at the moment: the {limit} bytes of --record-buffer are too few for the keys that are held and waited for."
        );
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error));
    }
    let naming = naming(origin, last.anonymous);
    let recorded = admin.server.recorded(last.time, naming).ok_or_else(none)?;
    let (sender, pieces) = mpsc::channel(1);
    tokio::task::spawn_local(send(Rc::clone(admin), turn, recorded, naming, sender));
    Ok(of_type("application/octet-stream", Body::File(pieces)))
}

/// Sends a file, in slices.
async fn send(
    admin: Rc<Admin>,
    turn: OwnedMutexGuard<()>,
    recorded: Recorded,
    naming: Naming,
    pieces: mpsc::Sender<Result<Bytes, Incomplete>>,
) {
    let Recorded { head, chunks } = recorded;
    if pieces.send(Ok(head.into())).await.is_err() {
        return;
    }
    let mut anonymizer = match naming {
        Naming::Plain => None,
        Naming::Anonymous(high, low) => Some(Anonymizer::new(high, low)),
    };
    let mut work = admin.slices.work(WHAT);
    for chunk in chunks {
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            let piece = work.slice(|budget| next_piece(&mut rest, anonymizer.as_mut(), budget)).await;
            let is_last = piece.is_err();
            if pieces.send(piece.map(Bytes::from)).await.is_err() || is_last {
                return;
            }
        }
    }
    drop(turn);
}

/// The next part of a chunk. It takes less than a millisecond.
fn next_piece(
    rest: &mut &[u8],
    anonymizer: Option<&mut Anonymizer>,
    budget: &mut Budget,
) -> Result<Vec<u8>, Incomplete> {
    let Some(anonymizer) = anonymizer else {
        let (piece, after) = rest.split_at(rest.len().min(Budget::BYTES));
        *rest = after;
        budget.spend_bytes(piece.len());
        return Ok(piece.to_vec());
    };
    let mut piece = Vec::new();
    while !budget.is_spent() && !rest.is_empty() {
        match anonymizer.block(rest) {
            Ok(Some((block, length))) => {
                *rest = &rest[length..];
                budget.spend_bytes(block.len());
                piece.extend(block);
            }
            // The daemon itself has written it. A key must not get out in any case.
            unreadable => {
                error!("{WHAT}: a recorded block cannot be read: {unreadable:?}");
                return Err(Incomplete);
            }
        }
    }
    Ok(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_cannot_be_read_is_not_left_out_in_silence() {
        let chunk = b"\x03\x00\x00\x00key";
        let pieces = |mut anonymizer: Option<Anonymizer>| {
            let mut rest = &chunk[..];
            next_piece(&mut rest, anonymizer.as_mut(), &mut Budget::default())
        };
        assert_eq!(pieces(Some(Anonymizer::new(1, 2))), Err(Incomplete));
        assert_eq!(pieces(None), Ok(chunk.to_vec()), "with its keys it is sent as it is");
    }
}
