//! Finished spans as complete events. Both forms of each span are encoded: the record of a thread, and the typed form.

mod content;
mod dropped;
mod facts;
mod limits;
mod tags;
mod trim;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Encoder;
use crate::base::id::{SpanId, TraceId};
use crate::base::kind::Kind;
use crate::model::failure::Failure;
use crate::model::sample::Sample;
use crate::model::sampling::Decision;
use crate::model::span_data::SpanData;
use crate::model::tags::{Identity, VERSION};

/// The random ids of a span.
#[derive(Clone, Copy)]
struct Ids {
    trace: TraceId,
    apm_trace: TraceId,
    span: SpanId,
    other: SpanId,
}

impl Ids {
    fn new() -> Self {
        Self {
            trace: TraceId::random(1_763_800_000_123_456_789),
            apm_trace: TraceId::random(1_763_800_000_123_456_789),
            span: SpanId::random(),
            other: SpanId::random(),
        }
    }

    /// Returns a span without optional data.
    fn span(self, kind: Kind) -> Sample {
        Sample {
            trace_id: self.trace,
            apm_trace_id: self.apm_trace,
            span_id: self.span,
            root: self.span,
            start_nanos: 1_763_800_000_123_456_789,
            duration_nanos: 42,
            ..Sample::new(kind, "step")
        }
    }

    /// Returns the event of that span, whose `meta` has these fields and the kind.
    fn event(self, kind: Kind, meta: &Value) -> Value {
        let mut event = json!({
            "trace_id": self.trace.to_string(),
            "span_id": self.span.to_string(),
            "parent_id": "undefined",
            "name": "step",
            "start_ns": 1_763_800_000_123_456_789_u64,
            "duration": 42,
            "status": "ok",
            "tags": [
                "agent_service:app",
                format!("ddtrace.version:{VERSION}"),
                "env:",
                "error:0",
                "language:rust",
                "ml_app:app",
                "service:",
                "source:integration",
                "version:",
            ],
            "metrics": {},
            "meta": { "span": { "kind": kind.as_str() }, "metadata": {} },
            "_dd": {
                "span_id": self.span.to_string(),
                "trace_id": self.apm_trace.to_string(),
                "apm_trace_id": self.apm_trace.to_string(),
                "sample_rate": "1",
                "sampling_decision": "1",
            },
        });
        for (key, value) in meta.as_object().unwrap() {
            event["meta"][key] = value.clone();
        }
        event
    }
}

/// Adds a tag to an event, whose tags are sorted.
fn add_tag(event: &mut Value, tag: &str) {
    let tags = event["tags"].as_array_mut().unwrap();
    tags.push(json!(tag));
    tags.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
}

/// The largest event that keeps its input and output, as in the reference SDK.
const LIMIT: usize = 5_000_000;

/// Returns the event of both forms of a span. Checks that they are equal.
fn encoded(span: &Sample, identity: &Identity) -> Value {
    let finished: Value = serde_json::from_str(&text(span, identity)).unwrap();
    let typed: Value = serde_json::from_str(&text_of_data(&span.data(identity), identity, LIMIT)).unwrap();
    assert_eq!(finished, typed, "the record and the typed form");
    finished
}

/// Returns the event of both forms of a span for a client with default settings.
fn event(span: &Sample) -> Value {
    encoded(span, &Identity::default())
}

/// Returns the JSON text of an event, encoded from the record of a span.
fn text(span: &Sample, identity: &Identity) -> String {
    let mut body = "[".to_owned();
    span.read(|finished| Encoder::new(identity, "app", LIMIT).encode_finished(finished, &mut body));
    unwrapped(&body)
}

/// Returns the JSON text of an event, encoded from the typed form of a span.
fn text_of_data(span: &SpanData, identity: &Identity, limit: usize) -> String {
    let mut body = "[".to_owned();
    Encoder::new(identity, "app", limit).encode_data(span, &mut body);
    unwrapped(&body)
}

/// Returns the text of an event without its wrapper object.
fn unwrapped(body: &str) -> String {
    let head =
        format!(r#"[{{"_dd.stage":"raw","_dd.tracer_version":"{VERSION}","event_type":"span","spans":["#);
    let event = body.strip_prefix(&head).and_then(|rest| rest.strip_suffix("]}"));
    event.unwrap_or_else(|| panic!("unexpected wrapper object: {body}")).to_owned()
}

fn texts<V: Into<String>, const N: usize>(pairs: [(&str, V); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.into())).into()
}

#[test]
fn a_minimal_span_has_all_required_fields() {
    let ids = Ids::new();
    for kind in [Kind::Workflow, Kind::Agent, Kind::Task, Kind::Tool, Kind::Retrieval] {
        assert_eq!(event(&ids.span(kind)), ids.event(kind, &json!({})));
    }
    let model = json!({ "model_name": "unknown", "model_provider": "unknown" });
    for kind in [Kind::Llm, Kind::Embedding] {
        assert_eq!(event(&ids.span(kind)), ids.event(kind, &model));
    }
}

#[test]
fn ids_have_the_wire_format() {
    let ids = Ids::new();
    let event = event(&ids.span(Kind::Task));
    let traces = [&event["trace_id"], &event["_dd"]["trace_id"]].map(|id| id.as_str().unwrap().to_owned());
    for id in &traces {
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(id.len() == 32 && id.bytes().all(lower_hex), "{id}");
        assert_eq!(id.get(8..16), Some("00000000"), "{id}");
    }
    assert_ne!(traces[0], traces[1]);
    let span: u64 = event["span_id"].as_str().unwrap().parse().unwrap();
    assert_ne!(span, 0);
}

