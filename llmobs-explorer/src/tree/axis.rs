//! The time axis of the waterfall. Spans from other machines may have wrong clocks, and a span that is years away would make all others
//! invisible.

use crate::traces::Node;

/// The largest gap between a span and the axis: nanoseconds, or a multiple of the length of the axis if that is larger.
const NEAR: (i64, i64) = (60_000_000_000, 10);
/// The largest growth of the axis by one span, in the same form.
const LONG: (i64, i64) = (30 * 86_400_000_000_000, 10);
/// The most passes over the spans.
const ROUNDS: usize = 16;

/// The time range of most spans.
#[derive(Debug, Default)]
pub(super) struct Axis {
    /// Nanoseconds since the Unix epoch.
    pub(super) from: i64,
    /// Nanoseconds since the Unix epoch.
    pub(super) to: i64,
    /// Whether each span is too far away and left out.
    pub(super) far: Vec<bool>,
}

impl Axis {
    /// Creates the axis of spans by start. Begins with the root, or with the span in the middle if most are far from the root.
    pub(super) fn new(nodes: &[Node], root: usize) -> Self {
        let (axis, middle) = (Self::around(nodes, root), nodes.len() / 2);
        let far = axis.far.iter().filter(|far| **far).count();
        let strange = axis.to - axis.from > LONG.0;
        if far * 2 <= nodes.len() && !strange {
            return axis;
        }
        let other = Self::around(nodes, middle);
        let left_out = other.far.iter().filter(|far| **far).count();
        if left_out * 2 < nodes.len() { other } else { axis }
    }

    fn around(nodes: &[Node], first: usize) -> Self {
        let Some((from, to)) = nodes.get(first).map(times) else { return Self::default() };
        let mut axis = Self { from, to, far: vec![true; nodes.len()] };
        for _ in 0..ROUNDS {
            let before = (axis.from, axis.to);
            // Both directions, so that each span is next to spans that are already included.
            (0..nodes.len()).for_each(|at| axis.take(nodes, at));
            (0..nodes.len()).rev().for_each(|at| axis.take(nodes, at));
            if before == (axis.from, axis.to) {
                break;
            }
        }
        axis
    }

    /// Includes a span, unless it is too far away or too long.
    fn take(&mut self, nodes: &[Node], at: usize) {
        let (Some((from, to)), Some(far)) = (nodes.get(at).map(times), self.far.get_mut(at)) else { return };
        let length = self.to - self.from;
        let limit = |(least, times): (i64, i64)| least.max(length.saturating_mul(times));
        let gap = (from.saturating_sub(self.to)).max(self.from.saturating_sub(to));
        let (whole_from, whole_to) = (self.from.min(from), self.to.max(to));
        let growth = whole_to.saturating_sub(whole_from).saturating_sub(length);
        if *far && gap <= limit(NEAR) && growth <= limit(LONG) {
            *far = false;
            (self.from, self.to) = (whole_from, whole_to);
        }
    }
}

fn times(node: &Node) -> (i64, i64) {
    (node.start_ns, node.start_ns.saturating_add(node.duration_ns))
}
