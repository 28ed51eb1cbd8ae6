//! Version 1 of the format: one structure. It is read, and not written any more.

use super::SnapshotError;
use super::saved::{Saved, SavedClaim, SavedPool, ensure};
use super::statistics::SavedStatistics;
use crate::Timestamp;
use crate::table::claim::Asked;
use alloc::vec::Vec;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    statistics: SavedStatistics,
    clients: Vec<u8>,
    pools: Vec<Pool>,
}

#[derive(Deserialize)]
struct Pool {
    key: Vec<u8>,
    holders: Vec<Claim>,
    for_me: Vec<Claim>,
    for_anyone: Vec<Claim>,
}

#[derive(Deserialize)]
struct Claim {
    client: u32,
    depth: u8,
    start: Timestamp,
    deadline: Option<(Timestamp, u64)>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Saved, SnapshotError> {
    let (table, rest): (Table, _) = postcard::take_from_bytes(bytes)?;
    ensure(rest.is_empty(), "something follows its end")?;
    let pools = table.pools.into_iter().map(|pool| SavedPool {
        key: pool.key,
        holders: claims(pool.holders),
        for_me: claims(pool.for_me),
        for_anyone: claims(pool.for_anyone),
    });
    Ok(Saved { statistics: table.statistics.into(), clients: table.clients, pools: pools.collect(), figures: None })
}

fn claims(claims: Vec<Claim>) -> Vec<SavedClaim> {
    let claim = |Claim { client, depth, start, deadline }: Claim| SavedClaim {
        client,
        depth,
        requested: start,
        // This version does not have the time at which a waiter was granted its lock.
        granted: start,
        deadline,
        asked: Asked::UNKNOWN,
        overdue: false,
    };
    claims.into_iter().map(claim).collect()
}