#[test]
fn a_complete_span() {
    let ids = Ids::new();
    let annotate = |note: &mut crate::Annotation| {
        note.failure = Some(Failure {
            kind: "my::Error".to_owned(),
            message: "broke".to_owned(),
            stack: "my::Error: broke\nCaused by: a wire".to_owned(),
        });
        note.model_name("GPT-4o")
            .model_provider("OpenAI ÄÖ")
            .metadata("temperature", 0.2)
            .metadata("stop", ["a", "b"])
            .metadata("text", "{}")
            .metric("input_tokens", u64::MAX)
            .metric("time_to_first_token", 0.25)
            .metric("delta", -1)
            .tags([("zone", "b:c"), ("Upper", "x"), ("1", "digit"), ("empty", ""), ("a", "é")]);
    };
    let span = Sample {
        parent_id: Some(ids.other),
        name: "ask \"it\" 🦀".into(),
        attribute: true,
        ..ids.span(Kind::Llm)
    };
    let span = span.session_id("session-1").agent(Some("planner"), ids.other);
    let span = span.arguments(r#"{"prompt":"Why?"}"#).returned("\"Because.\"").annotate(annotate);
    let identity = Identity {
        env: "prod".to_owned(),
        service: "shop".to_owned(),
        version: "1.2".to_owned(),
        tags: texts([("team", "ml")]),
        git: texts([("git.commit.sha", "abc")]),
    };
    let mut expected = ids.event(
        Kind::Llm,
        &json!({
            "model_name": "GPT-4o",
            "model_provider": "openai äö",
            "input": { "messages": [{ "role": "user", "content": "Why?" }] },
            "output": { "messages": [{ "role": "assistant", "content": "Because." }] },
            "metadata": { "temperature": 0.2, "stop": ["a", "b"], "text": "{}" },
            "agent_attribution": { "pagent_name": "planner", "pagent_span_id": ids.other.to_string() },
            "error": { "type": "my::Error", "message": "broke", "stack": "my::Error: broke\nCaused by: a wire" },
        }),
    );
    expected["parent_id"] = json!(ids.other.to_string());
    expected["name"] = json!("ask \"it\" 🦀");
    expected["session_id"] = json!("session-1");
    expected["status"] = json!("error");
    expected["metrics"] = json!({ "input_tokens": u64::MAX, "time_to_first_token": 0.25, "delta": -1 });
    expected["tags"] = json!([
        "1:digit",
        "Upper:x",
        "a:é",
        "agent_service:app",
        format!("ddtrace.version:{VERSION}"),
        "decorator:1",
        "empty:",
        "env:prod",
        "error:1",
        "error_type:my::Error",
        "git.commit.sha:abc",
        "language:rust",
        "ml_app:app",
        "service:shop",
        "session_id:session-1",
        "source:integration",
        "team:ml",
        "version:1.2",
        "zone:b:c",
    ]);
    assert_eq!(encoded(&span, &identity), expected);
}

#[test]
fn only_llm_and_embedding_spans_have_a_model() {
    let ids = Ids::new();
    let with_model = |kind, name: &str, provider: &str| {
        let mut span = ids.span(kind).annotate(|_| ());
        let annotation = span.annotation.as_mut().unwrap();
        annotation.model_name = Some(name.to_owned());
        annotation.model_provider = Some(provider.to_owned());
        event(&span)
    };
    for kind in [Kind::Llm, Kind::Embedding] {
        assert_eq!(
            with_model(kind, "Text-3-Small", "OPENAI"),
            ids.event(kind, &json!({ "model_name": "Text-3-Small", "model_provider": "openai" }))
        );
        assert_eq!(
            with_model(kind, "", ""),
            ids.event(kind, &json!({ "model_name": "unknown", "model_provider": "unknown" }))
        );
    }
    assert_eq!(with_model(Kind::Tool, "m", "p"), ids.event(Kind::Tool, &json!({})));
}

#[test]
fn empty_content_is_left_out_and_null_is_kept() {
    let ids = Ids::new();
    let with_content = |kind, value: &Value| {
        event(&ids.span(kind).annotate(|note| {
            note.input(value).output(value);
        }))
    };
    let model = json!({ "model_name": "unknown", "model_provider": "unknown" });
    assert_eq!(with_content(Kind::Llm, &json!([])), ids.event(Kind::Llm, &model));
    for (value, text) in [(json!(""), ""), (json!(0), "0"), (json!([]), "[]"), (json!(false), "false")] {
        assert_eq!(
            with_content(Kind::Task, &value),
            ids.event(Kind::Task, &json!({ "input": { "value": text }, "output": { "value": text } }))
        );
    }
}

#[test]
fn a_body_has_events_of_several_traces() {
    let other = Ids::new();
    let spans = [
        Ids::new().span(Kind::Task),
        other.span(Kind::Task),
        Sample { apm_trace_id: other.trace, ..other.span(Kind::Task) },
        Sample { decision: Some(Decision { rate: 0.5, kept: false }), ..other.span(Kind::Task) },
        Sample { decision: None, ..other.span(Kind::Task) },
        other.span(Kind::Task),
    ];
    let identity = Identity::default();
    let mut encoders = [(); 2].map(|()| Encoder::new(&identity, "app", LIMIT));
    let mut bodies = [(); 2].map(|()| String::new());
    for span in &spans {
        let [finished, typed] = &mut encoders;
        span.read(|span| finished.encode_finished(span, &mut bodies[0]));
        typed.encode_data(&span.data(&identity), &mut bodies[1]);
        for body in &mut bodies {
            body.push('\n');
        }
    }
    let expected = spans.map(|span| {
        json!({
            "_dd.stage": "raw",
            "_dd.tracer_version": VERSION,
            "event_type": "span",
            "spans": [event(&span)],
        })
    });
    for body in bodies {
        let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, expected);
    }
}
