//! Counts any number of rows by time, in bounded memory.

use std::collections::BTreeMap;

use crate::traces::Outside;

/// The most different times to keep. Beyond this number, neighbours are counted together.
const TIMES: usize = 4_096;
/// How far from most rows others may begin, in nanoseconds: 30 days. It is more where most are further apart.
const NEAR_NS: i64 = 30 * 86_400_000_000_000;

/// The times of most rows. A clock may be wrong by years, and one such row would leave nothing to see of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// Nanoseconds since the Unix epoch.
    pub(super) range_ns: (i64, i64),
    /// The rows that began long before, and long after.
    pub(super) outside: [Option<Outside>; 2],
}

/// Counts of successful and failed rows by start time.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The first and the last time, in nanoseconds since the Unix epoch.
    pub(super) range_ns: Option<(i64, i64)>,
    counts: BTreeMap<i64, (u64, u64)>,
    /// The number of low bits that times lose.
    shift: u32,
    /// The latest entry, which is not in the map yet. Most rows arrive in the order of time.
    latest: (i64, (u64, u64)),
}

impl Histogram {
    /// Counts rows.
    pub(super) fn add(&mut self, start_ns: i64, failed: bool, rows: u64) {
        let (first, last) = self.range_ns.unwrap_or((start_ns, start_ns));
        self.range_ns = Some((first.min(start_ns), last.max(start_ns)));
        let time = start_ns >> self.shift;
        if time != self.latest.0 {
            self.keep_latest();
            self.latest.0 = start_ns >> self.shift;
        }
        let (ok, errors) = &mut self.latest.1;
        *(if failed { errors } else { ok }) += rows;
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

    /// The times of most rows. The others are taken out.
    pub(super) fn axis(&mut self) -> Option<Axis> {
        self.keep_latest();
        let (first, last) = self.range_ns?;
        let whole = Axis { range_ns: (first, last), outside: [None; 2] };
        let rows: u64 = self.counts.values().map(|(ok, errors)| ok + errors).sum();
        // Of two rows, neither is the exception.
        if rows < 3 {
            return Some(whole);
        }
        // A hundredth at each end may be far away, and one row always.
        let most = rows / 100 + 1;
        let (Some(from), Some(to)) =
            (self.nth(self.counts.iter(), most), self.nth(self.counts.iter().rev(), most))
        else {
            return Some(whole);
        };
        let distance = NEAR_NS.max(to.saturating_sub(from));
        let near = from.saturating_sub(distance)..=to.saturating_add(distance);
        let cell = (1_i64 << self.shift) - 1;
        let far = |is_far: &dyn Fn(i64) -> bool| {
            let cells = self.counts.iter().map(|(time, rows)| (time << self.shift, rows));
            let far = cells.filter(|(time, _)| is_far(*time));
            far.fold(None, |all: Option<Outside>, (time, (ok, errors))| {
                let (rows, from) = all.map_or((0, time), |all| (all.rows, all.range_ns.0));
                Some(Outside { rows: rows + ok + errors, range_ns: (from, time.saturating_add(cell)) })
            })
        };
        let mut before = far(&|time| time < *near.start());
        let mut after = far(&|time| time > *near.end());
        let shift = self.shift;
        self.counts.retain(|time, _| near.contains(&(time << shift)));
        let ends = [self.counts.first_key_value(), self.counts.last_key_value()];
        let [Some(from), Some(to)] = ends.map(|end| end.map(|(time, _)| time << shift)) else {
            return Some(whole);
        };
        // The ends of all rows are known exactly.
        let from = before.as_mut().map_or(first, |before| {
            before.range_ns.0 = first;
            from
        });
        let to = after.as_mut().map_or(last, |after| {
            after.range_ns.1 = last;
            to.saturating_add(cell)
        });
        Some(Axis { range_ns: (from, to), outside: [before, after] })
    }

    /// The time of a row, counted from 0.
    fn nth<'a>(&self, counts: impl Iterator<Item = (&'a i64, &'a (u64, u64))>, number: u64) -> Option<i64> {
        let mut rows = 0;
        let mut counts = counts.map(|(time, (ok, errors))| {
            rows += ok + errors;
            (rows, time << self.shift)
        });
        counts.find(|(rows, _)| *rows > number).map(|(_, time)| time)
    }

