//! Whole requests.

mod apm;
mod forms;
mod fuzz;
mod golden;
mod metrics;
mod otlp;
mod refused;

use serde_json::{Value, json};

/// A request as the SDKs send it: a wrapper around each event.
fn wrapped(events: &[Value]) -> Vec<u8> {
    let wrapper = |event| json!({ "_dd.stage": "raw", "_dd.tracer_version": "1", "event_type": "span", "spans": [event] });
    events.iter().map(wrapper).collect::<Value>().to_string().into_bytes()
}

/// A request of the HTTP API.
fn batch(attributes: &Value) -> Vec<u8> {
    json!({ "data": { "type": "span", "attributes": attributes } }).to_string().into_bytes()
}

/// A request with metrics.
fn evaluations(metrics: &Value) -> Vec<u8> {
    json!({ "data": { "type": "evaluation_metric", "attributes": { "metrics": metrics } } })
        .to_string()
        .into_bytes()
}

/// A minimal event.
fn bare(span_id: &str) -> Value {
    json!({ "trace_id": "T", "span_id": span_id, "start_ns": 1, "duration": 2 })
}

/// The event with other fields.
fn with(mut event: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    event.as_object_mut().expect("an event is an object").extend(fields);
    event
}
