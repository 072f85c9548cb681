//! Records, whole events.

#[path = "event_tests/limits.rs"]
mod limits;
#[path = "event_tests/tags.rs"]
mod tags;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Number, Value, json};

use super::encode;
use crate::capture::Captured;
use crate::facts::Facts;
use crate::failure::Failure;
use crate::id::{SpanId, TraceId};
use crate::identity::{Identity, VERSION};
use crate::kind::Kind;
use crate::record::{AgentAttribution, Record};
use crate::span_data::SpanData;

/// The ids of one span, which are random and cannot be chosen.
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
            trace: TraceId::random(),
            apm_trace: TraceId::random(),
            span: SpanId::random(),
            other: SpanId::random(),
        }
    }

    /// A span with nothing that it could do without.
    fn record(self, kind: Kind) -> Record {
        Record {
            trace_id: self.trace,
            apm_trace_id: self.apm_trace,
            span_id: self.span,
            start_nanos: 1_763_800_000_123_456_789,
            duration_nanos: 42,
            ..Record::bare(kind, "step")
        }
    }

    /// The event of that span, where `meta` holds this beside the kind.
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

/// The largest event that keeps its input and output, as in the reference SDK.
const LIMIT: usize = 5_000_000;

fn encoded(record: Record, identity: &Identity) -> Value {
    serde_json::from_str(&text(record, identity)).unwrap()
}

fn text(record: Record, identity: &Identity) -> String {
    encode(SpanData::new(record, identity, &"app".into()), LIMIT)
}

fn captured<T: Serialize + ?Sized>(value: &T) -> Captured {
    Captured::annotated(value, usize::MAX)
}

fn texts<V: Into<String>, const N: usize>(pairs: [(&str, V); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.into())).into()
}

#[test]
fn a_bare_span_has_what_every_event_must_have() {
    let ids = Ids::new();
    for kind in [Kind::Workflow, Kind::Agent, Kind::Task, Kind::Tool, Kind::Retrieval] {
        assert_eq!(encoded(ids.record(kind), &Identity::default()), ids.event(kind, &json!({})));
    }
    let model = json!({ "model_name": "unknown", "model_provider": "unknown" });
    for kind in [Kind::Llm, Kind::Embedding] {
        assert_eq!(encoded(ids.record(kind), &Identity::default()), ids.event(kind, &model));
    }
}

#[test]
fn ids_are_written_as_the_wire_wants_them() {
    let ids = Ids::new();
    let event = encoded(ids.record(Kind::Task), &Identity::default());
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
fn a_span_with_everything() {
    let ids = Ids::new();
    let record = Record {
        parent_id: Some(ids.other),
        name: "ask \"it\" 🦀".into(),
        session_id: Some("session-1".into()),
        agent: Some(AgentAttribution { name: Some("planner".to_owned()), span_id: ids.other }.into()),
        attribute: true,
        facts: Facts {
            model_name: Some("GPT-4o".to_owned()),
            model_provider: Some("OpenAI ÄÖ".to_owned()),
            input: Some(Captured::arguments(r#"{"prompt":"Why?"}"#.to_owned())),
            output: Some(Captured::value("\"Because.\"".to_owned())),
            metadata: [
                ("temperature".to_owned(), captured(&0.2)),
                ("stop".to_owned(), captured(&["a", "b"])),
                ("nothing".to_owned(), captured(&())),
                ("text".to_owned(), captured("{}")),
            ]
            .into(),
            metrics: [
                ("input_tokens".to_owned(), Number::from(u64::MAX)),
                ("time_to_first_token".to_owned(), Number::from_f64(0.25).unwrap()),
                ("delta".to_owned(), Number::from(-1)),
            ]
            .into(),
            tags: texts([("zone", "b:c"), ("Upper", "x"), ("1", "digit"), ("empty", ""), ("a", "é")]),
            failure: Some(Failure {
                kind: "my::Error".to_owned(),
                message: "broke".to_owned(),
                stack: "my::Error: broke\nCaused by: a wire".to_owned(),
            }),
            ..Facts::default()
        },
        ..ids.record(Kind::Llm)
    };
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
            "metadata": { "temperature": 0.2, "stop": ["a", "b"], "nothing": null, "text": "{}" },
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
    assert_eq!(encoded(record, &identity), expected);
}

#[test]
fn the_model_is_named_on_llm_and_embedding_spans_alone() {
    let ids = Ids::new();
    let with_model = |kind, name: &str, provider: &str| {
        let record = Record {
            facts: Facts {
                model_name: Some(name.to_owned()),
                model_provider: Some(provider.to_owned()),
                ..Facts::default()
            },
            ..ids.record(kind)
        };
        encoded(record, &Identity::default())
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
fn empty_content_is_left_out_and_null_is_not_mistaken_for_it() {
    let ids = Ids::new();
    let record = |kind, value: &Value| Record {
        facts: Facts { input: Some(captured(value)), output: Some(captured(value)), ..Facts::default() },
        ..ids.record(kind)
    };
    let model = json!({ "model_name": "unknown", "model_provider": "unknown" });
    assert_eq!(encoded(record(Kind::Llm, &json!([])), &Identity::default()), ids.event(Kind::Llm, &model));
    for (value, text) in [(json!(""), ""), (json!(0), "0"), (json!([]), "[]"), (json!(false), "false")] {
        assert_eq!(
            encoded(record(Kind::Task, &value), &Identity::default()),
            ids.event(Kind::Task, &json!({ "input": { "value": text }, "output": { "value": text } }))
        );
    }
}
