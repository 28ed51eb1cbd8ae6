//! A rate that changes over time.

use crate::Invalid;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The rate at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Seconds since the beginning.
    pub at: f64,
    /// So many a second, or a minute: the field says which.
    pub rate: f64,
}

/// Straight lines from point to point, flat before the first and after the last.
///
/// ```
/// use poolcounter_sim::Curve;
///
/// let curve: Curve = "600:5,610:150".parse()?;
/// assert_eq!(curve.rate(0.0), 5.0);
/// assert_eq!(curve.rate(605.0), 77.5);
/// assert_eq!(curve.to_string(), "600:5,610:150");
/// // One number is a rate that stays.
/// assert_eq!("20".parse::<Curve>()?, Curve::constant(20.0));
/// # Ok::<(), poolcounter_sim::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Curve(pub Vec<Point>);

impl Curve {
    /// A rate that stays.
    #[must_use]
    pub fn constant(rate: f64) -> Self {
        Self::through(&[(0.0, rate)])
    }

    /// The curve through these points, each a moment and a rate.
    #[must_use]
    pub fn through(points: &[(f64, f64)]) -> Self {
        Self(points.iter().map(|&(at, rate)| Point { at, rate }).collect())
    }

    /// The rate at a moment.
    #[must_use]
    pub fn rate(&self, at: f64) -> f64 {
        let next = self.0.partition_point(|point| point.at <= at);
        match (next.checked_sub(1).map(|last| self.0[last]), self.0.get(next)) {
            (Some(from), Some(to)) => from.rate + (to.rate - from.rate) * (at - from.at) / (to.at - from.at),
            (Some(point), None) => point.rate,
            (None, first) => first.map_or(0.0, |point| point.rate),
        }
    }

    /// How many are expected from the beginning until `end`.
    #[must_use]
    pub fn expected(&self, end: f64) -> f64 {
        self.lines(end).map(|(from, to)| f64::midpoint(from.rate, to.rate) * (to.at - from.at)).sum()
    }

    /// Its straight lines from the beginning until `end`.
    pub(crate) fn lines(&self, end: f64) -> impl Iterator<Item = (Point, Point)> {
        let corner = |at| Point { at, rate: self.rate(at) };
        let inner = self.0.iter().copied().filter(move |point| point.at > 0.0 && point.at < end);
        let ends = core::iter::once(corner(0.0)).chain(inner.clone());
        ends.zip(inner.chain(core::iter::once(corner(end))))
    }

    /// At least one point, in order of time, and no rate beyond `most`.
    pub(crate) fn check(&self, most: f64) -> Result<(), String> {
        if self.0.is_empty() {
            return Err("needs a rate, such as 20 or 0:5,600:5,610:150".to_string());
        }
        for point in &self.0 {
            if !(0.0..=most).contains(&point.rate) {
                return Err(format!("a rate must be from 0 to {most}, not {}", point.rate));
            }
            if !(0.0..=f64::from(u32::MAX)).contains(&point.at) {
                return Err(format!("a time must be in seconds from the beginning, not {}", point.at));
            }
        }
        match self.0.windows(2).find(|pair| pair[0].at >= pair[1].at) {
            Some(pair) => Err(format!("{} s does not come after {} s", pair[1].at, pair[0].at)),
            None => Ok(()),
        }
    }
}

impl core::fmt::Display for Curve {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if let [Point { at: 0.0, rate }] = self.0[..] {
            return write!(to, "{rate}");
        }
        for (number, point) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(to, "{comma}{}:{}", point.at, point.rate)?;
        }
        Ok(())
    }
}

impl core::str::FromStr for Curve {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = |text: &str| {
            let error = || Invalid::new("curve", format!("{text:?} is not a number"));
            text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(error)
        };
        if !text.contains(':') {
            return Ok(Self::constant(number(text)?));
        }
        let point = |text: &str| match text.split_once(':') {
            Some((at, rate)) => Ok(Point { at: number(at)?, rate: number(rate)? }),
            None => Err(Invalid::new("curve", format!("{text:?} is not seconds:rate"))),
        };
        text.split(',').map(point).collect::<Result<_, _>>().map(Self)
    }
}
