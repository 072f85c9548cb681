//! Spans of OpenTelemetry, in both encodings.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::intake::{Ancestry, OtlpEncoding, read_otlp};
use crate::span::Span;

const TRACE: &str = "5b8efff798038103d269b633813fc60c";

/// A span in the JSON encoding. Its ids are small numbers.
fn span(id: u64, parent: u64, name: &str, attributes: &Value) -> Value {
    let attributes: Value = attributes
        .as_object()
        .expect("attributes are an object")
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": typed(value) }))
        .collect();
    json!({
        "traceId": TRACE, "spanId": format!("{id:016x}"),
        "parentSpanId": if parent == 0 { String::new() } else { format!("{parent:016x}") },
        "name": name, "startTimeUnixNano": "1750000000000000000", "endTimeUnixNano": "1750000000000001500",
        "attributes": attributes,
    })
}

fn typed(value: &Value) -> Value {
    match value {
        Value::String(_) => json!({ "stringValue": value }),
        Value::Bool(_) => json!({ "boolValue": value }),
        Value::Number(number) if number.is_i64() => json!({ "intValue": number.to_string() }),
        Value::Number(_) => json!({ "doubleValue": value }),
        Value::Array(items) => {
            json!({ "arrayValue": { "values": items.iter().map(typed).collect::<Value>() } })
        }
        Value::Object(fields) => {
            let pairs: Value =
                fields.iter().map(|(key, value)| json!({ "key": key, "value": typed(value) })).collect();
            json!({ "kvlistValue": { "values": pairs } })
        }
        Value::Null => json!({}),
    }
}

fn request(spans: &[Value]) -> Vec<u8> {
    let resource = json!({ "attributes": [
        { "key": "service.name", "value": { "stringValue": "shop" } },
        { "key": "service.version", "value": { "stringValue": "1.2" } },
        { "key": "deployment.environment.name", "value": { "stringValue": "dev" } },
        { "key": "telemetry.sdk.language", "value": { "stringValue": "rust" } },
    ] });
    json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "scope": { "name": "lib" }, "spans": spans }] }] })
        .to_string()
        .into_bytes()
}

fn read(spans: &[Value]) -> Vec<Span> {
    let read =
        read_otlp(&request(spans), OtlpEncoding::Json, None, &Mutex::default()).expect("it can be read");
    assert_eq!(read.intake.rejected, []);
    read.intake.accepted
}

/// The event for a span with these attributes.
fn event(attributes: &Value) -> Value {
    let spans = read(&[span(1, 0, "step", attributes)]);
    serde_json::from_str(&spans[0].event).expect("an event is JSON")
}

