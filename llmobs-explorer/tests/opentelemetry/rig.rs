//! A program with rig. The crates of OpenTelemetry export its spans of `tracing`.

use llmobs_local_provider::LocalProvider;
use serde_json::{Value, json};

use crate::events;
use crate::explorer::Explorer;
use crate::programs::{otel_rig, run, text_of, without_settings};

/// Further attributes of spans of `tracing`: their place in the source, and their times.
const OF_TRACING: [&str; 8] = [
    "busy_ns",
    "code.file.path",
    "code.line.number",
    "code.module.name",
    "idle_ns",
    "target",
    "thread.id",
    "thread.name",
];

#[test]
fn rig_reports_over_http() {
    let Some(program) = otel_rig() else { return };
    let (explorer, provider) = (Explorer::start(), LocalProvider::start());
    let (out, err) = run(without_settings(program)
        .env("OPENAI_BASE_URL", format!("{}/v1", provider.url()))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", explorer.otlp("http")));
    assert_eq!((out.as_str(), err.as_str()), ("Response: The result is: 1.609344 km\n", ""));
    let all = events(&explorer);
    let agent = &all[0];
    let seen: Vec<Value> = all
        .iter()
        .map(|event| {
            assert_eq!(event["trace_id"], agent["trace_id"]);
            let is_root = event["span_id"] == agent["span_id"];
            let parent = if is_root { "undefined".into() } else { agent["span_id"].clone() };
            assert_eq!(event["parent_id"], parent);
            let mut event = event.clone();
            for name in ["trace_id", "span_id", "parent_id", "start_ns", "duration"] {
                event.as_object_mut().unwrap().remove(name).unwrap();
            }
            let attributes = event["otel"]["attributes"].as_object_mut().unwrap();
            for name in OF_TRACING {
                attributes.remove(name).unwrap();
            }
            event
        })
        .collect();

    let question = "How many kilometers are in a mile?";
    let asked = [
        json!({ "role": "system", "content": "Use the tool for conversions. Be brief." }),
        json!({ "role": "user", "content": question }),
    ];
    let call = json!({
        "role": "assistant", "content": "",
        "tool_calls": [{ "name": "kilometers", "arguments": { "miles": 1 }, "tool_id": "call_1", "type": "tool_call" }],
    });
    let result = json!({
        "role": "tool", "content": "",
        "tool_results": [{ "result": "1.609344 km", "tool_id": "call_1", "type": "tool_call_response" }],
    });
    let answer = json!({ "role": "assistant", "content": "The result is: 1.609344 km" });
    let again: Vec<&Value> = asked.iter().chain([&call, &result]).collect();
    let of_model = json!({ "model_name": "gpt-4o-mini-2026-11-01", "model_provider": "openai" });
    let of_call =
        |request: &str| json!({ "rig.completion_parent": true, "rig.provider_request_id": request });
    let expected = [
        span(
            "agent",
            "invoke_agent",
            &json!({
                "input": { "value": question }, "output": { "value": "The result is: 1.609344 km" },
                "metadata": { "agent_name": "converter" },
            }),
            Some([14, 32, 7]),
            &json!({}),
        ),
        span(
            "llm",
            "chat",
            &with(
                &of_model,
                &json!({
                    "input": { "messages": asked }, "output": { "messages": [call] },
                    "metadata": { "agent_name": "converter", "finish_reasons": ["tool_call"], "stream": true },
                }),
            ),
            Some([7, 14, 2]),
            &of_call("req_1"),
        ),
        span(
            "tool",
            "kilometers",
            &json!({
                "input": { "value": "{\"miles\":1}" }, "output": { "value": "1.609344 km" },
                "metadata": { "tool_id": "call_1", "tool_outcome": "success", "tool_type": "function" },
            }),
            None,
            &json!({}),
        ),
        span(
            "llm",
            "chat",
            &with(
                &of_model,
                &json!({
                    "input": { "messages": again }, "output": { "messages": [answer] },
                    "metadata": { "agent_name": "converter", "finish_reasons": ["unknown"], "stream": true },
                }),
            ),
            Some([7, 18, 5]),
            &of_call("req_2"),
        ),
    ];
    assert_eq!(seen, expected, "{}", serde_json::to_string_pretty(&seen).unwrap());

    // The agent repeats the tokens of its calls, which are counted once.
    let list = text_of(&explorer.get("/traces").1);
    assert!(list.contains("32 → 7"), "{list}");
    assert!(
        text_of(&explorer.get("/setup").1)
            .contains("/v1/traces 1 4 0 0 Recently refused Nothing was refused.")
    );
}

/// A span of the program with its tokens: cached, input and output.
fn span(kind: &str, name: &str, meta: &Value, tokens: Option<[u64; 3]>, attributes: &Value) -> Value {
    let mut tags = vec!["language:rust", "service:rig-otlp", "source:otel"];
    tags.extend((kind != "tool").then_some("agent.name:converter"));
    let metrics = tokens.map_or(json!({}), |[cached, input, output]| {
        json!({
            "cache_read_input_tokens": cached, "input_tokens": input, "output_tokens": output,
            "reasoning_output_tokens": 0, "total_tokens": input + output,
        })
    });
    json!({
        "name": name, "ml_app": "rig-otlp", "status": "ok", "tags": tags, "metrics": metrics,
        "meta": with(meta, &json!({ "span": { "kind": kind } })),
        "otel": { "scope": "rig", "attributes": attributes },
    })
}

/// The fields of both objects.
fn with(first: &Value, second: &Value) -> Value {
    let fields = |value: &Value| value.as_object().unwrap().clone();
    fields(first).into_iter().chain(fields(second)).collect()
}
