//! Traces in the encodings of Datadog's tracers.

use rmp::encode::{
    write_array_len, write_bin, write_bool, write_f32, write_f64, write_map_len, write_nil, write_sint,
    write_str, write_uint,
};
use serde_json::{Value, json};

use crate::intake::{ApmVersion, read_apm, read_spans};
use crate::span::Span;

const START: u64 = 1_750_000_000_000_000_000;

/// A value in MessagePack.
pub(super) fn packed(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    pack(value, &mut bytes);
    bytes
}

fn pack(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => write_nil(out).expect("a vector grows"),
        Value::Bool(flag) => write_bool(out, *flag).expect("a vector grows"),
        Value::String(text) => write_str(out, text).expect("a vector grows"),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => drop(write_uint(out, number).expect("a vector grows")),
            (_, Some(number)) => drop(write_sint(out, number).expect("a vector grows")),
            _ => write_f64(out, number.as_f64().expect("a number")).expect("a vector grows"),
        },
        Value::Array(items) => {
            write_array_len(out, u32::try_from(items.len()).expect("few")).expect("a vector grows");
            for item in items {
                pack(item, out);
            }
        }
        Value::Object(fields) => {
            write_map_len(out, u32::try_from(fields.len()).expect("few")).expect("a vector grows");
            for (name, value) in fields {
                write_str(out, name).expect("a vector grows");
                // Values of `meta_struct` are bytes.
                match name.as_str() {
                    "_llmobs" => write_bin(out, &packed(value)).expect("a vector grows"),
                    _ => pack(value, out),
                }
            }
        }
    }
}

/// The event that the SDK for Python has in `meta_struct`.
fn event() -> Value {
    json!({
        "name": "answer", "ml_app": "app", "parent_id": "undefined", "trace_id": "6b08c3f800000000ec35210a22231457",
        "meta": { "span": { "kind": "tool" }, "error": { "type": "Timeout" }, "input": { "value": "q" } },
        "metrics": {}, "tags": { "ml_app": "app", "env": "" }, "_dd": { "sample_rate": "1" },
    })
}

fn expected() -> Value {
    json!({
        "name": "answer", "ml_app": "app", "parent_id": "undefined", "trace_id": "6b08c3f800000000ec35210a22231457",
        "span_id": "18446744073709551615", "start_ns": START, "duration": 1500, "status": "error",
        "meta": { "span": { "kind": "tool" }, "error": { "type": "Timeout" }, "input": { "value": "q" } },
        "metrics": {}, "tags": ["env:", "error:1", "error_type:Timeout", "ml_app:app"],
        "_dd": {
            "sample_rate": "1", "span_id": "18446744073709551615",
            "trace_id": "6b08c3f8000000000000000000000007", "apm_trace_id": "6b08c3f8000000000000000000000007",
        },
    })
}

/// A trace whose first span is not a span of LLM Observability.
fn spans() -> Value {
    json!([
        { "service": "s", "name": "web", "resource": "/", "trace_id": 7, "span_id": 8, "start": START, "duration": 9,
            "meta": { "_dd.p.tid": "6b08c3f800000000" }, "metrics": { "x": 1.5 }, "type": "web" },
        { "service": "s", "name": "apm", "resource": "tool", "trace_id": 7, "span_id": u64::MAX, "parent_id": 8,
            "start": START, "duration": 1500, "error": 1, "meta": { "error.type": "Timeout" }, "type": "llm",
            "meta_struct": { "_llmobs": event() } },
    ])
}

fn only(spans: &[Span]) -> Value {
    assert_eq!(spans.len(), 1);
    serde_json::from_str(&spans[0].event).expect("an event is JSON")
}

fn read(body: &[u8], version: ApmVersion) -> Value {
    let read = read_apm(body, version).expect("it can be read");
    assert_eq!((read.passed_over, read.intake.rejected), (1, Vec::new()));
    only(&read.intake.accepted)
}

