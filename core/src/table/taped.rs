//! Reports every call into the table to the recorders, before and after the call.

use super::arena::Index;
use super::claim::Claim;
use super::queue::Queue;
use super::snapshot::SavedStatistics;
use super::{ClientId, LockTable, Wakeup};
use crate::Timestamp;
use crate::key::GroupId;
use crate::protocol::{Acquire, Command, Response};
use crate::recording::{Entry, OTHER, Recorder, Scope, Standing, StandingClaim, Title};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// A recorder of a table, until it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecorderId(u64);

/// The state of a recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderState {
    /// How many bytes the caller has not taken yet.
    pub waiting: usize,
    /// How many calls were left out, because the caller did not take the bytes in time.
    pub left_out: u64,
    /// How many segments have begun.
    pub segments: u64,
    /// Whether calls are recorded now. If not, the next segment has not begun.
    pub is_running: bool,
    /// Whether what stood at the beginning of the segment is still being written.
    pub is_paging: bool,
    /// About how many bytes of memory the recorder needs.
    pub memory: usize,
}

#[derive(Debug, Default)]
pub(super) struct Tape {
    recorders: Vec<Taped>,
    next: u64,
}

#[derive(Debug)]
struct Taped {
    id: RecorderId,
    recorder: Recorder,
    /// If only some groups are recorded: the clients that wait for one of their keys.
    waiting: BTreeSet<ClientId>,
}

impl Tape {
    fn get(&mut self, id: RecorderId) -> Option<&mut Taped> {
        self.recorders.iter_mut().find(|taped| taped.id == id)
    }

    pub(super) fn told(&mut self, Wakeup { client, response }: &Wakeup) {
        for taped in &mut self.recorders {
            if taped.recorder.covers_all() || taped.waiting.remove(client) {
                // A message has no time: it belongs to the call before it.
                let entry = Entry::Told { client: *client, answer: response };
                taped.recorder.entry(&entry, None, Timestamp::default());
            }
        }
    }

    /// Keys have other groups from now on.
    pub(super) fn end_segments(&mut self) {
        for Taped { recorder, .. } in &mut self.recorders {
            recorder.end_segment();
        }
    }

    pub(super) fn counted(&mut self, failed_send: bool) {
        for Taped { recorder, .. } in &mut self.recorders {
            if recorder.covers_all() {
                recorder.entry(&Entry::Counted { failed_send }, None, Timestamp::default());
            }
        }
    }
}

impl LockTable {
    /// Begins to record the calls in this scope. The caller [takes](Self::recorder_take) the bytes. While more than `most` bytes are not taken, calls are left out.
    /// The longest standing of a key does not count, so a recorder may keep as much more.
    ///
    /// Nothing is recorded until [`recorder_advance`](Self::recorder_advance) is called.
    pub fn add_recorder(&mut self, title: &Title, scope: Scope, most: usize) -> RecorderId {
        let tape = self.tape.get_or_insert_default();
        let id = RecorderId(tape.next);
        tape.next += 1;
        tape.recorders.push(Taped { id, recorder: Recorder::new(title, scope, most), waiting: BTreeSet::new() });
        id
    }

    /// Lets a recorder go on: call it at regular intervals. It begins the next segment if one must begin and there is room for it. It writes what stands at about `places` places of the table, of which some
    /// may be empty; a claim counts as a place, too. Gives whether there is more to write of what stands, and room for it.
    ///
    /// `wall` is the wall clock: microseconds since 1970, UTC.
    pub fn recorder_advance(&mut self, id: RecorderId, now: Timestamp, wall: u64, places: u32) -> bool {
        let Some(mut tape) = self.tape.take() else { return false };
        let more = tape.get(id).is_some_and(|taped| {
            // A message that is still to be taken belongs to an earlier call.
            if !taped.recorder.is_running() && taped.recorder.has_room() && self.wakeups.is_empty() {
                taped.waiting.clear();
                let statistics = SavedStatistics::from(&self.statistics);
                taped.recorder.begin_segment(now, wall, statistics, self.pools.arena.places());
            }
            let mut spent = 0;
            while spent < places && taped.recorder.has_room() {
                let Some(place) = taped.recorder.next_place() else { break };
                spent = spent.saturating_add(1).saturating_add(self.write_standing(taped, place));
            }
            taped.recorder.is_paging() && taped.recorder.has_room()
        });
        self.tape = Some(tape);
        more
    }

    /// The bytes that a recorder has written since the last call. They continue the file.
    pub fn recorder_take(&mut self, id: RecorderId) -> Vec<u8> {
        let taped = self.tape.as_mut().and_then(|tape| tape.get(id));
        taped.map(|taped| taped.recorder.take()).unwrap_or_default()
    }

