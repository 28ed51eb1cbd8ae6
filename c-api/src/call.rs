//! A call under way on an event loop.

use crate::arguments::Place;
use crate::boundary::{Guarded, Reopened, free};
use crate::error::{Problem, pc_error};
use crate::event_loop::Async;
use crate::last_error::c_text;
use crate::locks::pc_lock;
use crate::sized::{Sized32, SizedPlace};
use crate::values::{pc_direction, pc_outcome};
use poolcounter::client::{AcquireOutcome, Failure, Outcome};
use poolcounter::nonblocking::{Direction, NonblockingCall, Progress, Wait};
use poolcounter_c_macros::c_function;
use std::cell::UnsafeCell;
use std::ffi::{CString, c_char};
use std::mem::{ManuallyDrop, offset_of};
use std::os::fd::RawFd;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

/// A call under way. It belongs to the thread of its client.
pub struct pc_call {
    owner: Arc<Guarded<Async>>,
    /// The state of the owner that it was begun with, never looked into.
    begun_with: *const Async,
    /// Touched only by a caller that is inside `owner`, and finds it in that state: after a fork with another one, it may be
    /// half written.
    stage: UnsafeCell<ManuallyDrop<Stage>>,
}

/// What a call waits for: its descriptor or its time-out, whichever comes first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pc_wait {
    /// sizeof(pc_wait), which the caller sets. It tells the library which fields the program was compiled with; fields
    /// may be added at the end. An older library does not write a field that it does not know.
    pub size: u32,
    /// 1 if the call has finished and waits for nothing; otherwise 0.
    pub finished: i32,
    /// The descriptor; -1 if the call waits only for its time-out. It belongs to the library.
    pub descriptor: i32,
    /// A pc_direction.
    pub direction: i32,
    /// How many milliseconds to wait at most, in the form of poll(); -1 if the call has finished.
    pub timeout_ms: i32,
    /// The index of a server whose name the caller must look up: see pc_config_set_look_ups_by_caller(). Otherwise -1.
    pub look_up: i32,
}

// SAFETY: it has no padding, as the assertion says, and numbers may have any bytes.
unsafe impl Sized32 for pc_wait {
    const NAME: &'static str = "pc_wait";
    const FIRST: usize = offset_of!(Self, look_up) + size_of::<i32>();
}

const _: () = assert!(size_of::<pc_wait>() == size_of::<u32>() + 5 * size_of::<i32>());

const FINISHED: pc_wait = pc_wait {
    size: 0, // It stays the caller's.
    finished: 1,
    descriptor: -1,
    direction: pc_direction::PC_DIRECTION_NONE as i32,
    timeout_ms: -1,
    look_up: -1,
};

#[allow(clippy::large_enum_variant, reason = "a call is in a box anyway")]
enum Stage {
    UnderWay(NonblockingCall<Outcome>),
    Finished(Ended),
}

struct Ended {
    result: Result<pc_outcome, Failure>,
    /// 0 if it is not LOCKED.
    lock: pc_lock,
    /// Whether the caller knows the lock's number.
    taken: bool,
    text: CString,
}

impl pc_call {
    pub(crate) fn new(owner: Arc<Guarded<Async>>, shared: &Async, call: NonblockingCall<Outcome>) -> Self {
        Self { owner, begun_with: shared, stage: UnsafeCell::new(ManuallyDrop::new(Stage::UnderWay(call))) }
    }

    /// Its stage; nothing if the call is the parent's.
    #[allow(clippy::mut_from_ref, reason = "`shared` shows that the caller is inside the owner, alone")]
    fn stage(&self, shared: &Async) -> Option<&mut ManuallyDrop<Stage>> {
        // SAFETY: the caller that is inside the owner is the only one to touch its calls.
        ptr::eq(self.begun_with, shared).then(|| unsafe { &mut *self.stage.get() })
    }
}

/// # Safety
///
/// `call` is NULL or a call.
unsafe fn enter(
    call: *const pc_call,
    body: impl FnOnce(&mut Async, Option<&mut Stage>) -> Result<(), Problem>,
) -> pc_error {
    // SAFETY: the caller's.
    let Some(call) = (unsafe { call.as_ref() }) else { return pc_error::PC_ERROR_NULL };
    call.owner.enter(|shared| body(shared, call.stage(shared).map(|stage| &mut **stage)))
}

/// Continues a call as far as possible without blocking, and says what the call waits for now. Use it right after the
/// call was made, and again whenever the descriptor is ready or the time-out has passed. Too early is harmless.
///
/// The library may close the descriptor, and a new one may have the same number. So remove the descriptor from the
/// event loop before pc_call_progress() and pc_call_free(), and afterwards add the one that `wait` gives.
#[c_function]
pub unsafe fn pc_call_progress(call: *mut pc_call, wait: *mut pc_wait) -> pc_error {
    let progress = |shared: &mut Async, stage: Option<&mut Stage>| {
        // SAFETY: the conventions.
        let wait = unsafe { SizedPlace::new(wait, "wait") }?;
        wait.set(stage.map_or(FINISHED, |stage| advance(shared, stage)));
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(call, progress) }
}

