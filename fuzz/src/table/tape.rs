use poolcounter::recording::{Naming, Recording, Scope, Title, verify};
use poolcounter::table::RecorderId;
use poolcounter::{LockTable, Timestamp};

/// A recording that begins at one of the steps. The standing is written one place at a time, so most of it is written while the table changes.
#[derive(Default)]
pub(super) struct Tape {
    recorder: Option<RecorderId>,
    file: Vec<u8>,
}

impl Tape {
    /// Call it after each step. If no recording runs, one begins at step 3 and at multiples of 16. A new segment begins every 61 steps.
    pub(super) fn go_on(&mut self, table: &mut LockTable, steps: u32, now: u64) {
        let recorder = match self.recorder {
            None if steps.is_multiple_of(16) || steps == 3 => {
                let title = Title { server: "fuzz".into(), program: "0".into(), started: now };
                let naming = if steps.is_multiple_of(32) { Naming::Anonymous(1, 2) } else { Naming::Plain };
                *self.recorder.insert(table.add_recorder(&title, Scope { groups: None, naming }, 0))
            }
            None => return,
            Some(recorder) => recorder,
        };
        if steps % 61 == 5 {
            table.recorder_end_segment(recorder);
        }
        table.recorder_advance(recorder, Timestamp::from_micros(now), now, 1);
        self.file.extend(table.recorder_take(recorder));
    }

    /// Ends the recording, and replays it.
    pub(super) fn check(&mut self, table: &mut LockTable) {
        let Some(recorder) = self.recorder.take() else { return };
        let state = table.recorder_state(recorder).expect("it was not removed");
        self.file.extend(table.remove_recorder(recorder));
        let recording = Recording::read(&self.file).expect("what was written can be read");
        // Calls of a segment that is not complete are left out too.
        assert!(recording.left_out() >= state.left_out);
        let verified = verify(&recording).expect("what was recorded can be played");
        assert_eq!(verified.first, None);
        self.file.clear();
    }
}
