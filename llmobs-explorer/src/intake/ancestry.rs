//! Finds the nearest ancestor of a step that is a step too.
//!
//! Programs send a span when it ends, so a step may arrive before its ancestors. The spans that are not steps are remembered for the latest
//! traces. If such a span arrives after the steps below it, these steps get another parent.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde_json::Map;

use super::update::SpanUpdate;

/// The number of traces to remember.
const MAX_TRACES: usize = 256;
/// The number of spans to remember per trace.
const MAX_SPANS: usize = 4_000;

/// The spans between steps in the latest traces.
#[derive(Debug, Default)]
pub(crate) struct Ancestry {
    traces: HashMap<String, Trace>,
    /// The ids of the traces, the latest last.
    order: VecDeque<String>,
}

/// The spans between steps in one trace.
#[derive(Debug, Default)]
struct Trace {
    /// The parent of each span that is not a step.
    passed_over: HashMap<u64, Option<u64>>,
    /// Parents that have not arrived yet, and the steps below them.
    waiting: BTreeSet<(u64, u64)>,
}

/// A step that arrived earlier and has another parent now.
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
    /// Remembers a span that is not a step. Returns the steps that waited for it, with their new parents.
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

    /// Returns the parent of a step.
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
    /// Returns the nearest ancestor that is not known to be passed over. From then on, the step waits for that ancestor.
    fn parent(&mut self, span_id: u64, parent_id: Option<u64>) -> Option<u64> {
        let mut parent = parent_id;
        // A program can send spans that are ancestors of each other.
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

    /// Removes and returns the steps that waited for a span.
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
    fn cycles_end() {
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