/// Gives the result of a call that has finished. Both outputs may be NULL. If `lock` is NULL, pc_call_free() abandons a
/// lock that was granted.
///
/// If the call failed, its error is returned, and becomes the client's last error.
#[c_function]
pub unsafe fn pc_call_result(call: *mut pc_call, lock: *mut pc_lock, outcome: *mut pc_outcome) -> pc_error {
    let result = |shared: &mut Async, stage: Option<&mut Stage>| {
        if shared.freed {
            return Err(Problem::new(pc_error::PC_ERROR_FREED, "the client was freed"));
        }
        let closed = || Problem::new(pc_error::PC_ERROR_READ, "the connection was closed");
        let Stage::Finished(ended) = stage.ok_or_else(closed)? else {
            let unfinished = "the call has not finished";
            return Err(Problem::new(pc_error::PC_ERROR_NOT_FINISHED, unfinished));
        };
        let answer = ended.result.clone()?;
        if ended.lock != 0 && !ended.taken && !shared.locks.has(ended.lock) {
            return Err(closed());
        }
        // SAFETY: the conventions.
        let (lock, outcome) = unsafe { (Place::new(lock, "lock"), Place::new(outcome, "outcome")) };
        if let Ok(outcome) = outcome {
            outcome.set(answer);
        }
        if let Ok(lock) = lock {
            lock.set(ended.lock);
            ended.taken = true;
        }
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(call, result) }
}

/// The answer to a question for statistics; empty before the answer is there. The call owns the text, which is valid as
/// long as the call exists.
#[c_function]
pub unsafe fn pc_call_text(call: *const pc_call) -> *const c_char {
    let mut text = c"".as_ptr();
    let read = |_: &mut Async, stage: Option<&mut Stage>| {
        if let Some(Stage::Finished(ended)) = stage {
            text = ended.text.as_ptr();
        }
        Ok(())
    };
    // SAFETY: the conventions.
    unsafe { enter(call, read) };
    text
}

/// Frees a call and sets the pointer to NULL. A call that has not finished is cancelled: its connection is closed, and
/// the server removes the request from the queue without telling other clients. Does nothing while another thread uses
/// the client.
#[c_function]
pub unsafe fn pc_call_free(call: *mut *mut pc_call) {
    let end = |call: &pc_call| {
        let end = |shared: &mut Async| {
            if let Some(stage) = call.stage(shared) {
                // SAFETY: the owner stays closed until the call is freed.
                end(shared, unsafe { ManuallyDrop::take(stage) });
            }
        };
        call.owner.close(end).then(|| Reopened(Arc::clone(&call.owner)))
    };
    // SAFETY: the conventions.
    unsafe { free(call, end) }
}

fn end(shared: &mut Async, stage: Stage) {
    match stage {
        Stage::UnderWay(call) => drop(call),
        Stage::Finished(ended) if !ended.taken => {
            if let Some(lock) = shared.locks.take(ended.lock) {
                // It is this client's, so it is not refused.
                shared.client.abandon(lock).unwrap_or_default();
            }
        }
        Stage::Finished(_) => {}
    }
}

fn advance(shared: &mut Async, stage: &mut Stage) -> pc_wait {
    if let Stage::UnderWay(call) = stage
        && !shared.freed
    {
        match call.progress() {
            Progress::Waiting(Wait { descriptor, timeout, .. }) => return waiting(descriptor, timeout),
            Progress::LookUp(server) => {
                // The call goes on meanwhile: it is to be asked again at once.
                let look_up = i32::try_from(server).unwrap_or(i32::MAX);
                return pc_wait { look_up, ..waiting(None, Duration::ZERO) };
            }
            Progress::Finished(result) => *stage = Stage::Finished(ended(shared, result)),
        }
    }
    FINISHED
}

fn ended(shared: &mut Async, result: Result<Outcome, Failure>) -> Ended {
    let mut ended = Ended::of(result.as_ref().map(pc_outcome::from).map_err(Failure::clone));
    match result {
        Ok(Outcome::Acquire(AcquireOutcome::Locked(lock))) => ended.lock = shared.locks.add(lock),
        Ok(Outcome::Statistics(text)) => ended.text = c_text(&text),
        _ => {}
    }
    ended
}

impl Ended {
    fn of(result: Result<pc_outcome, Failure>) -> Self {
        Self { result, lock: 0, taken: false, text: CString::default() }
    }
}

fn waiting(descriptor: Option<(RawFd, Direction)>, timeout: Duration) -> pc_wait {
    let (descriptor, direction) = match descriptor {
        Some((descriptor, Direction::Read)) => (descriptor, pc_direction::PC_DIRECTION_READ),
        Some((descriptor, Direction::Write)) => (descriptor, pc_direction::PC_DIRECTION_WRITE),
        None => (-1, pc_direction::PC_DIRECTION_NONE),
    };
    // Rounded up, or a loop would turn without rest in the last millisecond.
    let timeout_ms = i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
    pc_wait { size: 0, finished: 0, descriptor, direction: direction as i32, timeout_ms, look_up: -1 }
}
