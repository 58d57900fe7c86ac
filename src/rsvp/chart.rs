//! Responses over time, thinned for drawing.

use serde::{Deserialize, Serialize};

/// The counts by answer: zero when the first link was issued, then after each change, oldest first. Empty before the
/// first reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    pub points: Vec<Point>,
    /// Readable first and last time, in the event's time zone.
    pub from: String,
    pub to: String,
}

/// The state after one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Seconds since 1970.
    pub at: i64,
    /// People attending; for the others, guests.
    pub attending: i32,
    pub maybe: i32,
    pub declined: i32,
}

/// Most points to draw; more would not be visible.
pub const MOST_POINTS: usize = 120;

impl Chart {
    /// Thins `points` evenly. Keeps the first, and the last of each stretch, so that both ends are exact.
    pub fn thinned(points: Vec<Point>) -> Vec<Point> {
        let step = points.len().div_ceil(MOST_POINTS).max(1);
        let last = points.len().saturating_sub(1);
        let kept = |i: usize| i == 0 || i % step == step - 1 || i == last;
        points.into_iter().enumerate().filter(|(i, _)| kept(*i)).map(|(_, p)| p).collect()
    }

    /// The highest value of any line.
    pub fn top(&self) -> i32 {
        self.points.iter().map(|p| p.attending.max(p.maybe).max(p.declined)).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends_exact() {
        let points: Vec<_> = (0..1000).map(|at| Point { at, attending: at as i32, ..Point::default() }).collect();
        let thinned = Chart::thinned(points);
        assert!(thinned.len() <= MOST_POINTS + 2);
        assert_eq!(thinned.first().map(|p| p.attending), Some(0));
        assert_eq!(thinned.last().map(|p| p.attending), Some(999));
        assert!(Chart::thinned(Vec::new()).is_empty());
    }
}
