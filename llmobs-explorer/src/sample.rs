//! A made-up trace to look around in, and its session and evaluations: what an agent that answers a question would send.

use serde_json::{Value, json};

use crate::intake::{read_metrics, read_spans};
use crate::store::Batch;

/// A trace that is ready to be stored.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) batch: Batch,
    pub(crate) trace_id: String,
}

/// A trace that ended now.
pub(crate) fn sample(now_ms: i64) -> Sample {
    let trace_id = format!("{:032x}", u128::from(now_ms.unsigned_abs()) << 64 | 0x5a);
    let spans = spans(&trace_id, now_ms.saturating_mul(1_000_000) - 2_400_000_000);
    let evaluations = evaluations(&trace_id, now_ms);
    let batch = Batch {
        spans: read_spans(spans.to_string().as_bytes()).map(|intake| intake.accepted).unwrap_or_default(),
        evaluations: read_metrics(evaluations.to_string().as_bytes(), now_ms)
            .map(|intake| intake.accepted)
            .unwrap_or_default(),
        rejections: Vec::new(),
    };
    Sample { batch, trace_id }
}

fn spans(trace_id: &str, start_ns: i64) -> Value {
    let question = "Which ferry from Naples to Capri is the last one today, and will the sea be calm?";
    let answer = "The last ferry leaves **Molo Beverello at 20:10**. The sea will be *slight* (0.4 m), so it should run.";
    let call = json!([{"role": "assistant", "content": "", "tool_calls": [
        {"name": "sea_state", "arguments": {"place": "Gulf of Naples", "hour": 20}, "tool_id": "call_1", "type": "function"}]}]);
    let millis = |millis: i64| millis * 1_000_000;
    let span = |id: &str,
                parent: &str,
                name: &str,
                kind: &str,
                at: i64,
                takes: i64,
                more: Value,
                metrics: Value| {
        let mut meta = json!({"span": {"kind": kind}, "metadata": {}});
        if let (Some(meta), Value::Object(more)) = (meta.as_object_mut(), more) {
            meta.extend(more);
        }
        json!({
            "_dd.stage": "raw", "event_type": "span", "spans": [{
                "trace_id": trace_id, "span_id": id, "parent_id": parent, "name": name,
                "start_ns": start_ns + millis(at), "duration": millis(takes), "status": "ok", "meta": meta, "metrics": metrics,
                "session_id": "sample-session",
                "tags": ["ml_app:sample", "service:sample", "env:dev", "session_id:sample-session", "user_id:you", "source:sample"],
                "_dd": {},
            }],
        })
    };
    let model =
        json!({"input_tokens": 412, "output_tokens": 28, "total_tokens": 440, "time_to_first_token": 0.31});
    let writer = json!({"input_tokens": 655, "output_tokens": 41, "total_tokens": 696, "cache_read_input_tokens": 384,
        "time_to_first_token": 0.22});
    json!([
        span(
            "1",
            "undefined",
            "travel_desk",
            "agent",
            0,
            2400,
            json!({
            "input": {"value": json!({"question": question}).to_string()}, "output": {"value": answer}}),
            json!({})
        ),
        span(
            "2",
            "1",
            "embed_question",
            "embedding",
            5,
            80,
            json!({
            "model_name": "text-embedding-3-small", "model_provider": "openai",
            "input": {"documents": [{"text": question}]}, "output": {"value": "[1 embedding(s) returned with size 1536]"}}),
            json!({"input_tokens": 21, "total_tokens": 21})
        ),
        span(
            "3",
            "1",
            "search_timetables",
            "retrieval",
            90,
            160,
            json!({
            "input": {"value": question},
            "output": {"documents": [
                {"id": "t-17", "name": "Timetable 2026", "score": 0.91, "text": "Naples, Molo Beverello to Capri: … 18:55, 20:10."},
                {"id": "t-04", "name": "Harbour notes", "score": 0.64, "text": "Above 2 m of sea, the fast ferries do not run."}]}}),
            json!({})
        ),
        span(
            "4",
            "1",
            "choose_step",
            "llm",
            260,
            720,
            json!({
            "model_name": "gpt-4o", "model_provider": "openai", "metadata": {"temperature": 0.2},
            "tool_definitions": [{"name": "sea_state", "description": "How high the waves will be", "schema": {"type": "object",
                "properties": {"place": {"type": "string"}, "hour": {"type": "integer"}}}}],
            "input": {"messages": [
                {"role": "system", "content": "You help travellers. Look things up before you answer."},
                {"role": "user", "content": question}]},
            "output": {"messages": call}}),
            model
        ),
        span(
            "5",
            "1",
            "sea_state",
            "tool",
            990,
            410,
            json!({
            "input": {"value": r#"{"place": "Gulf of Naples", "hour": 20}"#},
            "output": {"value": r#"{"waves_m": 0.4, "state": "slight"}"#}}),
            json!({})
        ),
        span(
            "6",
            "1",
            "write_answer",
            "llm",
            1410,
            960,
            json!({
            "model_name": "gpt-4o", "model_provider": "openai", "metadata": {"temperature": 0.2},
            "input": {
                "messages": [
                    {"role": "system", "content": "You help travellers. Look things up before you answer."},
                    {"role": "user", "content": question},
                    {"role": "assistant", "content": "", "tool_calls": [{"name": "sea_state",
                        "arguments": {"place": "Gulf of Naples", "hour": 20}, "tool_id": "call_1", "type": "function"}]},
                    {"role": "tool", "content": "", "tool_results": [{"name": "sea_state",
                        "result": r#"{"waves_m": 0.4, "state": "slight"}"#, "tool_id": "call_1", "type": "function"}]}],
                "prompt": {"id": "travel-answer", "version": "3", "template": "Answer {{question}} from {{context}}.",
                    "variables": {"question": question, "context": "Timetable 2026"}}},
            "output": {"messages": [{"role": "assistant", "content": answer}]}}),
            writer
        ),
    ])
}

fn evaluations(trace_id: &str, now_ms: i64) -> Value {
    let span = json!({"span": {"trace_id": trace_id, "span_id": "6"}});
    json!({"data": {"type": "evaluation_metric", "attributes": {"metrics": [
        {"event_kind": "evaluation", "join_on": span, "label": "faithfulness", "metric_type": "score", "score_value": 0.93,
            "assessment": "pass", "reasoning": "Both facts stand in the documents.", "ml_app": "sample", "timestamp_ms": now_ms},
        {"event_kind": "evaluation", "join_on": span, "label": "tone", "metric_type": "categorical",
            "categorical_value": "friendly", "ml_app": "sample", "timestamp_ms": now_ms},
    ]}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_sample_is_refused() {
        let Sample { batch, trace_id } = sample(1_700_000_000_000);
        assert_eq!((batch.spans.len(), batch.evaluations.len()), (6, 2));
        assert!(batch.spans.iter().all(|span| span.trace_id == trace_id));
    }
}