    /// Ends a recorder's segment; [`recorder_advance`](Self::recorder_advance) begins the next one. [A head](crate::recording::head) and the bytes of the later segments are a complete file, too.
    pub fn recorder_end_segment(&mut self, id: RecorderId) {
        if let Some(taped) = self.tape.as_mut().and_then(|tape| tape.get(id)) {
            taped.recorder.end_segment();
        }
    }

    /// How many bytes of a recorder the caller has not taken yet.
    #[must_use]
    #[inline]
    pub fn recorder_waiting(&self, id: RecorderId) -> usize {
        let taped = self.tape.as_ref().and_then(|tape| tape.recorders.iter().find(|taped| taped.id == id));
        taped.map_or(0, |taped| taped.recorder.len())
    }

    /// The state of a recorder; `None` if it was removed.
    #[must_use]
    pub fn recorder_state(&self, id: RecorderId) -> Option<RecorderState> {
        let taped = self.tape.as_ref()?.recorders.iter().find(|taped| taped.id == id)?;
        let recorder = &taped.recorder;
        Some(RecorderState {
            waiting: recorder.len(),
            left_out: recorder.left_out(),
            segments: recorder.segments(),
            is_running: recorder.is_running(),
            is_paging: recorder.is_paging(),
            memory: recorder.memory(),
        })
    }

    /// Ends a recording. Returns the bytes that were not taken yet.
    pub fn remove_recorder(&mut self, id: RecorderId) -> Vec<u8> {
        let rest = self.recorder_take(id);
        if let Some(tape) = &mut self.tape {
            tape.recorders.retain(|taped| taped.id != id);
            if tape.recorders.is_empty() {
                self.tape = None;
            }
        }
        rest
    }

    /// Call it before the key at this place of the pools changes.
    #[cold]
    pub(super) fn tape_before_change(&mut self, place: Index) {
        let Some(mut tape) = self.tape.take() else { return };
        for taped in &mut tape.recorders {
            if taped.recorder.claims_place(place) {
                self.write_standing(taped, place);
            }
        }
        self.tape = Some(tape);
    }

    /// Executes a command and records it.
    #[inline(never)]
    pub(super) fn tape_command(&mut self, client: ClientId, command: Command<'_>, now: Timestamp) -> Option<Response> {
        match command {
            Command::Acquire(acquire) => self.tape_acquire(client, acquire, now),
            Command::Release => Some(self.tape_release(client, now)),
            Command::Stats(_) | Command::Unknown | Command::TooLong => {
                let answer = self.execute(client, command, now);
                if let (Some(tape), Some(answer)) = (&mut self.tape, &answer) {
                    for Taped { recorder, .. } in tape.recorders.iter_mut().filter(|taped| taped.recorder.covers_all())
                    {
                        let entry = match (command, answer) {
                            (Command::Stats(name), Response::Stats(text)) => Entry::Statistic { client, name, text },
                            _ => Entry::Other { client, answer },
                        };
                        recorder.entry(&entry, None, now);
                    }
                }
                answer
            }
        }
    }

    fn tape_acquire(&mut self, client: ClientId, acquire: Acquire<'_>, now: Timestamp) -> Option<Response> {
        let hash = self.pools.hash(acquire.key());
        let is_paging =
            self.tape.as_ref().is_some_and(|tape| tape.recorders.iter().any(|taped| taped.recorder.is_paging()));
        if is_paging && let Some(pool) = self.pools.find_hashed(hash, acquire.key()) {
            self.tape_before_change(pool);
        }
        // It computes the hash again. An acquire that takes the hash costs every command 3 % more instructions, also without a recorder.
        let answer = self.execute(client, Command::Acquire(acquire), now);
        let Some(mut tape) = self.tape.take() else { return answer };
        let pool = match (&answer, self.clients[client.0].newest()) {
            (None | Some(Response::Locked), Some(claim)) => Some(self.claims[claim].pool),
            _ => self.pools.find_hashed(hash, acquire.key()),
        };
        let group = pool.map(|pool| self.name_of(self.pools.arena[pool].group));
        let is_about_client =
            matches!(answer, Some(Response::LockHeld | Response::WaitForResponse | Response::BadSyntax));
        for Taped { recorder, waiting, .. } in &mut tape.recorders {
            // A new key is not part of the standing.
            if let Some(pool) = pool {
                recorder.claims_place(pool);
            }
            // These depend on locks of other groups.
            if recorder.covers_all() || recorder.covers(group.unwrap_or(OTHER)) && !is_about_client {
                recorder.entry(&Entry::Acquire { client, acquire, hash, answer: answer.as_ref() }, group, now);
                if answer.is_none() && !recorder.covers_all() {
                    waiting.insert(client);
                }
            }
        }
        self.tape = Some(tape);
        answer
    }