#[test]
fn lists_of_spans_carry_events() {
    let found = read(&packed(&json!([spans()])), ApmVersion::V04);
    assert_eq!(found, expected(), "{found:#}");
}

/// The spans in chunks.
fn chunks() -> Value {
    json!({
        "container_id": "", "language_name": "go", "tags": { "a": "b" },
        "chunks": [{ "priority": 1, "origin": "", "spans": spans(), "tags": null, "dropped_trace": false }],
    })
}

#[test]
fn chunks_carry_events() {
    let found = read(&packed(&chunks()), ApmVersion::V07);
    assert_eq!(found, expected(), "{found:#}");
}

/// The encoding of the tracer for Go: fields by number, and each text once.
struct GoEncoder {
    bytes: Vec<u8>,
    texts: Vec<String>,
}

impl GoEncoder {
    fn map(&mut self, length: u32) {
        write_map_len(&mut self.bytes, length).expect("a vector grows");
    }

    fn list(&mut self, length: u32) {
        write_array_len(&mut self.bytes, length).expect("a vector grows");
    }

    fn uint(&mut self, number: u64) {
        write_uint(&mut self.bytes, number).expect("a vector grows");
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return self.uint(0);
        }
        if let Some(index) = self.texts.iter().position(|known| known == text) {
            return self.uint(u64::try_from(index).expect("few") + 1);
        }
        write_str(&mut self.bytes, text).expect("a vector grows");
        self.texts.push(text.to_owned());
    }

    fn texts(&mut self, fields: &[(u64, &str)]) {
        for (number, text) in fields {
            self.uint(*number);
            self.text(text);
        }
    }

    fn span(
        &mut self,
        id: u64,
        duration: u64,
        failed: bool,
        attributes: &[(&str, &str)],
        event: Option<&Value>,
    ) {
        self.map(12);
        self.texts(&[(1, "s"), (2, "apm"), (3, "tool")]);
        for (number, value) in [(4, id), (5, 8), (6, START), (7, duration)] {
            self.uint(number);
            self.uint(value);
        }
        self.uint(8);
        write_bool(&mut self.bytes, failed).expect("a vector grows");
        self.uint(9);
        let attributes_count =
            u32::try_from(attributes.len() + 1 + usize::from(event.is_some())).expect("few");
        self.list(attributes_count * 3);
        self.text("size");
        self.uint(3);
        write_f64(&mut self.bytes, 1.5).expect("a vector grows");
        for (name, value) in attributes {
            self.text(name);
            self.uint(1);
            self.text(value);
        }
        if let Some(event) = event {
            self.text("_llmobs");
            self.uint(5);
            write_bin(&mut self.bytes, &packed(event)).expect("a vector grows");
        }
        self.texts(&[(10, "llm")]);
        // The texts of the skipped link have indexes too.
        self.uint(11);
        self.list(1);
        self.map(1);
        self.texts(&[(4, "state")]);
        self.texts(&[(13, "prod")]);
    }
}

/// The spans with numbered fields.
fn numbered() -> Vec<u8> {
    let mut go = GoEncoder { bytes: Vec::new(), texts: Vec::new() };
    go.map(3);
    go.texts(&[(3, "go"), (7, "prod")]);
    go.uint(11);
    go.list(1);
    go.map(3);
    go.texts(&[(2, "rum")]);
    go.uint(4);
    go.list(2);
    go.span(8, 9, false, &[("error.type", "state"), ("b", "prod")], None);
    go.span(u64::MAX, 1500, true, &[("b", "state"), ("error.type", "Timeout")], Some(&event()));
    go.uint(6);
    let trace_id = 0x6b08_c3f8_0000_0000_0000_0000_0000_0007_u128;
    write_bin(&mut go.bytes, &trace_id.to_be_bytes()).expect("a vector grows");
    go.bytes
}

#[test]
fn numbered_fields_carry_events() {
    let found = read(&numbered(), ApmVersion::V10);
    assert_eq!(found, expected(), "{found:#}");
}

