//! Which span of a trace is the nearest one above another that is a step, where those between are not.
//!
//! Programs send a span when it ends, so that a step may come before those above it. What was passed over is remembered for the latest
//! traces. When a span is passed over later than the steps below it came, they get another parent.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde_json::Map;

use super::update::SpanUpdate;

/// How many traces are remembered.
const MAX_TRACES: usize = 256;
/// How many spans of a trace are remembered.
const MAX_SPANS: usize = 4_000;

/// What is known of the latest traces.
#[derive(Debug, Default)]
pub(crate) struct Ancestry {
    traces: HashMap<String, Trace>,
    /// The ids of the traces, the latest last.
    order: VecDeque<String>,
}

/// What is known of one trace.
#[derive(Debug, Default)]
struct Trace {
    /// The parent of each span that was passed over.
    passed_over: HashMap<u64, Option<u64>>,
    /// Parents that have not come yet, and the steps below them.
    waiting: BTreeSet<(u64, u64)>,
}

/// A step that came earlier and has another parent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) trace: String,
    pub(crate) step: u64,
    pub(crate) parent: Option<u64>,
}

impl From<Moved> for SpanUpdate {
    fn from(moved: Moved) -> Self {
        let parent_id = moved.parent.map_or_else(|| "undefined".to_owned(), |id| id.to_string());
        Self {
            trace_id: Some(moved.trace),
            span_id: moved.step.to_string(),
            fields: Map::from_iter([("parent_id".to_owned(), parent_id.into())]),
        }
    }
}

impl Ancestry {
    /// Remembers a span that is passed over. Returns the steps that waited for it.
    pub(crate) fn pass_over(&mut self, trace_id: &str, span_id: u64, parent_id: Option<u64>) -> Vec<Moved> {
        let trace = self.trace(trace_id);
        if trace.passed_over.len() < MAX_SPANS {
            trace.passed_over.insert(span_id, parent_id);
        }
        let steps = trace.take_waiting(span_id);
        steps
            .into_iter()
            .map(|step| Moved { trace: trace_id.to_owned(), step, parent: trace.parent(step, parent_id) })
            .collect()
    }

    /// The parent of a step.
    pub(crate) fn parent(&mut self, trace_id: &str, span_id: u64, parent_id: Option<u64>) -> Option<u64> {
        let trace = self.trace(trace_id);
        trace.take_waiting(span_id);
        trace.parent(span_id, parent_id)
    }

    fn trace(&mut self, trace_id: &str) -> &mut Trace {
        if !self.traces.contains_key(trace_id) {
            if self.order.len() == MAX_TRACES
                && let Some(oldest) = self.order.pop_front()
            {
                self.traces.remove(&oldest);
            }
            self.order.push_back(trace_id.to_owned());
        }
        self.traces.entry(trace_id.to_owned()).or_default()
    }
}

impl Trace {
    /// The nearest span above a step that was not passed over, for which the step waits.
    fn parent(&mut self, span_id: u64, parent_id: Option<u64>) -> Option<u64> {
        let mut parent = parent_id;
        // A program can send spans that are above each other.
        for _ in 0..=self.passed_over.len() {
            match self.passed_over.get(&parent?) {
                Some(above) => parent = *above,
                None => break,
            }
        }
        if let Some(id) = parent
            && self.waiting.len() < MAX_SPANS
        {
            self.waiting.insert((id, span_id));
        }
        parent
    }

    /// The steps that waited for a span, which now do so no longer.
    fn take_waiting(&mut self, span_id: u64) -> Vec<u64> {
        let waiting: Vec<_> = self.waiting.range((span_id, 0)..=(span_id, u64::MAX)).copied().collect();
        for pair in &waiting {
            self.waiting.remove(pair);
        }
        waiting.into_iter().map(|(_, step)| step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_belong_to_the_nearest_step_above() {
        let mut ancestry = Ancestry::default();
        // 1 is a step; 2 and 3 below it are not; 4 is a step below 3.
        assert_eq!(ancestry.parent("t", 4, Some(3)), Some(3));
        let moved = |parent| vec![Moved { trace: "t".to_owned(), step: 4, parent }];
        assert_eq!(ancestry.pass_over("t", 3, Some(2)), moved(Some(2)));
        assert_eq!(ancestry.pass_over("u", 2, Some(1)), []);
        assert_eq!(ancestry.pass_over("t", 2, Some(1)), moved(Some(1)));
        assert_eq!(ancestry.parent("t", 1, None), None);
        assert_eq!(ancestry.pass_over("t", 1, None), []);
        assert_eq!(ancestry.parent("t", 5, Some(3)), None);
    }

    #[test]
    fn a_circle_ends() {
        let mut ancestry = Ancestry::default();
        ancestry.pass_over("t", 1, Some(2));
        ancestry.pass_over("t", 2, Some(1));
        assert!(ancestry.parent("t", 3, Some(1)).is_some());
    }

    #[test]
    fn the_oldest_traces_are_forgotten() {
        let mut ancestry = Ancestry::default();
        for number in 0..=MAX_TRACES {
            ancestry.pass_over(&number.to_string(), 1, None);
        }
        assert_eq!(ancestry.parent("0", 2, Some(1)), Some(1));
        assert_eq!(ancestry.parent(&MAX_TRACES.to_string(), 2, Some(1)), None);
    }
}
