//! The text of `STATS`, read back.

use alloc::vec::Vec;

/// What stands behind a name in the text of `STATS`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Figure {
    /// A number of things.
    Count(u64),
    /// A time, in seconds.
    Seconds(f64),
}

/// The names and figures of a text of `STATS`, in its order. A line that is no figure, such as the empty one at the end, is left out.
///
/// ```
/// use poolcounter::stats::{Figure, read};
///
/// let text = "uptime: 1 days, 1h 2m 5s\nwaiting time: 2m 0.500000s\ntotal_acquired: 7\n\n";
/// let figures = [("uptime", Figure::Seconds(90_125.0)), ("waiting time", Figure::Seconds(120.5)), ("total_acquired", Figure::Count(7))];
/// assert_eq!(read(text), figures);
/// ```
#[must_use]
pub fn read(text: &str) -> Vec<(&str, Figure)> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<(&str, Figure)> {
    let (name, value) = line.split_once(": ")?;
    Some((name, figure(value)?))
}

fn figure(text: &str) -> Option<Figure> {
    if let Ok(count) = text.parse() {
        return Some(Figure::Count(count));
    }
    let mut seconds = 0.0;
    let mut parts = text.split(' ').peekable();
    while let Some(part) = parts.next() {
        // Days have their unit behind a space.
        let days = parts.next_if(|next| next.trim_end_matches(',') == "days");
        let (number, unit) = match (days, part.strip_suffix('h'), part.strip_suffix('m'), part.strip_suffix('s')) {
            (Some(_), ..) => (part, 86_400.0),
            (_, Some(hours), ..) => (hours, 3_600.0),
            (_, _, Some(minutes), _) => (minutes, 60.0),
            (.., Some(seconds)) => (seconds, 1.0),
            _ => return None,
        };
        seconds += number.parse::<f64>().ok().filter(|number| number.is_finite())? * unit;
    }
    Some(Figure::Seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::protocol::Response;
    use crate::stats::Statistics;

    #[test]
    fn what_is_written_is_read_back() {
        let mut statistics = Statistics::new(Timestamp::from_micros(0));
        statistics.counters.full_queues = 3;
        statistics.times.processing = 90_061_500_000;
        let Response::Stats(text) = statistics.answer(b"FULL", 5, Timestamp::from_micros(0).after_secs(3_600)) else {
            panic!("no text");
        };
        let figures = read(&text);
        let of = |name: &str| figures.iter().find(|(known, _)| *known == name).map(|(_, figure)| *figure);
        assert_eq!(figures.len(), 1 + 8 + 12);
        assert_eq!(of("uptime"), Some(Figure::Seconds(3_600.0)));
        // Single precision has lost the half.
        assert_eq!(of("total processing time"), Some(Figure::Seconds(90_061.0 + 0.5)));
        assert_eq!(of("full_queues"), Some(Figure::Count(3)));
        assert_eq!(of("hashtable_entries"), Some(Figure::Count(5)));
    }

    #[test]
    fn what_is_no_figure_is_left_out() {
        for text in ["", "ERROR WRONG_STAT", "a: ", "a: b", "a: 1x", "a: s", "a: NaNs", "a 1"] {
            assert_eq!(read(text), [], "{text:?}");
        }
    }
}