    /// Returns the counts in equal parts of a range. With more than some thousand times, rows near a border may be counted on its other
    /// side.
    pub(super) fn bars(mut self, bars: usize, (from, to): (i64, i64)) -> Vec<(u64, u64)> {
        self.keep_latest();
        let width = (i128::from(to) - i128::from(from)).max(0) / bars.max(1) as i128 + 1;
        let mut sums = vec![(0, 0); bars];
        for (time, (ok, errors)) in self.counts {
            // A rounded time before the range has rows that began inside the range.
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
            histogram.add(time, failed, 1);
        }
        assert_eq!(histogram.range_ns, Some((10, 70)));
        assert_eq!(histogram.bars(3, (10, 70)), [(2, 1), (0, 0), (2, 1)]);
        assert_eq!(Histogram::default().bars(2, (0, 0)), [(0, 0), (0, 0)]);
    }

    #[test]
    fn rows_of_a_wrong_clock_do_not_stretch_the_axis() {
        let day = 86_400_000_000_000;
        let now = 20_000 * day;
        let axis = |times: &[i64]| {
            let mut histogram = Histogram::default();
            for time in times {
                histogram.add(*time, false, 1);
            }
            (histogram.axis(), histogram)
        };
        let outside = |rows, from, to| Some(Outside { rows, range_ns: (from, to) });
        let most: Vec<i64> = (0..1_000).map(|minute| now + minute * 60_000_000_000).collect();
        let (first, last) = (now, *most.last().unwrap());

        let (found, _) = axis(&most);
        assert_eq!(found, Some(Axis { range_ns: (first, last), outside: [None, None] }));
        let far = [&most[..], &[0, 7, 40_000 * day]].concat();
        let (found, histogram) = axis(&far);
        let range_ns = (first, last);
        let both = [outside(2, 0, 7), outside(1, 40_000 * day, 40_000 * day)];
        assert_eq!(found, Some(Axis { range_ns, outside: both }));
        let bars = histogram.bars(10, range_ns);
        assert_eq!(bars.iter().map(|(ok, _)| *ok).collect::<Vec<_>>(), [100; 10]);

        // Rows that are near, or that are not exceptions, are on the axis.
        for near in [
            vec![],
            vec![now],
            vec![0, now],
            [&most[..], &[now - 29 * day]].concat(),
            [&most[..], &[0; 20]].concat(),
            (0..100).map(|month| now + month * 30 * day).collect(),
        ] {
            let (found, _) = axis(&near);
            let ends = near.iter().min().copied().zip(near.iter().max().copied());
            assert_eq!(found, ends.map(|range_ns| Axis { range_ns, outside: [None, None] }));
        }
        // Of three, one may be wrong.
        let (found, _) = axis(&[0, now, now + 1]);
        assert_eq!(found, Some(Axis { range_ns: (now, now + 1), outside: [outside(1, 0, 0), None] }));
    }

    #[test]
    fn many_times_are_counted_about_right_in_bounded_memory() {
        let mut histogram = Histogram::default();
        let second = 1_000_000_000;
        for time in 0..100_000 {
            histogram.add(1_750_000_000 * second + time * second, time % 10 == 0, 1);
        }
        assert!(histogram.counts.len() <= TIMES);
        let range = histogram.range_ns.unwrap();
        for (ok, errors) in histogram.bars(50, range) {
            assert!((1_700..1_900).contains(&ok) && (180..220).contains(&errors), "{ok} {errors}");
        }
    }
}