#[test]
fn a_chat_of_opentelemetry_becomes_a_complete_event() {
    let call = json!({ "type": "tool_call", "id": "c1", "name": "sea", "arguments": { "place": "Capri" } });
    let messages = json!([
        { "role": "user", "parts": [{ "type": "text", "content": "Which ferry?" }] },
        { "role": "assistant", "parts": [call] },
        { "role": "tool", "parts": [{ "type": "tool_call_response", "id": "c1", "response": "calm" }] },
    ]);
    let answer = json!([{ "role": "assistant", "parts": [{ "type": "text", "content": "20:10" }], "finish_reason": "stop" }]);
    let found = event(&json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.conversation.id": "s-1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.system_instructions": json!([{ "type": "text", "content": "You help." }]).to_string(),
        "gen_ai.input.messages": messages.to_string(),
        "gen_ai.output.messages": answer,
        "gen_ai.tool.definitions": json!([{ "type": "function", "name": "sea", "parameters": { "type": "object" } }]).to_string(),
        "gen_ai.agent.name": "guide",
        "user.id": "u-1",
        "http.route": "/ask",
        "_dd.ml_obs.metadata": json!({ "own": 1, "model_name": "no" }).to_string(),
    }));
    let expected = json!({
        "trace_id": TRACE, "span_id": "1", "parent_id": "undefined", "name": "step", "status": "ok",
        "start_ns": 1_750_000_000_000_000_000_i64, "duration": 1500,
        "ml_app": "shop", "session_id": "s-1",
        "tags": ["env:dev", "language:rust", "service:shop", "source:otel", "user_id:u-1", "version:1.2", "agent.name:guide"],
        "metrics": { "input_tokens": 12, "output_tokens": 3, "total_tokens": 15, "cache_read_input_tokens": 4 },
        "meta": {
            "span": { "kind": "llm" }, "model_name": "gpt-4o-2024", "model_provider": "openai",
            "input": { "messages": [
                { "role": "system", "content": "You help." },
                { "role": "user", "content": "Which ferry?" },
                { "role": "assistant", "content": "", "tool_calls": [
                    { "name": "sea", "arguments": { "place": "Capri" }, "tool_id": "c1", "type": "tool_call" }
                ] },
                { "role": "tool", "content": "", "tool_results": [
                    { "result": "calm", "tool_id": "c1", "type": "tool_call_response" }
                ] },
            ] },
            "output": { "messages": [{ "role": "assistant", "content": "20:10" }] },
            "tool_definitions": [{ "name": "sea", "schema": { "type": "object" } }],
            "metadata": {
                "temperature": 0.5, "finish_reasons": ["stop"], "agent_name": "guide", "conversation_id": "s-1", "own": 1,
            },
        },
        "otel": { "scope": "lib", "attributes": { "http.route": "/ask", "user.id": "u-1" } },
    });
    assert_eq!(found, expected, "{found:#}");
}

