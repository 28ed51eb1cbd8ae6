//! Version 2 of the format: sections, each with a tag. A program refuses a section that it does not know, because its content would be lost.

use super::SnapshotError;
use super::saved::{Saved, SavedClaim, SavedPool, ensure};
use super::sections::{read_section, write_section};
use super::statistics::SavedStatistics;
use crate::Timestamp;
use alloc::vec::Vec;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The tags. One that was given once keeps its meaning.
const CLAIMS: u8 = 1;
const STATISTICS: u8 = 2;

#[derive(Serialize, Deserialize)]
struct Claims {
    /// For each client, how many claims it has.
    clients: Vec<u8>,
    pools: Vec<Pool>,
}

#[derive(Serialize, Deserialize)]
struct Pool {
    key: Vec<u8>,
    holders: Vec<Claim>,
    for_me: Vec<Claim>,
    for_anyone: Vec<Claim>,
}

#[derive(Serialize, Deserialize)]
struct Claim {
    client: u32,
    depth: u8,
    requested: Timestamp,
    granted: Timestamp,
    deadline: Option<(Timestamp, u64)>,
}

pub(super) fn write(saved: Saved, header: Vec<u8>) -> Result<Vec<u8>, SnapshotError> {
    let pools = saved.pools.into_iter().map(|pool| Pool {
        key: pool.key,
        holders: pool.holders.into_iter().map(Claim::from).collect(),
        for_me: pool.for_me.into_iter().map(Claim::from).collect(),
        for_anyone: pool.for_anyone.into_iter().map(Claim::from).collect(),
    });
    let claims = Claims { clients: saved.clients, pools: pools.collect() };
    let statistics = SavedStatistics::from(&saved.statistics);
    let bytes = write_section(CLAIMS, &postcard::to_allocvec(&claims)?, header)?;
    write_section(STATISTICS, &postcard::to_allocvec(&statistics)?, bytes)
}

pub(super) fn read(mut bytes: &[u8]) -> Result<Saved, SnapshotError> {
    let (mut claims, mut statistics) = (None, None);
    while let Some((tag, content)) = read_section(&mut bytes)? {
        match tag {
            CLAIMS => fill::<Claims>(&mut claims, content)?,
            STATISTICS => fill::<SavedStatistics>(&mut statistics, content)?,
            unknown => return Err(SnapshotError::Section(unknown)),
        }
    }
    let claims = claims.ok_or(SnapshotError::Contradiction("a section is missing"))?;
    let statistics = statistics.ok_or(SnapshotError::Contradiction("a section is missing"))?;
    let pools = claims.pools.into_iter().map(|pool| SavedPool {
        key: pool.key,
        holders: pool.holders.into_iter().map(SavedClaim::from).collect(),
        for_me: pool.for_me.into_iter().map(SavedClaim::from).collect(),
        for_anyone: pool.for_anyone.into_iter().map(SavedClaim::from).collect(),
    });
    Ok(Saved { statistics: statistics.into(), clients: claims.clients, pools: pools.collect() })
}

fn fill<T: DeserializeOwned>(section: &mut Option<T>, bytes: &[u8]) -> Result<(), SnapshotError> {
    ensure(section.is_none(), "a section stands there twice")?;
    let (content, rest) = postcard::take_from_bytes(bytes)?;
    ensure(rest.is_empty(), "something follows the end of a section")?;
    *section = Some(content);
    Ok(())
}

impl From<SavedClaim> for Claim {
    fn from(SavedClaim { client, depth, requested, granted, deadline }: SavedClaim) -> Self {
        Self { client, depth, requested, granted, deadline }
    }
}

impl From<Claim> for SavedClaim {
    fn from(Claim { client, depth, requested, granted, deadline }: Claim) -> Self {
        Self { client, depth, requested, granted, deadline }
    }
}