    fn tape_release(&mut self, client: ClientId, now: Timestamp) -> Response {
        // Otherwise a message that is still to be taken may be for the client.
        let ends_wait = self.waiting_claim(client).is_some();
        let pool = self.clients[client.0].newest().map(|claim| self.claims[claim].pool);
        let group = pool.map(|pool| self.pools.arena[pool].group);
        if let Some(pool) = pool {
            self.tape_before_change(pool);
        }
        let answer = self.release(client, now);
        self.tape_about(client, group, ends_wait, now, || Entry::Release { client, answer: &answer });
        answer
    }

    /// Records that bytes came from a client, if they cancel the timer of its wait.
    #[inline(never)]
    pub(super) fn tape_read(&mut self, client: ClientId, now: Timestamp) {
        let Some(claim) = self.waiting_claim(client) else { return };
        if self.wait_deadline(&self.claims[claim]).is_some() {
            let pool = self.claims[claim].pool;
            let group = self.pools.arena[pool].group;
            self.tape_before_change(pool);
            self.tape_about(client, Some(group), false, now, || Entry::Read { client });
        }
    }

    /// Call it before a client leaves.
    #[inline(never)]
    pub(super) fn tape_left(&mut self, client: ClientId, now: Timestamp) {
        let mut places = [None; super::claim::MAX_CLAIMS];
        for (place, &claim) in places.iter_mut().zip(self.clients[client.0].claims()) {
            *place = Some(self.claims[claim].pool);
        }
        for &pool in places.iter().flatten() {
            self.tape_before_change(pool);
        }
        let ends_wait = self.waiting_claim(client).is_some();
        let Some(mut tape) = self.tape.take() else { return };
        for Taped { recorder, waiting, .. } in &mut tape.recorders {
            let mut pools = places.iter().flatten().map(|&pool| self.pools.arena[pool].group);
            if recorder.covers_all() || pools.any(|group| recorder.covers(self.name_of(group))) {
                recorder.entry(&Entry::Left { client }, None, now);
            }
            if ends_wait {
                waiting.remove(&client);
            }
        }
        self.tape = Some(tape);
    }

    /// Call it before waits that have timed out are ended.
    #[inline(never)]
    pub(super) fn tape_expiry(&mut self, now: Timestamp) {
        if let (Some(tape), Some(_)) = (&mut self.tape, self.deadlines.due(now)) {
            for Taped { recorder, .. } in &mut tape.recorders {
                recorder.entry(&Entry::Expiry, None, now);
            }
        }
    }

    /// Writes a call for the recorders of this group. Without a group, only recorders of all groups get it.
    fn tape_about<'a>(
        &mut self,
        client: ClientId,
        group: Option<GroupId>,
        ends_wait: bool,
        now: Timestamp,
        entry: impl Fn() -> Entry<'a>,
    ) {
        let Some(mut tape) = self.tape.take() else { return };
        for Taped { recorder, waiting, .. } in &mut tape.recorders {
            if recorder.covers_all() || group.is_some_and(|group| recorder.covers(self.name_of(group))) {
                recorder.entry(&entry(), None, now);
                if ends_wait {
                    waiting.remove(&client);
                }
            }
        }
        self.tape = Some(tape);
    }

    fn name_of(&self, group: GroupId) -> &str {
        self.figures().map_or(OTHER, |figures| figures.name(group))
    }

    /// Writes what stands at a place. Gives how many claims that are.
    fn write_standing(&self, taped: &mut Taped, place: Index) -> u32 {
        let Some(pool) = self.pools.arena.get(place) else { return 0 };
        let group = self.name_of(pool.group);
        if !taped.recorder.covers(group) {
            return 0;
        }
        let claims = |queue: &Queue| queue.iter(&self.claims).map(|claim| self.standing_claim(claim)).collect();
        let standing = Standing {
            key: 0,
            holders: claims(&pool.holders),
            for_me: claims(&pool.for_me),
            for_anyone: claims(&pool.for_anyone),
        };
        if !taped.recorder.covers_all() {
            let waiting = standing.for_me.iter().chain(&standing.for_anyone);
            taped.waiting.extend(waiting.map(|claim| ClientId(claim.client)));
        }
        taped.recorder.standing(group, &pool.key, pool.hash, standing);
        pool.count()
    }

    fn standing_claim(&self, index: Index) -> StandingClaim {
        let claim = &self.claims[index];
        let stack = self.clients[claim.client].claims();
        let depth = stack.iter().take_while(|&&other| other != index).count();
        let Claim { client, requested, granted, .. } = *claim;
        StandingClaim {
            client,
            // No client has more than four claims.
            depth: u8::try_from(depth).unwrap_or(u8::MAX),
            requested: requested.as_micros(),
            granted: granted.as_micros(),
            deadline: self.wait_deadline(claim).map(|deadline| (deadline.at.as_micros(), deadline.sequence)),
            limits: claim.asked.limits().map(|limits| (limits.workers, limits.maxqueue, limits.timeout)),
            mode: claim.mode(),
        }
    }
}
