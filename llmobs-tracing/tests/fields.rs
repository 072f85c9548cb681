//! How fields of `tracing` spans become data of LLM spans.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::fmt;

use llmobs_runtime::Config;
use llmobs_runtime::testing::Collector;
use llmobs_tracing::LayerBuilder;
use serde_json::{Value, json};
use tracing::field::{Empty, debug, display};
use tracing::{Level, error, event, info_span};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;

/// Runs a program, and returns its only span.
fn event(program: impl FnOnce()) -> Value {
    event_of(&Collector::new(), LayerBuilder::new(), program)
}

fn event_of(collector: &Collector, layer: LayerBuilder, program: impl FnOnce()) -> Value {
    let _entered = collector.attach();
    tracing::subscriber::with_default(registry().with(layer.build()), program);
    let [event] = &*collector.events() else { panic!("one span: {}", collector.tree()) };
    event.clone()
}

/// The name, the kind and the other data of a span.
fn shown(event: &Value) -> Value {
    json!({
        "name": event["name"],
        "kind": event["meta"]["span"]["kind"],
        "input": event["meta"]["input"],
        "output": event["meta"]["output"],
        "metadata": event["meta"]["metadata"],
        "metrics": event["metrics"],
    })
}

fn tags(event: &Value) -> Vec<&str> {
    let all = event["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap());
    all.filter(|tag| {
        ["integration:", "user_id:", "error", "tier:"].iter().any(|start| tag.starts_with(start))
    })
    .collect()
}

#[test]
fn a_model_call_has_messages_metadata_and_metrics() {
    let event = event(|| {
        let span = info_span!(
            "genai.chat",
            otel.name = "chat gpt-4o",
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = "openai",
            gen_ai.request.model = "gpt-4o",
            gen_ai.request.temperature = 0.5,
            gen_ai.request.stop_sequences = Empty,
            gen_ai.response.model = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.response.time_to_first_chunk = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.system_instructions = r#"[{"type":"text","content":"Be brief."}]"#,
            gen_ai.input.messages = Empty,
            gen_ai.output.messages = Empty,
            gen_ai.tool.definitions = Empty,
            gen_ai.conversation.id = "s-1",
            user.id = 7,
        );
        span.record("gen_ai.input.messages", r#"[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]"#);
        span.record(
            "gen_ai.output.messages",
            r#"[{"role":"assistant","parts":[{"type":"text","content":"Hello"}],"finish_reason":"stop"}]"#,
        );
        span.record(
            "gen_ai.tool.definitions",
            r#"[{"type":"function","name":"weather","description":"Now"}]"#,
        );
        span.record("gen_ai.request.stop_sequences", r#"["END"]"#);
        span.record("gen_ai.response.model", "gpt-4o-2024-08-06");
        span.record("gen_ai.response.finish_reasons", r#"["stop"]"#);
        span.record("gen_ai.response.time_to_first_chunk", 0.25);
        span.record("gen_ai.usage.input_tokens", 1);
        // Usage is recorded again as a stream continues.
        span.record("gen_ai.usage.input_tokens", 9);
        span.record("gen_ai.usage.output_tokens", 2_u64);
        span.record("gen_ai.usage.cache_read.input_tokens", 4);
    });
    assert_eq!(
        shown(&event),
        json!({
            "name": "chat gpt-4o",
            "kind": "llm",
            "input": { "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Hi" },
            ] },
            "output": { "messages": [{ "role": "assistant", "content": "Hello" }] },
            "metadata": {
                "temperature": 0.5,
                "stop_sequences": ["END"],
                "finish_reason": "stop",
            },
            "metrics": {
                "input_tokens": 9, "output_tokens": 2, "total_tokens": 11,
                "cache_read_input_tokens": 4, "time_to_first_token": 0.25,
            },
        })
    );
    assert_eq!(event["meta"]["model_name"], "gpt-4o-2024-08-06");
    assert_eq!(event["meta"]["model_provider"], "openai");
    assert_eq!(event["meta"]["tool_definitions"], json!([{ "name": "weather", "description": "Now" }]));
    assert_eq!(event["session_id"], "s-1");
    assert_eq!(tags(&event), ["error:0", "integration:tracing", "user_id:7"]);
}

#[test]
fn hand_written_fields_of_a_call_are_read() {
    let event = event(|| {
        let span = info_span!(
            "gen_ai.chat",
            gen_ai.system = "openai",
            gen_ai.operation.name = %"chat",
            gen_ai.request.model = %"gpt-4o",
            gen_ai.input.messages = %r#"[{"role":"user","content":"Hi"}]"#,
            gen_ai.output.messages = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.cost_usd = Empty,
        );
        span.record("gen_ai.output.messages", debug("Hello"));
        span.record("gen_ai.response.finish_reasons", debug(["stop"]));
        span.record("gen_ai.usage.input_tokens", "9");
        span.record("gen_ai.usage.cost_usd", 0.00025);
    });
    assert_eq!(
        shown(&event),
        json!({
            "name": "gen_ai.chat",
            "kind": "llm",
            "input": { "messages": [{ "role": "user", "content": "Hi" }] },
            "output": { "messages": [{ "role": "assistant", "content": "Hello" }] },
            "metadata": { "finish_reason": "stop" },
            "metrics": { "input_tokens": 9, "total_cost": 0.00025 },
        })
    );
}

#[test]
fn a_retrieval_has_documents() {
    let event = event(|| {
        let span = info_span!(
            "search",
            gen_ai.operation.name = "retrieval",
            gen_ai.data_source.id = "climate",
            gen_ai.retrieval.query.text = "Paris",
            gen_ai.retrieval.documents = Empty,
        );
        span.record(
            "gen_ai.retrieval.documents",
            r#"[{"id":"d1","content":"mild","score":0.9},{"id":"d2"}]"#,
        );
    });
    assert_eq!(
        shown(&event),
        json!({
            "name": "search",
            "kind": "retrieval",
            "input": { "value": "Paris" },
            "output": { "documents": [{ "id": "d1", "text": "mild", "score": 0.9 }, { "id": "d2", "text": "" }] },
            "metadata": { "data_source_id": "climate" },
            "metrics": {},
        })
    );
}

/// adk records requests and responses in its own types.
#[test]
fn requests_and_responses_of_adk_are_read() {
    let request = r#"{"model":"gemini-2.5-flash","contents":[{"role":"user","parts":[{"text":"Hi"}]}],"config":{"temperature":0.5}}"#;
    let response = r#"{"content":{"role":"model","parts":[{"name":"weather","args":{},"id":"call_1"}]},"partial":false,"turn_complete":true}"#;
    let event = event(|| {
        let span = info_span!(
            target: "adk_agent::llm_agent",
            "call_llm",
            gcp.vertex.agent.llm_request = %request,
            gcp.vertex.agent.llm_response = Empty,
        );
        span.record("gcp.vertex.agent.llm_response", response);
    });
    let call = json!({ "name": "weather", "arguments": {}, "tool_id": "call_1", "type": "function_call" });
    assert_eq!(
        shown(&event),
        json!({
            "name": "call_llm",
            "kind": "llm",
            "input": { "messages": [{ "role": "user", "content": "Hi" }] },
            "output": { "messages": [{ "role": "assistant", "content": "", "tool_calls": [call] }] },
            "metadata": { "temperature": 0.5 },
            "metrics": {},
        })
    );
    assert_eq!(event["meta"]["model_name"], "gemini-2.5-flash");
}

/// adk has its own names for tokens.
#[test]
fn tokens_of_adk_are_read() {
    let event = event(|| {
        drop(info_span!(
            target: "adk_telemetry::spans",
            "gen_ai.generate",
            gen_ai.system = %"gemini",
            gen_ai.request.model = %"gemini-2.5-flash",
            gen_ai.usage.input_tokens = 57,
            gen_ai.usage.output_tokens = 18,
            gen_ai.usage.total_tokens = 75,
            gen_ai.usage.cache_read_tokens = 32,
            gen_ai.usage.cache_creation_tokens = 3,
            gen_ai.usage.thinking_tokens = 7,
        ));
    });
    assert_eq!(
        event["metrics"],
        json!({
            "input_tokens": 57,
            "output_tokens": 18,
            "total_tokens": 75,
            "cache_read_input_tokens": 32,
            "cache_write_input_tokens": 3,
            "reasoning_output_tokens": 7,
        })
    );
}

/// swiftide records the request and the response in an event.
#[test]
fn events_of_swiftide_are_read() {
    let request = r#"{"messages":[{"role":"user","content":"Hi"}],"model":"gpt-4o"}"#;
    let response =
        r#"{"id":"1","message":"Hello","tool_calls":null,"usage":null,"reasoning":null,"delta":null}"#;
    let usage = r#"{"prompt_tokens":57,"completion_tokens":18,"total_tokens":75,"details":{"prompt_tokens_details":{"cached_tokens":32}}}"#;
    let event = event(|| {
        let span = info_span!(
            target: "swiftide_integrations::openai::chat_completion",
            "complete",
            langfuse.type = "GENERATION"
        );
        span.in_scope(|| {
            event!(
                target: "swiftide_integrations::openai::chat_completion",
                Level::DEBUG,
                langfuse.model = "gpt-4o",
                langfuse.input = request,
                langfuse.output = response,
                langfuse.usage = usage,
            );
        });
    });
    assert_eq!(
        shown(&event),
        json!({
            "name": "complete",
            "kind": "llm",
            "input": { "messages": [{ "role": "user", "content": "Hi" }] },
            "output": { "messages": [{ "role": "assistant", "content": "Hello" }] },
            "metadata": { "response_id": "1" },
            "metrics": {
                "input_tokens": 57, "output_tokens": 18, "total_tokens": 75, "cache_read_input_tokens": 32,
            },
        })
    );
}

#[test]
fn a_tool_name_can_be_recorded_late() {
    let event = event(|| {
        let span = info_span!(
            "execute_tool",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = Empty,
            gen_ai.tool.call.id = Empty,
            gen_ai.tool.call.arguments = Empty,
            gen_ai.tool.call.result = Empty,
            attempt = 2,
            fresh = true,
        );
        span.record("gen_ai.tool.name", "weather");
        span.record("gen_ai.tool.call.id", display("call_1"));
        span.record("gen_ai.tool.call.arguments", r#"{"city":"Rome"}"#);
        span.record("gen_ai.tool.call.result", "sunny");
    });
    assert_eq!(
        shown(&event),
        json!({
            "name": "weather",
            "kind": "tool",
            "input": { "value": "{\"city\":\"Rome\"}" },
            "output": { "value": "sunny" },
            "metadata": { "tool_id": "call_1", "attempt": 2, "fresh": true },
            "metrics": {},
        })
    );
}

#[test]
fn llmobs_fields_describe_a_span() {
    let event = event(|| {
        let span = info_span!(
            "find",
            llmobs.kind = "retrieval",
            llmobs.name = "find pages",
            llmobs.input = "tides",
            llmobs.output = Empty,
            llmobs.session_id = "s-1",
            llmobs.tags.tier = "gold",
            llmobs.metrics.hits = 2,
            llmobs.metrics.pages = "3",
            llmobs.metadata.index = "pages",
            depth = 3,
        );
        span.record("llmobs.output", r#"[{"text":"The sea","score":0.5}]"#);
    });
    assert_eq!(
        shown(&event),
        json!({
            "name": "find pages",
            "kind": "retrieval",
            "input": { "value": "tides" },
            "output": { "documents": [{ "text": "The sea", "score": 0.5 }] },
            "metadata": { "index": "pages", "depth": 3 },
            "metrics": { "hits": 2, "pages": 3 },
        })
    );
    assert_eq!(event["session_id"], "s-1");
    assert_eq!(tags(&event), ["error:0", "integration:tracing", "tier:gold"]);
}

#[test]
fn llmobs_fields_describe_a_model_call() {
    let event = event(|| {
        let span = info_span!(
            "complete",
            llmobs.kind = "llm",
            llmobs.model_name = "tiny",
            llmobs.model_provider = "own",
            llmobs.input = "Hi",
            llmobs.output = Empty,
            llmobs.metrics.input_tokens = 3,
        );
        span.record("llmobs.output", "Hello");
    });
    assert_eq!(
        shown(&event),
        json!({
            "name": "complete",
            "kind": "llm",
            "input": { "messages": [{ "role": "", "content": "Hi" }] },
            "output": { "messages": [{ "role": "", "content": "Hello" }] },
            "metadata": {},
            "metrics": { "input_tokens": 3 },
        })
    );
    assert_eq!(
        (&event["meta"]["model_name"], &event["meta"]["model_provider"]),
        (&json!("tiny"), &json!("own"))
    );
}

#[test]
fn a_kind_can_be_recorded_late() {
    let event = event(|| {
        let span = info_span!("step", gen_ai.operation.name = Empty, gen_ai.agent.name = Empty);
        span.record("gen_ai.operation.name", "invoke_agent");
        span.record("gen_ai.agent.name", "planner");
    });
    assert_eq!((&event["name"], &event["meta"]["span"]["kind"]), (&json!("planner"), &json!("agent")));
}

#[test]
fn a_late_kind_and_name_can_be_formatted_values() {
    let event = event(|| {
        let span = info_span!(
            "step",
            gen_ai.operation.name = Empty,
            gen_ai.agent.name = Empty,
            gen_ai.conversation.id = Empty
        );
        span.record("gen_ai.operation.name", display("invoke_agent"));
        span.record("gen_ai.agent.name", debug(Some("planner")));
        span.record("gen_ai.conversation.id", debug("s-1"));
    });
    assert_eq!((&event["name"], &event["meta"]["span"]["kind"]), (&json!("planner"), &json!("agent")));
    assert_eq!(event["session_id"], "s-1");
}

#[test]
fn names_of_several_conventions_have_a_precedence() {
    let call = event(|| {
        drop(info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.agent.name = "planner",
            otel.name = "chat gpt-4o",
            traceloop.entity.name = "ask",
        ));
    });
    assert_eq!(
        (&call["name"], &call["meta"]["metadata"]),
        (&json!("ask"), &json!({ "agent_name": "planner" }))
    );
}

/// codex has a span for each event of a stream.
#[test]
fn tokens_of_nested_spans_belong_to_the_call() {
    let event = event(|| {
        info_span!(target: "codex_core::session::turn", "try_run_sampling_request", model = "gpt-5")
            .in_scope(|| {
                let part = || {
                    info_span!(
                        target: "codex_core::session::turn",
                        "handle_responses",
                        codex.usage.total_tokens = Empty,
                        gen_ai.usage.input_tokens = 1,
                    gen_ai.usage.output_tokens = 2
                    )
                };
                drop(part());
                let last = part();
                last.record("gen_ai.usage.input_tokens", 9);
                last.record("codex.usage.total_tokens", display(11));
            });
    });
    assert_eq!(event["metrics"], json!({ "input_tokens": 9, "output_tokens": 2, "total_tokens": 11 }));
    assert_eq!(tags(&event), ["error:0", "integration:codex"]);
}

#[test]
fn formatted_options_are_unwrapped() {
    let event = event(|| {
        drop(info_span!(
            "step",
            llmobs.kind = "task",
            llmobs.name = ?None::<&str>,
            llmobs.tags.tier = ?Some("gold"),
            llmobs.metadata.index = ?Some(3),
            // Text of users is kept as it is.
            llmobs.input = ?Some("Hi"),
        ));
    });
    assert_eq!(event["name"], "step");
    assert_eq!(tags(&event), ["error:0", "integration:tracing", "tier:gold"]);
    assert_eq!(event["meta"]["metadata"], json!({ "index": "3" }));
    assert_eq!(event["meta"]["input"]["value"], "Some(\"Hi\")");
}

#[test]
fn tokens_of_calls_are_not_counted_again_on_their_agent() {
    let collector = Collector::new();
    let _entered = collector.attach();
    let usage = |span: &tracing::Span| {
        span.record("gen_ai.usage.input_tokens", 9).record("llm.cost.total", 0.5);
    };
    tracing::subscriber::with_default(registry().with(llmobs_tracing::layer()), || {
        let agent = info_span!(
            "agent",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.usage.input_tokens = Empty,
            llm.cost.total = Empty
        );
        agent.in_scope(|| {
            usage(&info_span!(
                "chat",
                gen_ai.operation.name = "chat",
                gen_ai.usage.input_tokens = Empty,
                llm.cost.total = Empty
            ));
        });
        usage(&agent);
        usage(&info_span!(
            "alone",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.usage.input_tokens = Empty,
            llm.cost.total = Empty
        ));
    });
    let metrics: Vec<_> = collector.events().iter().map(|event| event["metrics"].clone()).collect();
    let of_call = json!({ "input_tokens": 9, "total_cost": 0.5 });
    assert_eq!(metrics, [json!({}), of_call.clone(), of_call]);
}

#[test]
fn tokens_of_late_calls_are_not_counted_again_on_their_agent() {
    let collector = Collector::new();
    let _entered = collector.attach();
    tracing::subscriber::with_default(registry().with(llmobs_tracing::layer()), || {
        let agent =
            info_span!("agent", gen_ai.operation.name = "invoke_agent", gen_ai.usage.input_tokens = 9);
        agent.in_scope(|| {
            let call = info_span!("call", gen_ai.operation.name = Empty, gen_ai.usage.input_tokens = 9);
            call.record("gen_ai.operation.name", "chat");
        });
    });
    let metrics: Vec<_> = collector.events().iter().map(|event| event["metrics"].clone()).collect();
    assert_eq!(metrics, [json!({}), json!({ "input_tokens": 9 })]);
}

#[test]
fn failures_are_reported_in_several_ways() {
    let failure = |program: fn()| {
        let event = event(program);
        let error = &event["meta"]["error"];
        assert_eq!(event["status"], "error");
        (error["type"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap_or_default().to_owned())
    };
    let of = |kind: &str, message: &str| (kind.to_owned(), message.to_owned());
    let by_type = || {
        let span =
            info_span!("chat", gen_ai.operation.name = "chat", error.type = Empty, otel.status_code = Empty);
        span.record("error.type", "timeout");
        span.record("otel.status_code", "error");
    };
    assert_eq!(failure(by_type), of("timeout", ""));
    let by_status = || {
        let span = info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            otel.status_code = Empty,
            otel.status_message = Empty
        );
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_message", "no answer");
    };
    assert_eq!(failure(by_status), of("error", "no answer"));
    let by_event = || {
        #[tracing::instrument(err, fields(llmobs.kind = "task"))]
        fn count() -> Result<(), fmt::Error> {
            Err(fmt::Error)
        }
        let _ = count();
    };
    let text = "an error occurred when formatting an argument";
    assert_eq!(failure(by_event), of("error", text));
    let succeeded = event(|| {
        drop(info_span!("chat", gen_ai.operation.name = "chat", otel.status_code = "OK", error.type = ""));
    });
    assert_eq!(succeeded["status"], "ok");
    // A failure of a function inside is not a failure of the step.
    let inside = event(|| {
        #[tracing::instrument(err)]
        fn count() -> Result<(), fmt::Error> {
            Err(fmt::Error)
        }
        let _ = info_span!("work", llmobs.kind = "task").in_scope(count);
    });
    assert_eq!(inside["status"], "ok");
    // Other logged errors inside are not failures of the step.
    let logged = event(|| {
        info_span!("work", llmobs.kind = "task").in_scope(|| error!(error = "x", "will be tried again"));
    });
    assert_eq!(logged["status"], "ok");
}

#[test]
fn evaluations_belong_to_their_span() {
    let program = || {
        let chat = info_span!("chat", gen_ai.operation.name = "chat").entered();
        event!(
            Level::INFO,
            gen_ai.evaluation.name = "quality",
            gen_ai.evaluation.score.value = 0.5,
            gen_ai.evaluation.score.label = "fair",
            gen_ai.evaluation.explanation = "secret"
        );
        let later = info_span!(
            "gen_ai.evaluation.result",
            gen_ai.evaluation.name = "tone",
            gen_ai.evaluation.score.label = Empty
        );
        later.record("gen_ai.evaluation.score.label", "kind");
        drop(later);
        // This evaluation has no data.
        event!(Level::INFO, gen_ai.evaluation.name = "none");
        let chat = chat.exit();
        info_span!(parent: &chat, "evaluate").in_scope(|| {
            drop(info_span!(parent: &chat, "result", gen_ai.evaluation.name = "length", gen_ai.evaluation.score.value = 1.0));
        });
    };
    for shows_content in [true, false] {
        let collector = Collector::new();
        let layer = LayerBuilder::new().capture_content(shows_content);
        let chat = event_of(&collector, layer, program);
        let evaluations: Vec<_> = collector
            .evaluations()
            .iter()
            .map(|evaluation| {
                assert_eq!(evaluation["join_on"]["span"]["span_id"], chat["span_id"]);
                json!([
                    evaluation["label"],
                    evaluation["score_value"],
                    evaluation["categorical_value"],
                    evaluation["reasoning"]
                ])
            })
            .collect();
        let reasoning = if shows_content { json!("secret") } else { Value::Null };
        assert_eq!(
            evaluations,
            [
                json!(["quality", 0.5, null, reasoning]),
                json!(["tone", null, "kind", null]),
                json!(["length", 1.0, null, null])
            ]
        );
    }
}

#[test]
fn content_can_be_disabled() {
    let program = || {
        let span = info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.request.model = "gpt-4o",
            gen_ai.input.messages = r#"[{"role":"user","content":"secret"}]"#,
            gen_ai.output.messages = Empty,
            gen_ai.usage.input_tokens = 9,
            gen_ai.tool.definitions = r#"[{"name":"weather","description":"secret"}]"#,
            gen_ai.request.user = "secret",
            gen_ai.request.seed = 3,
            gen_ai.memory.query.text = "secret",
            gen_ai.memory.records = r#"[{"content":"secret"}]"#,
            llmobs.metadata.note = "secret",
            other = "secret",
            rows = 3,
            error.type = Empty,
            error.message = Empty,
        );
        span.record("gen_ai.output.messages", r#"[{"role":"assistant","content":"secret"}]"#);
        span.record("error.type", "timeout");
        span.record("error.message", "secret");
    };
    let off = Collector::with_config(&Config::new().capture_message_content(false));
    let by_config = event_of(&off, LayerBuilder::new(), program);
    let by_layer = event_of(&Collector::new(), LayerBuilder::new().capture_content(false), program);
    for event in [by_config, by_layer] {
        assert!(!event.to_string().contains("secret"), "{event}");
        assert_eq!(event["meta"]["model_name"], "gpt-4o");
        assert_eq!(event["metrics"]["input_tokens"], 9);
        assert_eq!(event["meta"]["tool_definitions"], json!([{ "name": "weather" }]));
        assert_eq!(event["meta"]["metadata"], json!({ "seed": 3, "rows": 3 }));
        assert_eq!(event["meta"]["error"]["type"], "timeout");
    }
    // A failure is recorded even if its text is hidden.
    let layer = LayerBuilder::new().capture_content(false);
    let failed = event_of(&Collector::new(), layer, || {
        drop(info_span!("work", llmobs.kind = "task", error.message = "secret"));
    });
    assert_eq!((&failed["status"], &failed["meta"]["error"]["type"]), (&json!("error"), &json!("error")));
    assert!(!failed.to_string().contains("secret"), "{failed}");
    // The settings of the program for the layer take precedence.
    let off = Collector::with_config(&Config::new().capture_message_content(false));
    let on = event_of(&off, LayerBuilder::new().capture_content(true), program);
    assert_eq!(on["meta"]["input"]["messages"][0]["content"], "secret");
}

#[test]
fn hostile_values_are_recorded_safely() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no text")
        }
    }
    struct StartsSpan;
    impl fmt::Display for StartsSpan {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let span = info_span!("inside", llmobs.kind = "task");
            span.in_scope(|| f.write_str("spoken"))
        }
    }
    struct Long;
    impl fmt::Display for Long {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..1_000_000).try_for_each(|_| f.write_str("0123456789"))
        }
    }
    let small = Collector::with_config(&Config::new().max_capture_bytes(1024));
    let event = event_of(&small, LayerBuilder::new(), || {
        let span = info_span!("work", llmobs.kind = "task", llmobs.input = %StartsSpan, llmobs.output = Empty, nan = f64::NAN);
        span.record("llmobs.output", display(Long));
        span.record("llmobs.kind", debug(Panics));
        span.record("unknown", 1);
    });
    assert_eq!(event["meta"]["input"]["value"], "spoken");
    let output = event["meta"]["output"]["value"].as_str().unwrap();
    assert!(output.starts_with("0123") && output.len() < 1100, "{}", output.len());
}

#[test]
fn long_messages_stay_messages() {
    let small = Collector::with_config(&Config::new().max_capture_bytes(1024));
    let messages = json!([
        { "role": "user", "content": "a".repeat(5000) },
        { "role": "user", "content": "And then?" },
    ])
    .to_string();
    let event = event_of(&small, LayerBuilder::new(), || {
        info_span!("chat", gen_ai.operation.name = "chat", gen_ai.input.messages = messages);
    });
    let messages = event["meta"]["input"]["messages"].as_array().unwrap();
    assert_eq!(messages.last().unwrap()["content"], "And then?", "{event}");
}
