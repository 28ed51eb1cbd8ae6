//! Makes a table from the standing of a recording's segment.

use super::saved::{Saved, SavedClaim, SavedPool};
use super::{HashSeed, LockTable, Restoring, SnapshotError};
use crate::Timestamp;
use crate::recording::{Segment, Standing, StandingClaim};
use crate::stats::Statistics;
use crate::table::ClientId;
use crate::table::claim::Asked;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

impl LockTable {
    /// The table as it was when a segment began, and its clients by their numbers in the recording. Clients without a claim are left out.
    ///
    /// `partly`: only some groups were recorded. Then the gauges of the statistics count only their keys.
    pub(crate) fn standing(
        segment: &Segment,
        partly: bool,
        seed: HashSeed,
    ) -> Result<(Self, BTreeMap<u32, ClientId>), SnapshotError> {
        let claims = || segment.standing.iter().flat_map(Standing::claims);
        let mut depths: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for claim in claims() {
            depths.entry(claim.client).or_default().push(claim.depth);
        }
        // First, because looking for a place among many would take long.
        super::ensure(
            depths.values().all(|depths| depths.len() <= super::MAX_CLAIMS),
            "a client with more than four locks",
        )?;
        for depths in depths.values_mut() {
            depths.sort_unstable();
        }
        let ranks: BTreeMap<u32, u32> = (0..).zip(depths.keys()).map(|(rank, &client)| (client, rank)).collect();
        // A claim below it may be of a key that was not recorded.
        let place = |claim: &StandingClaim| {
            let depths = depths.get(&claim.client).map_or(&[][..], Vec::as_slice);
            depths.iter().position(|&depth| depth == claim.depth).unwrap_or(usize::MAX)
        };
        let saved = |claims: &[StandingClaim]| -> Vec<SavedClaim> {
            let saved = claims.iter().map(|claim| SavedClaim {
                client: ranks.get(&claim.client).copied().unwrap_or(u32::MAX),
                depth: u8::try_from(place(claim)).unwrap_or(u8::MAX),
                requested: Timestamp::from_micros(claim.requested),
                granted: Timestamp::from_micros(claim.granted),
                deadline: claim.deadline.map(|(at, sequence)| (Timestamp::from_micros(at), sequence)),
                asked: Asked::recorded(claim.mode, claim.limits),
                overdue: false,
            });
            saved.collect()
        };
        let pools = segment.standing.iter().map(|standing| SavedPool {
            key: segment.keys.get(standing.key as usize).map(|key| key.name.to_vec()).unwrap_or_default(),
            holders: saved(&standing.holders),
            for_me: saved(&standing.for_me),
            for_anyone: saved(&standing.for_anyone),
        });
        let pools: Vec<SavedPool> = pools.collect();
        let mut statistics = Statistics::from(segment.statistics.clone());
        if partly {
            let held = segment.standing.iter().map(|standing| standing.holders.len() as u64).sum();
            statistics.counters.processing_workers = held;
            statistics.counters.waiting_workers = claims().count() as u64 - held;
        }
        let clients = depths.values().map(|depths| u8::try_from(depths.len()).unwrap_or(u8::MAX)).collect();
        let saved = Saved { statistics, clients, pools: Vec::new(), figures: None };
        let table = Restoring::new(&saved, seed).finish(pools)?;
        Ok((table, ranks.into_iter().map(|(client, rank)| (client, ClientId(rank))).collect()))
    }
}
