//! A sample trace with a session and evaluations, as an agent that answers a question would send it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::intake::{read_metrics, read_spans};
use crate::store::Batch;

/// Spans with times relative to the start of the trace, and evaluations of one of them.
const SAMPLE: &str = include_str!("assets/sample.json");

/// A trace that is ready to be stored.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) batch: Batch,
    pub(crate) trace_id: String,
}

/// The content of the sample file.
#[derive(Deserialize, Default)]
struct Parts {
    /// The id of the span that the evaluations are for.
    evaluated: String,
    spans: Vec<Map<String, Value>>,
    evaluations: Vec<Map<String, Value>>,
}

/// Creates a trace that has just ended.
pub(crate) fn sample(now_ms: i64) -> Sample {
    let Parts { evaluated, spans, evaluations } = serde_json::from_str(SAMPLE).unwrap_or_default();
    let trace_id = format!("{:032x}", u128::from(now_ms.unsigned_abs()) << 64 | 0x5a);
    let with = |mut fields: Map<String, Value>, more: Value| {
        fields.extend(more.as_object().cloned().unwrap_or_default());
        fields
    };
    let span = |span: Map<String, Value>| {
        let at_ms = span.get("start_ns").and_then(Value::as_i64).unwrap_or_default() / 1_000_000;
        // The whole trace takes 2.4 s.
        let start_ns = (now_ms - 2_400 + at_ms).saturating_mul(1_000_000);
        let tags = ["ml_app:sample", "service:sample", "env:dev", "user_id:you", "source:sample"];
        let more = json!({ "trace_id": trace_id, "start_ns": start_ns, "session_id": "sample-session", "tags": tags });
        json!({ "event_type": "span", "spans": [with(span, more)] })
    };
    let metric = |metric| {
        let joined = json!({ "span": { "trace_id": trace_id, "span_id": evaluated } });
        with(metric, json!({ "join_on": joined, "timestamp_ms": now_ms }))
    };
    let spans = spans.into_iter().map(span).collect::<Value>().to_string();
    let metrics: Vec<_> = evaluations.into_iter().map(metric).collect();
    let metrics =
        json!({ "data": { "type": "evaluation_metric", "attributes": { "metrics": metrics } } }).to_string();
    let batch = Batch {
        spans: read_spans(spans.as_bytes()).map(|intake| intake.accepted).unwrap_or_default(),
        evaluations: read_metrics(metrics.as_bytes(), now_ms)
            .map(|intake| intake.accepted)
            .unwrap_or_default(),
        ..Batch::default()
    };
    Sample { batch, trace_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intake_accepts_the_whole_sample() {
        let Sample { batch, trace_id } = sample(1_700_000_000_000);
        assert_eq!((batch.spans.len(), batch.evaluations.len()), (6, 2));
        assert!(batch.spans.iter().all(|span| span.trace_id == trace_id));
        let ends = batch.spans.iter().map(|span| span.start_ns + span.duration_ns).max();
        assert_eq!(ends, Some(1_700_000_000_000_000_000));
    }
}
