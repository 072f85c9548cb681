//! What arrived in the last minute, by route.

use std::collections::{BTreeMap, VecDeque};
use std::ops::AddAssign;
use std::sync::{Arc, Mutex, PoisonError};

/// For how many seconds arrivals are counted.
const SECONDS: i64 = 60;

/// Counts of what arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) requests: u64,
    /// Spans and evaluations that were stored.
    pub(crate) events: u64,
    /// Spans that are no steps of an LLM application.
    pub(crate) passed_over: u64,
    /// Events that were refused, or requests that were.
    pub(crate) refused: u64,
}

/// The arrivals of the last minute, by the path of the request. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals(Arc<Mutex<BTreeMap<String, Seconds>>>);

/// The seconds in which anything arrived, the latest last.
type Seconds = VecDeque<(i64, Arrived)>;

impl Arrivals {
    /// Counts a request. Only paths of routes may be given, of which there are few.
    pub(crate) fn count(&self, path: &str, arrived: Arrived, now_ms: i64) {
        let mut paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = paths.entry(path.to_owned()).or_default();
        let now = now_ms / 1_000;
        match seconds.back_mut() {
            Some((second, sum)) if *second == now => *sum += arrived,
            _ => seconds.push_back((now, arrived)),
        }
        while seconds.front().is_some_and(|(second, _)| !is_recent(*second, now)) {
            seconds.pop_front();
        }
    }

    /// The sums for each path with which anything arrived.
    pub(crate) fn last_minute(&self, now_ms: i64) -> Vec<(String, Arrived)> {
        let paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sums = paths.iter().map(|(path, seconds)| {
            let mut sum = Arrived::default();
            let recent = seconds.iter().filter(|(second, _)| is_recent(*second, now_ms / 1_000));
            recent.for_each(|(_, arrived)| sum += *arrived);
            (path.clone(), sum)
        });
        sums.filter(|(_, sum)| sum.requests > 0).collect()
    }
}

fn is_recent(second: i64, now: i64) -> bool {
    (now - SECONDS..=now).contains(&second)
}

impl AddAssign for Arrived {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.events += other.events;
        self.passed_over += other.passed_over;
        self.refused += other.refused;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_counted() {
        let arrivals = Arrivals::default();
        let one = Arrived { requests: 1, events: 2, passed_over: 3, refused: 4 };
        arrivals.count("/a", one, 1_000);
        arrivals.count("/a", one, 1_999);
        arrivals.count("/b", one, 60_000);
        let two = Arrived { requests: 2, events: 4, passed_over: 6, refused: 8 };
        let both = [("/a".to_owned(), two), ("/b".to_owned(), one)];
        assert_eq!(arrivals.last_minute(61_000), both);
        assert_eq!(arrivals.last_minute(62_000), both[1..].to_vec());
        assert_eq!(arrivals.last_minute(130_000), []);
    }
}
