//! Runs two sides in turn.

use std::io::{Write, stderr};

use anyhow::Result;

/// One running side.
pub(crate) trait Contender: Sized {
    /// The figures of a slice.
    type Figures;

    /// Runs a slice.
    fn slice(&mut self) -> Result<Self::Figures>;

    /// Runs the slice at the start of a round whose figures are not used.
    fn warm_up(&mut self) -> Result<()> {
        self.slice().map(drop)
    }

    /// Ends, with its checks.
    fn finish(self) -> Result<()> {
        Ok(())
    }
}

/// In each round starts both sides again (`start(true)` is ours) and runs slices in turn, in the order ABBA, because a disturbance of the machine affects both
/// neighbours. Gives the pairs of figures, theirs and ours.
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
