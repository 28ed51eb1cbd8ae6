//! The time of an upgrade.

use std::time::Instant;

/// From the signal to the end of the upgrade, which is not known at first.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: Instant,
    pub(crate) to: Option<Instant>,
}

impl Window {
    /// Whether a command was under way at some moment of it.
    pub(crate) fn meets(self, sent: Instant, answered: Instant) -> bool {
        answered >= self.from && self.to.is_none_or(|to| sent <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_command_meets_it_unless_it_lies_before_or_behind() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let open = Window { from: at(10), to: None };
        let closed = Window { to: Some(at(20)), ..open };
        for (sent, answered, meets) in [
            (8, 9, [false, false]),
            (8, 10, [true, true]),
            (12, 13, [true, true]),
            (8, 25, [true, true]),
            (20, 25, [true, true]),
            (21, 25, [true, false]),
        ] {
            assert_eq!(
                [open, closed].map(|window| window.meets(at(sent), at(answered))),
                meets,
                "{sent} to {answered}"
            );
        }
    }
}