/// The same spans in each form.
pub(super) fn samples() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    (packed(&json!([spans()])), packed(&chunks()), numbered())
}

#[test]
fn consecutive_wrappers_of_the_sdk_for_java_are_read() {
    // Durations are floats of 32 bits, and parts of `meta` have a dot in their names.
    let wrapper = |id: &str| {
        let meta = json!({
            "span.kind": "llm", "model_name": "m", "error.type": "E",
            "input.messages": [{ "role": "user", "content": "Hi" }], "output.value": "Ho",
        });
        let mut bytes = Vec::new();
        write_map_len(&mut bytes, 2).expect("a vector grows");
        bytes.extend(packed(&json!("event_type")));
        bytes.extend(packed(&json!("span")));
        bytes.extend(packed(&json!("spans")));
        write_array_len(&mut bytes, 1).expect("a vector grows");
        write_map_len(&mut bytes, 7).expect("a vector grows");
        for (name, value) in [
            ("span_id", json!(id)),
            ("trace_id", json!("7f")),
            ("name", json!("call")),
            ("start_ns", json!(START)),
        ] {
            bytes.extend([packed(&json!(name)), packed(&value)].concat());
        }
        bytes.extend(packed(&json!("duration")));
        write_f32(&mut bytes, 1500.0).expect("a vector grows");
        for (name, value) in [("status", json!("error")), ("meta", meta)] {
            bytes.extend([packed(&json!(name)), packed(&value)].concat());
        }
        bytes
    };
    let intake = read_spans(&[wrapper("1"), wrapper("2")].concat()).expect("it can be read");
    assert_eq!((intake.accepted.len(), intake.rejected.len()), (2, 0));
    let expected = json!({
        "span_id": "1", "trace_id": "7f", "name": "call", "start_ns": START, "duration": 1500.0, "status": "error",
        "meta": {
            "span.kind": "llm", "model_name": "m", "error.type": "E",
            "input": { "messages": [{ "role": "user", "content": "Hi" }] }, "output": { "value": "Ho" },
        },
    });
    assert_eq!(only(&intake.accepted[..1]), expected);
    let span = &intake.accepted[0];
    assert_eq!((span.kind.as_str(), span.duration_ns, span.input_preview.as_str()), ("llm", 1500, "Hi"));
    assert_eq!(read_spans(&packed(&json!({}))).expect("it can be read").accepted, []);
}

#[test]
fn an_invalid_event_is_reported_and_the_others_are_read() {
    let mut bad = spans();
    bad[1]["meta_struct"] = json!({ "_llmobs": "a text" });
    let mut good = spans();
    good[1]["meta_struct"] = json!({ "_llmobs": event() });
    let read = read_apm(&packed(&json!([bad, good])), ApmVersion::V04).expect("it can be read");
    assert_eq!((read.intake.accepted.len(), read.passed_over), (1, 2));
    assert_eq!(read.intake.rejected[0].reason, "`meta_struct._llmobs` must be a map");
}

#[test]
fn bodies_in_other_forms_are_refused() {
    for (body, version, reason) in [
        (
            packed(&json!({})),
            ApmVersion::V04,
            "the body does not have the form of this route: expected a list of traces",
        ),
        (
            packed(&json!([])),
            ApmVersion::V10,
            "the body does not have the form of this route: expected a map with the traces",
        ),
        (b"\x91".to_vec(), ApmVersion::V04, "the body is not MessagePack: it ends too early"),
        (b"\xdd\xff\xff\xff\xff".to_vec(), ApmVersion::V04, "the body is not MessagePack: it ends too early"),
        (
            packed(&json!({ "a": 1 })),
            ApmVersion::V10,
            "the fields of a trace do not have the names of this route",
        ),
    ] {
        assert_eq!(read_apm(&body, version).unwrap_err(), reason);
    }
    let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
    assert_eq!(read_spans(&deep).unwrap_err(), "a value is nested deeper than 64 levels");
}
