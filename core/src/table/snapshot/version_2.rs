//! Version 2 of the format: sections, each with a tag. A program refuses a section that it does not know, because its content would be lost.

use super::SnapshotError;
use super::saved::{Saved, SavedClaim, SavedPool, ensure};
use super::sections::{read_section, write_section};
use super::statistics::SavedStatistics;
use crate::Timestamp;
use crate::figures::{SavedFigures, SavedGroups, SavedHistory, SavedHot};
use crate::table::claim::Asked;
use alloc::vec::Vec;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The tags. One that was given once keeps its meaning.
const CLAIMS: u8 = 1;
const STATISTICS: u8 = 2;
/// This and the following are written only if figures are on, so that an older program can read the state of a daemon that nobody looks into.
const LIMITS: u8 = 3;
const GROUPS: u8 = 4;
const HISTORY: u8 = 5;
const HOT: u8 = 6;
/// Written only if there are such holds, for the same reason.
const OVERDUE: u8 = 7;

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
    let asked: Vec<Asked> = saved.claims().map(|claim| claim.asked).collect();
    let overdue: Vec<u32> =
        (0..).zip(saved.claims()).filter(|(_, claim)| claim.overdue).map(|(rank, _)| rank).collect();
    let Saved { statistics, clients, pools, figures } = saved;
    let claims = Claims { clients, pools: pools.into_iter().map(Pool::from).collect() };
    let bytes = write_section(CLAIMS, &postcard::to_allocvec(&claims)?, header)?;
    let mut bytes = write_section(STATISTICS, &postcard::to_allocvec(&SavedStatistics::from(&statistics))?, bytes)?;
    if let Some(SavedFigures { groups, history, hot }) = figures {
        bytes = write_section(LIMITS, &postcard::to_allocvec(&asked)?, bytes)?;
        bytes = write_section(GROUPS, &postcard::to_allocvec(&groups)?, bytes)?;
        bytes = write_section(HISTORY, &postcard::to_allocvec(&history)?, bytes)?;
        bytes = write_section(HOT, &postcard::to_allocvec(&hot)?, bytes)?;
    }
    if !overdue.is_empty() {
        bytes = write_section(OVERDUE, &postcard::to_allocvec(&overdue)?, bytes)?;
    }
    Ok(bytes)
}

pub(super) fn read(mut bytes: &[u8]) -> Result<Saved, SnapshotError> {
    const MISSING: SnapshotError = SnapshotError::Contradiction("a section is missing");
    let (mut claims, mut statistics) = (None, None);
    let (mut limits, mut groups, mut history, mut hot, mut overdue) = (None, None, None, None, None);
    while let Some((tag, content)) = read_section(&mut bytes)? {
        match tag {
            CLAIMS => fill::<Claims>(&mut claims, content)?,
            STATISTICS => fill::<SavedStatistics>(&mut statistics, content)?,
            LIMITS => fill::<Vec<Asked>>(&mut limits, content)?,
            GROUPS => fill::<SavedGroups>(&mut groups, content)?,
            HISTORY => fill::<SavedHistory>(&mut history, content)?,
            HOT => fill::<SavedHot>(&mut hot, content)?,
            OVERDUE => fill::<Vec<u32>>(&mut overdue, content)?,
            unknown => return Err(SnapshotError::Section(unknown)),
        }
    }
    let figures = match (groups, history, hot) {
        (Some(groups), Some(history), Some(hot)) => Some(SavedFigures { groups, history, hot }),
        (None, None, None) => None,
        _ => return Err(MISSING),
    };
    let (claims, statistics) = (claims.ok_or(MISSING)?, statistics.ok_or(MISSING)?);
    let pools = claims.pools.into_iter().map(SavedPool::from).collect();
    let mut saved = Saved { statistics: statistics.into(), clients: claims.clients, pools, figures };
    if let Some(limits) = limits {
        ensure(saved.claims().count() == limits.len(), "limits for another number of locks")?;
        for (claim, asked) in saved.claims_mut().zip(limits) {
            claim.asked = asked;
        }
    }
    if let Some(overdue) = overdue {
        let mut claims: Vec<&mut SavedClaim> = saved.claims_mut().collect();
        for rank in overdue {
            let claim = claims.get_mut(rank as usize);
            claim.ok_or(SnapshotError::Contradiction("an unknown lock that is held for too long"))?.overdue = true;
        }
    }
    Ok(saved)
}

fn fill<T: DeserializeOwned>(section: &mut Option<T>, bytes: &[u8]) -> Result<(), SnapshotError> {
    ensure(section.is_none(), "a section stands there twice")?;
    let (content, rest) = postcard::take_from_bytes(bytes)?;
    ensure(rest.is_empty(), "something follows the end of a section")?;
    *section = Some(content);
    Ok(())
}

impl From<SavedPool> for Pool {
    fn from(SavedPool { key, holders, for_me, for_anyone }: SavedPool) -> Self {
        let claims = |claims: Vec<SavedClaim>| claims.into_iter().map(Claim::from).collect();
        Self { key, holders: claims(holders), for_me: claims(for_me), for_anyone: claims(for_anyone) }
    }
}

impl From<Pool> for SavedPool {
    fn from(Pool { key, holders, for_me, for_anyone }: Pool) -> Self {
        let claims = |claims: Vec<Claim>| claims.into_iter().map(SavedClaim::from).collect();
        Self { key, holders: claims(holders), for_me: claims(for_me), for_anyone: claims(for_anyone) }
    }
}

impl From<SavedClaim> for Claim {
    fn from(SavedClaim { client, depth, requested, granted, deadline, asked: _, overdue: _ }: SavedClaim) -> Self {
        Self { client, depth, requested, granted, deadline }
    }
}

impl From<Claim> for SavedClaim {
    fn from(Claim { client, depth, requested, granted, deadline }: Claim) -> Self {
        Self { client, depth, requested, granted, deadline, asked: Asked::UNKNOWN, overdue: false }
    }
}
