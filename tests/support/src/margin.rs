//! How late the steps of a run may be before its result proves nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use poolcounter::protocol::{Command, LineBuffer};

use crate::transcript::{Name, Step};

/// If a story waits, timers of the daemon are about to fire when it continues.
const OF_A_STORY_THAT_WAITS: Duration = Duration::from_millis(200);

/// If a step is later than this, a timer may have fired that the story does not expect.
pub(crate) fn margin<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Duration {
    let mut lines: BTreeMap<&Name, LineBuffer> = BTreeMap::new();
    let mut shortest = Duration::MAX;
    for step in steps {
        match step {
            Step::Wait(_) => return OF_A_STORY_THAT_WAITS,
            Step::Send(name, bytes) => shortest = shortest.min(timer(lines.entry(name).or_default(), bytes)),
            Step::Connect(name) | Step::Close(name) | Step::Reset(name) => drop(lines.remove(name)),
            Step::ShutDown(_) | Step::Clock(_) | Step::Freeze | Step::Thaw => {}
        }
    }
    shortest
}

/// The shortest time that the lines ask to wait for.
fn timer(lines: &mut LineBuffer, mut bytes: &[u8]) -> Duration {
    let mut shortest = Duration::MAX;
    while let Some(line) = lines.next_line(&mut bytes) {
        if let Command::Acquire(acquire) = Command::parse(line)
            && acquire.timeout > 0
        {
            shortest = shortest.min(Duration::from_secs(acquire.timeout.into()));
        }
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Story;

    fn of(story: &str) -> Duration {
        margin(Story::parse(story).unwrap().steps())
    }

    #[test]
    fn it_is_that_of_the_first_timer() {
        assert_eq!(of("a -> RELEASE\\n\na -> ACQ4ME k 1 1 0\\n\n"), Duration::MAX);
        assert_eq!(
            of("a -> ACQ4ME k 1 1 7\\n\nb -> ACQ4ANY k 1 1 5\\n\nc -> ACQ4ME k 1 1 1\n"),
            Duration::from_secs(5)
        );
        assert_eq!(of("a -> ACQ4ME k 1 1 7\\n\nwait 1s\n"), OF_A_STORY_THAT_WAITS);
    }
}
