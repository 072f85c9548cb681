//! A made-up trace to look around in, with its session and evaluations: what an agent that answers a question would send.

use serde_json::{Value, json};

use crate::intake::{read_metrics, read_spans};
use crate::store::Batch;

/// Spans whose times count from the start of the trace, and what is said about one of them.
const SAMPLE: &str = include_str!("assets/sample.json");

/// A trace that is ready to be stored.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) batch: Batch,
    pub(crate) trace_id: String,
}

/// A trace that ended now.
pub(crate) fn sample(now_ms: i64) -> Sample {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap_or_default();
    let list = |name: &str| sample.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let trace_id = format!("{:032x}", u128::from(now_ms.unsigned_abs()) << 64 | 0x5a);
    let spans: Vec<Value> = list("spans")
        .into_iter()
        .map(|mut span| {
            let at_ms = span["start_ns"].as_i64().unwrap_or_default() / 1_000_000;
            // The whole trace takes 2.4 s.
            span["start_ns"] = (now_ms - 2_400 + at_ms).saturating_mul(1_000_000).into();
            span["trace_id"] = trace_id.as_str().into();
            span["session_id"] = "sample-session".into();
            span["tags"] =
                json!(["ml_app:sample", "service:sample", "env:dev", "user_id:you", "source:sample"]);
            json!({ "event_type": "span", "spans": [span] })
        })
        .collect();
    let metrics: Vec<Value> = list("evaluations")
        .into_iter()
        .map(|mut metric| {
            metric["join_on"] = json!({ "span": { "trace_id": trace_id, "span_id": sample["judged"] } });
            metric["timestamp_ms"] = now_ms.into();
            metric
        })
        .collect();
    let metrics = json!({ "data": { "type": "evaluation_metric", "attributes": { "metrics": metrics } } });
    let batch = Batch {
        spans: read_spans(Value::from(spans).to_string().as_bytes())
            .map(|intake| intake.accepted)
            .unwrap_or_default(),
        evaluations: read_metrics(metrics.to_string().as_bytes(), now_ms)
            .map(|intake| intake.accepted)
            .unwrap_or_default(),
        rejections: Vec::new(),
    };
    Sample { batch, trace_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_sample_is_refused() {
        let Sample { batch, trace_id } = sample(1_700_000_000_000);
        assert_eq!((batch.spans.len(), batch.evaluations.len()), (6, 2));
        assert!(batch.spans.iter().all(|span| span.trace_id == trace_id));
        let ends = batch.spans.iter().map(|span| span.start_ns + span.duration_ns).max();
        assert_eq!(ends, Some(1_700_000_000_000_000_000));
    }
}
