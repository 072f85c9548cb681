//! Counts by time of any number of rows, in bounded memory.

use std::collections::BTreeMap;

/// How many different times are kept. Beyond that, neighbours are counted together.
const TIMES: usize = 4_096;

/// Counts of successful and failed rows by the time at which they began.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The first and the last time, in nanoseconds since the Unix epoch.
    pub(super) range_ns: Option<(i64, i64)>,
    counts: BTreeMap<i64, (u64, u64)>,
    /// Times are counted without so many of their low bits.
    shift: u32,
    /// The latest entry, which is not in the map yet. Rows mostly come in the order of time.
    latest: (i64, (u64, u64)),
}

impl Histogram {
    /// Counts a row.
    pub(super) fn add(&mut self, start_ns: i64, failed: bool) {
        let (first, last) = self.range_ns.unwrap_or((start_ns, start_ns));
        self.range_ns = Some((first.min(start_ns), last.max(start_ns)));
        let time = start_ns >> self.shift;
        if time != self.latest.0 {
            self.keep_latest();
            self.latest.0 = start_ns >> self.shift;
        }
        let (ok, errors) = &mut self.latest.1;
        *(if failed { errors } else { ok }) += 1;
    }

    fn keep_latest(&mut self) {
        let (time, counts) = std::mem::take(&mut self.latest);
        add(&mut self.counts, time, counts);
        while self.counts.len() > TIMES {
            self.shift += 1;
            for (time, counts) in std::mem::take(&mut self.counts) {
                add(&mut self.counts, time >> 1, counts);
            }
        }
    }

    /// The counts in equal parts of a range. Beyond some thousand times, those next to a border may be counted on its other side.
    pub(super) fn bars(mut self, bars: usize, (from, to): (i64, i64)) -> Vec<(u64, u64)> {
        self.keep_latest();
        let width = (i128::from(to) - i128::from(from)).max(0) / bars.max(1) as i128 + 1;
        let mut sums = vec![(0, 0); bars];
        for (time, (ok, errors)) in self.counts {
            // A time before the range is that of rows that began in it.
            let offset = (i128::from(time << self.shift) - i128::from(from)).max(0);
            if let Some(bar) = usize::try_from(offset / width).ok().and_then(|bar| sums.get_mut(bar)) {
                *bar = (bar.0 + ok, bar.1 + errors);
            }
        }
        sums
    }
}

fn add(counts: &mut BTreeMap<i64, (u64, u64)>, time: i64, (ok, errors): (u64, u64)) {
    if ok + errors > 0 {
        let sums = counts.entry(time).or_default();
        *sums = (sums.0 + ok, sums.1 + errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_times_are_counted_exactly_in_any_order() {
        let mut histogram = Histogram::default();
        for (time, failed) in [(70, false), (10, false), (10, true), (11, false), (70, false), (69, true)] {
            histogram.add(time, failed);
        }
        assert_eq!(histogram.range_ns, Some((10, 70)));
        assert_eq!(histogram.bars(3, (10, 70)), [(2, 1), (0, 0), (2, 1)]);
        assert_eq!(Histogram::default().bars(2, (0, 0)), [(0, 0), (0, 0)]);
    }

    #[test]
    fn many_times_are_counted_about_right_in_bounded_memory() {
        let mut histogram = Histogram::default();
        let second = 1_000_000_000;
        for time in 0..100_000 {
            histogram.add(1_750_000_000 * second + time * second, time % 10 == 0);
        }
        assert!(histogram.counts.len() <= TIMES);
        let range = histogram.range_ns.unwrap();
        for (ok, errors) in histogram.bars(50, range) {
            assert!((1_700..1_900).contains(&ok) && (180..220).contains(&errors), "{ok} {errors}");
        }
    }
}
