//! Two players in turn.

use std::io::{Write, stderr};

use anyhow::Result;

/// One of the two, running.
pub(crate) trait Contender: Sized {
    /// What comes of a slice.
    type Figures;

    /// Plays a slice.
    fn slice(&mut self) -> Result<Self::Figures>;

    /// Plays what is thrown away at the start of a round.
    fn warm_up(&mut self) -> Result<()> {
        self.slice().map(drop)
    }

    /// Ends, with all checks that belong to it.
    fn finish(self) -> Result<()> {
        Ok(())
    }
}

/// In each round both are started afresh (`start(true)` is ours) and play slices in turn, ABBA: what disturbs the machine disturbs neighbours alike. The pairs of their figures, theirs and ours.
pub(crate) fn pairs<C: Contender>(
    rounds: usize,
    pairs: usize,
    start: impl Fn(bool) -> Result<C>,
) -> Result<Vec<(C::Figures, C::Figures)>> {
    let mut figures = Vec::new();
    for round in 0..rounds {
        let (mut theirs, mut ours) = (start(false)?, start(true)?);
        theirs.warm_up()?;
        ours.warm_up()?;
        for turn in 0..pairs {
            figures.push(if (round + turn) % 2 == 0 {
                let theirs = theirs.slice()?;
                (theirs, ours.slice()?)
            } else {
                let ours = ours.slice()?;
                (theirs.slice()?, ours)
            });
        }
        theirs.finish()?;
        ours.finish()?;
        eprint!(".");
        stderr().flush()?;
    }
    Ok(figures)
}