/// The differences between an event and the event of an empty step.
fn changed(attributes: &Value) -> Value {
    let event = event(attributes);
    let mut changed = event["meta"].clone();
    let fields = changed.as_object_mut().expect("an object");
    fields.insert("kind".to_owned(), fields["span"]["kind"].clone());
    fields.remove("span");
    for name in ["metrics", "session_id", "collection_errors"] {
        if let Some(value) = event.get(name).filter(|value| **value != json!({})) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    changed
}

#[test]
fn other_conventions_have_the_same_result() {
    let openinference = changed(&json!({
        "openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.provider": "openai", "session.id": "s",
        "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "Hi",
        "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "Ho",
        "llm.token_count.prompt": 1, "llm.token_count.completion": 2, "llm.token_count.total": 3,
        "llm.invocation_parameters": "{\"temperature\": 1}",
    }));
    let openllmetry = changed(&json!({
        "llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-4o",
        "traceloop.association.properties.session_id": "s",
        "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Hi",
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "Ho",
        "gen_ai.usage.prompt_tokens": 1, "gen_ai.usage.completion_tokens": 2, "llm.usage.total_tokens": 3,
        "gen_ai.request.temperature": 1,
    }));
    let langfuse = changed(&json!({
        "langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o", "gen_ai.system": "openai",
        "langfuse.observation.input": "[{\"role\": \"user\", \"content\": \"Hi\"}]",
        "langfuse.observation.output": "{\"role\": \"assistant\", \"content\": \"Ho\"}",
        "langfuse.observation.usage_details": "{\"input\": 1, \"output\": 2, \"total\": 3}",
        "langfuse.session.id": "s", "gen_ai.request.temperature": 1,
    }));
    let expected = json!({
        "kind": "llm", "model_name": "gpt-4o", "model_provider": "openai", "session_id": "s", "metadata": { "temperature": 1 },
        "input": { "messages": [{ "role": "user", "content": "Hi" }] },
        "output": { "messages": [{ "role": "assistant", "content": "Ho" }] },
        "metrics": { "input_tokens": 1, "output_tokens": 2, "total_tokens": 3 },
    });
    assert_eq!(openinference, expected, "{openinference:#}");
    assert_eq!(openllmetry, expected, "{openllmetry:#}");
    assert_eq!(langfuse, expected, "{langfuse:#}");
}

#[test]
fn steps_other_than_chats_have_their_content() {
    for (attributes, expected) in [
        (
            json!({
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "sea", "gen_ai.tool.call.id": "c1",
                "gen_ai.tool.call.arguments": "{\"place\": \"Capri\"}", "gen_ai.tool.call.result": "calm",
            }),
            json!({
                "kind": "tool", "metadata": { "tool_id": "c1" },
                "input": { "value": "{\"place\": \"Capri\"}" }, "output": { "value": "calm" },
            }),
        ),
        (
            json!({
                "openinference.span.kind": "RETRIEVER", "input.value": "ferries",
                "retrieval.documents.0.document.content": "20:10", "retrieval.documents.0.document.id": "d",
                "retrieval.documents.0.document.score": 0.5,
            }),
            json!({
                "kind": "retrieval", "metadata": {}, "input": { "value": "ferries" },
                "output": { "documents": [{ "text": "20:10", "id": "d", "score": 0.5 }] },
            }),
        ),
        (
            json!({
                "openinference.span.kind": "EMBEDDING", "embedding.model_name": "e-3",
                "embedding.embeddings.0.embedding.text": "a", "embedding.embeddings.0.embedding.vector": [0.5, 1.5],
            }),
            json!({
                "kind": "embedding", "metadata": {}, "model_name": "e-3", "model_provider": "custom",
                "input": { "documents": [{ "text": "a" }] }, "output": { "value": "[1 embedding(s) returned]" },
            }),
        ),
        (
            json!({ "openinference.span.kind": "CHAIN", "input.value": "q", "output.value": "a" }),
            json!({ "kind": "workflow", "metadata": {}, "input": { "value": "q" }, "output": { "value": "a" } }),
        ),
        (
            json!({ "traceloop.span.kind": "agent", "traceloop.entity.input": "q", "traceloop.entity.output": "a" }),
            json!({ "kind": "agent", "metadata": {}, "input": { "value": "q" }, "output": { "value": "a" } }),
        ),
    ] {
        let found = changed(&attributes);
        assert_eq!(found, expected, "{found:#}");
    }
}

#[test]
fn words_of_conventions_become_kinds() {
    for (name, word, kind) in [
        ("gen_ai.operation.name", "chat", "llm"),
        ("gen_ai.operation.name", "chat_streaming", "llm"),
        ("gen_ai.operation.name", "interactions_streaming", "llm"),
        ("gen_ai.operation.name", "embeddings", "embedding"),
        ("gen_ai.operation.name", "execute_tool", "tool"),
        ("gen_ai.operation.name", "invoke_agent", "agent"),
        ("gen_ai.operation.name", "retrieval", "retrieval"),
        ("gen_ai.operation.name", "plan", "task"),
        ("gen_ai.operation.name", "search_memory", "task"),
        ("gen_ai.operation.name", "invoke_workflow", "workflow"),
        ("llm.request.type", "completion", "llm"),
        ("llm.request.type", "rerank", "task"),
        ("openinference.span.kind", "LLM", "llm"),
        ("openinference.span.kind", "GUARDRAIL", "workflow"),
        ("traceloop.span.kind", "task", "task"),
        ("langfuse.observation.type", "retriever", "retrieval"),
        ("langfuse.observation.type", "span", "workflow"),
        ("gen_ai.request.model", "m", "llm"),
        ("gen_ai.tool.name", "t", "tool"),
        ("gen_ai.agent.name", "a", "workflow"),
    ] {
        assert_eq!(event(&json!({ name: word }))["meta"]["span"]["kind"], kind, "{name} {word}");
    }
}

#[test]
fn faults_become_warnings() {
    let chat = |more: Value| {
        let mut attributes = json!({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" });
        attributes.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        attributes
    };
    for (attributes, warning) in [
        (json!({ "gen_ai.operation.name": "chat" }), "missing_model_name"),
        (json!({ "gen_ai.request.model": "m" }), "operation_missing"),
        (chat(json!({ "gen_ai.input.messages": "[{" })), "input_malformed"),
        (chat(json!({ "gen_ai.output.messages": 5 })), "output_malformed"),
        (
            chat(json!({ "gen_ai.input.messages": "[{\"role\":\"user\",\"parts\":[{\"type\":\"odd\"}]}]" })),
            "invalid_parts",
        ),
        (chat(json!({ "gen_ai.usage.input_tokens": "seven" })), "token_usage_invalid"),
        (chat(json!({ "gen_ai.usage.input_tokens": "-7" })), "token_usage_invalid"),
        (chat(json!({ "gen_ai.usage.input_tokens": "1e3" })), "token_usage_invalid"),
        (chat(json!({ "gen_ai.usage.input_tokens": "99999999999999999999" })), "token_usage_invalid"),
        (chat(json!({ "gen_ai.usage.input_tokens": -7 })), "token_usage_invalid"),
        (chat(json!({ "gen_ai.usage.input_tokens": 1e30 })), "token_usage_invalid"),
    ] {
        assert_eq!(
            event(&attributes)["collection_errors"],
            json!([format!("otel_warning_{warning}")]),
            "{attributes}"
        );
    }
    // A text with a count is a count. A negative number is not.
    for count in [json!(7), json!("7")] {
        let attributes = chat(json!({ "gen_ai.usage.input_tokens": count, "gen_ai.input.messages": "[]" }));
        assert_eq!(event(&attributes).get("collection_errors"), None);
    }
    let tokens =
        |count: Value| event(&chat(json!({ "gen_ai.usage.input_tokens": count })))["metrics"].clone();
    assert_eq!((tokens("7".into()), tokens((-7).into())), (json!({ "input_tokens": 7 }), json!({})));
}

#[test]
fn dropped_attributes_become_a_warning() {
    let warnings = |span: Value| {
        let event: Value = serde_json::from_str(&read(&[span])[0].event).expect("JSON");
        event.get("collection_errors").cloned()
    };
    let step = || span(1, 0, "step", &json!({ "gen_ai.operation.name": "plan" }));
    let expected = Some(json!(["otel_warning_attributes_left_out"]));
    assert_eq!(warnings(step()), None);
    for field in ["droppedAttributesCount", "droppedEventsCount"] {
        let mut span = step();
        span[field] = 0.into();
        assert_eq!(warnings(span.clone()), None);
        span[field] = 3.into();
        assert_eq!(warnings(span), expected, "{field}");
    }
    let mut span = step();
    let more = (0..20_000).map(|at| json!({ "key": format!("x.{at}"), "value": { "intValue": "1" } }));
    span["attributes"].as_array_mut().expect("a list").extend(more);
    assert_eq!(warnings(span), expected);
}

#[test]
fn errors_come_from_the_status_and_the_last_exception() {
    let with_exception = |code: u8| {
        let mut span = span(1, 0, "step", &json!({ "gen_ai.operation.name": "plan" }));
        span["status"] = json!({ "code": code, "message": "it broke" });
        span["events"] = json!([{ "name": "exception", "attributes": [
            { "key": "exception.type", "value": { "stringValue": "Timeout" } },
            { "key": "exception.message", "value": { "stringValue": "too late" } },
            { "key": "exception.stacktrace", "value": { "stringValue": "at 1" } },
        ] }]);
        let event: Value = serde_json::from_str(&read(&[span])[0].event).expect("JSON");
        (event["status"].clone(), event["meta"].get("error").cloned())
    };
    let error = json!({ "type": "Timeout", "message": "it broke", "stack": "at 1" });
    assert_eq!(with_exception(2), ("error".into(), Some(error)));
    assert_eq!(with_exception(1), ("ok".into(), None));
    let stated =
        event(&json!({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "error.type": "429" }));
    assert_eq!(stated["status"], "error");
}

#[test]
fn events_may_contain_messages() {
    let mut span =
        span(1, 0, "step", &json!({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" }));
    span["events"] = json!([{ "name": "gen_ai.client.inference.operation.details", "attributes": [
        { "key": "gen_ai.input.messages",
          "value": { "stringValue": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Hi\"}]}]" } },
    ] }]);
    let event: Value = serde_json::from_str(&read(&[span])[0].event).expect("JSON");
    assert_eq!(event["meta"]["input"], json!({ "messages": [{ "role": "user", "content": "Hi" }] }));
}

/// In the older form, each message is an event.
#[test]
fn events_may_be_messages() {
    let texts = |pairs: &[(&str, &str)]| -> Value {
        pairs.iter().map(|(key, text)| json!({ "key": key, "value": { "stringValue": text } })).collect()
    };
    let call =
        r#"[{"id":"c1","type":"function","function":{"name":"sea","arguments":"{\"place\":\"Capri\"}"}}]"#;
    let choice = r#"{"index":0,"finish_reason":"stop","message":{"content":"20:10"}}"#;
    let mut span =
        span(1, 0, "step", &json!({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" }));
    span["events"] = json!([
        { "name": "gen_ai.system.message", "attributes": texts(&[("gen_ai.event.content", r#"{"content":"You help."}"#)]) },
        { "name": "gen_ai.user.message", "attributes": texts(&[("gen_ai.system", "openai"), ("content", "Hi")]) },
        { "name": "gen_ai.assistant.message", "attributes": texts(&[("tool_calls", call)]) },
        { "name": "gen_ai.tool.message", "attributes": texts(&[("content", "calm"), ("tool_call_id", "c1")]) },
        { "name": "gen_ai.choice", "attributes": texts(&[("gen_ai.event.content", choice)]) },
        { "name": "gen_ai.choice", "attributes": texts(&[("message", "or 21:10"), ("finish_reason", "length")]) },
    ]);
    let event: Value = serde_json::from_str(&read(&[span])[0].event).expect("JSON");
    let call =
        json!({ "name": "sea", "arguments": { "place": "Capri" }, "tool_id": "c1", "type": "function" });
    let expected = json!([
        { "role": "system", "content": "You help." },
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "", "tool_calls": [call] },
        { "role": "tool", "content": "", "tool_results": [{ "result": "calm", "tool_id": "c1" }] },
    ]);
    let found = &event["meta"]["input"]["messages"];
    assert_eq!(*found, expected, "{found:#}");
    let answers =
        json!([{ "role": "assistant", "content": "20:10" }, { "role": "assistant", "content": "or 21:10" }]);
    assert_eq!(event["meta"]["output"]["messages"], answers);
    assert_eq!(event["meta"]["metadata"]["finish_reasons"], json!(["stop", "length"]));
}

#[test]
fn spans_between_steps_are_left_out() {
    let step = json!({ "gen_ai.operation.name": "plan" });
    let other = json!({ "http.route": "/" });
    let spans =
        [span(1, 0, "a", &step), span(2, 1, "b", &other), span(3, 2, "c", &other), span(4, 3, "d", &step)];
    let parents = |spans: &[Span]| -> Vec<_> {
        spans.iter().map(|span| (span.name.clone(), span.parent_id.clone().unwrap_or_default())).collect()
    };
    let expected = [("a".to_owned(), String::new()), ("d".to_owned(), "1".to_owned())];
    assert_eq!(parents(&read(&spans)), expected);
    // In the order of their ends, each in its own request.
    let ancestry = Mutex::<Ancestry>::default();
    let mut moved = Vec::new();
    for span in spans.iter().rev() {
        let read = read_otlp(&request(std::slice::from_ref(span)), OtlpEncoding::Json, None, &ancestry);
        moved.extend(read.expect("it can be read").moved.into_iter().map(|moved| (moved.step, moved.parent)));
    }
    assert_eq!(moved, [(4, Some(2)), (4, Some(1))]);
}

#[test]
fn disabled_traces_are_left_out() {
    let step = json!({ "gen_ai.operation.name": "plan" });
    let off = json!({ "gen_ai.operation.name": "plan", "dd_llmobs_enabled": false });
    let mut other = span(3, 0, "c", &step);
    other["traceId"] = "0af7651916cd43dd8448eb211c80319c".into();
    let read = read(&[span(1, 0, "a", &step), span(2, 1, "b", &off), other]);
    assert_eq!(read.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["c"]);
}

#[test]
fn an_invalid_span_is_reported_and_the_others_are_read() {
    let step = json!({ "gen_ai.operation.name": "plan" });
    for (field, value, reason) in [
        ("traceId", json!("abc"), "`traceId` is \"abc\": expected hexadecimal digits"),
        ("traceId", json!("abcd"), "`trace_id` has 2 bytes: expected 16"),
        ("spanId", json!(""), "`span_id` has 0 bytes: expected 8"),
        ("spanId", json!("0000000000000000"), "`span_id` is zero: expected another id"),
        (
            "startTimeUnixNano",
            json!("now"),
            "`startTimeUnixNano` is \"now\": expected a whole number of nanoseconds since 1970",
        ),
    ] {
        let mut bad = span(2, 1, "b", &step);
        bad[field] = value;
        let body = request(&[span(1, 0, "a", &step), bad]);
        let read = read_otlp(&body, OtlpEncoding::Json, None, &Mutex::default()).expect("it can be read");
        assert_eq!((read.intake.accepted.len(), read.intake.rejected.len()), (1, 1));
        assert_eq!((read.intake.rejected[0].index, read.intake.rejected[0].reason.as_str()), (1, reason));
    }
    let refused = |body: &[u8], encoding| read_otlp(body, encoding, None, &Mutex::default()).unwrap_err();
    assert_eq!(
        refused(b"[]", OtlpEncoding::Json),
        r#"the body is a list: expected `{"resourceSpans": [{"resource": …, "scopeSpans": [{"spans": […]}]}]}`"#
    );
    assert_eq!(
        refused(b"{}", OtlpEncoding::Protobuf),
        "the body is not a protobuf message: its fields end too early"
    );
}

/// A request with all kinds of fields.
pub(super) fn sample() -> Vec<u8> {
    let mut step = span(
        1,
        0,
        "a",
        &json!({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7,
            "gen_ai.input.messages": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Hi\"}]}]",
            "gen_ai.request.temperature": 0.5, "list": ["a", 1, true], "map": { "a": { "b": 1 } } }),
    );
    step["status"] = json!({ "code": 2, "message": "it broke" });
    step["events"] = json!([{ "name": "exception", "attributes": [
        { "key": "exception.type", "value": { "stringValue": "Timeout" } },
    ] }]);
    request(&[step, span(2, 1, "b", &json!({ "http.route": "/" }))])
}

/// The same request in the other encoding.
pub(super) mod protobuf {
    use super::*;
    use crate::intake::wire::{Answered, message};

    fn fixed64(number: u8, value: u64) -> Vec<u8> {
        [&[number << 3 | 1][..], &value.to_le_bytes()].concat()
    }

    fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
        message(&[(number, Answered::Bytes(value))])
    }

    fn any_value(value: &Value) -> Vec<u8> {
        let (kind, value) = value.as_object().and_then(|fields| fields.iter().next()).expect("a value");
        match kind.as_str() {
            "stringValue" => bytes(1, value.as_str().expect("a text").as_bytes()),
            "boolValue" => message(&[(2, Answered::Number(value.as_bool().expect("a boolean").into()))]),
            "intValue" => {
                let integer: i64 = value.as_str().expect("a text").parse().expect("an integer");
                message(&[(3, Answered::Number(integer.cast_unsigned()))])
            }
            "doubleValue" => fixed64(4, value.as_f64().expect("a number").to_bits()),
            "arrayValue" => bytes(5, &list(&value["values"], any_value)),
            _ => bytes(6, &list(&value["values"], pair)),
        }
    }

    fn list(values: &Value, each: fn(&Value) -> Vec<u8>) -> Vec<u8> {
        values.as_array().expect("a list").iter().flat_map(|value| bytes(1, &each(value))).collect()
    }

    fn pair(pair: &Value) -> Vec<u8> {
        [bytes(1, pair["key"].as_str().expect("a key").as_bytes()), bytes(2, &any_value(&pair["value"]))]
            .concat()
    }

    fn id(value: &Value) -> Vec<u8> {
        let digits = value.as_str().expect("an id");
        let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
        pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
    }

    fn time(value: &Value) -> u64 {
        value.as_str().expect("a text").parse().expect("a time")
    }

    fn attributes(number: u8, of: &Value) -> Vec<u8> {
        let pairs = of["attributes"].as_array().into_iter().flatten();
        pairs.flat_map(|attribute| bytes(number, &pair(attribute))).collect()
    }

    fn span_message(span: &Value) -> Vec<u8> {
        let events = span["events"].as_array().into_iter().flatten();
        let event = |event: &Value| {
            [bytes(2, event["name"].as_str().expect("a name").as_bytes()), attributes(3, event)].concat()
        };
        let status = [
            bytes(2, span["status"]["message"].as_str().unwrap_or_default().as_bytes()),
            message(&[(3, Answered::Number(span["status"]["code"].as_u64().unwrap_or_default()))]),
        ];
        [
            bytes(1, &id(&span["traceId"])),
            bytes(2, &id(&span["spanId"])),
            bytes(4, &id(&span["parentSpanId"])),
            bytes(5, span["name"].as_str().expect("a name").as_bytes()),
            fixed64(7, time(&span["startTimeUnixNano"])),
            fixed64(8, time(&span["endTimeUnixNano"])),
            attributes(9, span),
            events.flat_map(|of| bytes(11, &event(of))).collect(),
            bytes(15, &status.concat()),
        ]
        .concat()
    }

    pub(in crate::intake::tests) fn request_message(request: &[u8]) -> Vec<u8> {
        let request: Value = serde_json::from_slice(request).expect("JSON");
        let of = &request["resourceSpans"][0];
        let scope = &of["scopeSpans"][0];
        let name = scope["scope"]["name"].as_str().expect("a name");
        let spans = scope["spans"].as_array().expect("spans").iter();
        let scope = [
            bytes(1, &bytes(1, name.as_bytes())),
            spans.flat_map(|span| bytes(2, &span_message(span))).collect(),
        ];
        // The resource may be last.
        bytes(1, &[bytes(2, &scope.concat()), bytes(1, &attributes(1, &of["resource"]))].concat())
    }

    #[test]
    fn both_encodings_have_the_same_result() {
        let body = sample();
        let read = |body: &[u8], encoding| {
            let read = read_otlp(body, encoding, Some("app"), &Mutex::default()).expect("it can be read");
            (read.intake, read.passed_over)
        };
        let json = read(&body, OtlpEncoding::Json);
        assert_eq!((json.0.accepted.len(), json.1), (1, 1));
        assert_eq!(read(&request_message(&body), OtlpEncoding::Protobuf), json);
    }

    #[test]
    fn the_number_of_values_is_limited() {
        let list = bytes(5, &[0x0a, 0x00].repeat(1 << 20));
        let attribute = |key: &[u8], value: &[u8]| bytes(9, &[bytes(1, key), bytes(2, value)].concat());
        let span = [
            bytes(1, &[7; 16]),
            bytes(2, &[7; 8]),
            attribute(b"list", &list),
            attribute(b"gen_ai.operation.name", &bytes(1, b"plan")),
            bytes(11, &[]).repeat(1 << 18),
        ];
        let body = bytes(1, &bytes(2, &bytes(2, &span.concat())));
        let read = read_otlp(&body, OtlpEncoding::Protobuf, None, &Mutex::default()).expect("it can be read");
        let event: Value = serde_json::from_str(&read.intake.accepted[0].event).expect("JSON");
        assert_eq!(event["otel"]["attributes"]["list"].as_array().map(Vec::len), Some(100_000));
        assert_eq!(event["meta"]["span"]["kind"], "task");
    }

    #[test]
    fn nesting_is_limited() {
        let mut value = bytes(1, b"deep");
        for _ in 0..5_000 {
            value = bytes(5, &bytes(1, &value));
        }
        let attribute = bytes(9, &[bytes(1, b"gen_ai.x"), bytes(2, &value)].concat());
        let body = bytes(1, &bytes(2, &bytes(2, &attribute)));
        let read = read_otlp(&body, OtlpEncoding::Protobuf, None, &Mutex::default()).expect("it can be read");
        assert_eq!(read.intake.rejected[0].reason, "an attribute is nested deeper than 64 levels");
    }
}
