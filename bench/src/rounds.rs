//! Two players in turn.

use std::io::{Write, stderr};

use anyhow::Result;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Theirs,
    Ours,
}

/// In each round both players are started afresh and play slices in turn, ABBA: what disturbs the machine disturbs neighbours alike. The pairs of their figures,
/// theirs and ours; the first pair of a round is thrown away.
pub(crate) fn pairs<P, F>(
    rounds: usize,
    pairs: usize,
    mut start: impl FnMut(Side) -> Result<P>,
    mut slice: impl FnMut(&mut P) -> Result<F>,
) -> Result<Vec<(F, F)>> {
    let mut figures = Vec::new();
    for round in 0..rounds {
        let (mut theirs, mut ours) = (start(Side::Theirs)?, start(Side::Ours)?);
        for turn in 0..=pairs {
            let pair = if (round + turn) % 2 == 0 {
                let theirs = slice(&mut theirs)?;
                (theirs, slice(&mut ours)?)
            } else {
                let ours = slice(&mut ours)?;
                (slice(&mut theirs)?, ours)
            };
            if turn > 0 {
                figures.push(pair);
            }
        }
        eprint!(".");
        stderr().flush()?;
    }
    Ok(figures)
}
