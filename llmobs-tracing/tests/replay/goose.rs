//! A replay of goose (aaif-goose/goose), which is an application.
//!
//! The names, targets, levels and fields are those of `crates/goose-agent/src/inference.rs` (commit caf442d),
//! `crates/goose/src/agents/gen_ai_telemetry.rs`, `crates/goose/src/agents/state_machine/session.rs` (4b32c51) and
//! `ops_toolcalling.rs` (1cc1eb7), `crates/goose/src/hooks` and `crates/goose/src/tracing/provider_generation.rs`.
//!
//! goose records messages and cached tokens on spans that have no fields for them, so that they are lost. Tokens: the
//! first call of `agent_with_tool` has 57 of input and 18 of output, the second 93 and 11. The session is
//! `20261126_7`, the user `ada`.

use tracing::field::{Empty, display};
use tracing::{Span, debug, error, info_span};

const SESSION: &str = "20261126_7";

fn invoke_agent() -> Span {
    info_span!(
        target: "goose::state_machine",
        "invoke_agent goose",
        "gen_ai.operation.name" = "invoke_agent",
        "gen_ai.agent.name" = "goose",
        "gen_ai.conversation.id" = %SESSION,
        trace_input = Empty,
        trace_output = Empty,
        session.id = %SESSION,
        session.user = %"ada",
        session.host = %"analytical.local",
        session.agent_type = "goose",
    )
}

fn chat(purpose: &'static str) -> Span {
    let span = info_span!(
        target: "goose::state_machine",
        "chat",
        "gen_ai.operation.name" = "chat",
        "gen_ai.provider.name" = %"openai",
        "gen_ai.request.model" = %"gpt-4o",
        "gen_ai.request.temperature" = Empty,
        "gen_ai.request.max_tokens" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.response.id" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "goose.chat.purpose" = purpose,
        "error.type" = Empty,
        session.id = %SESSION,
    );
    span.record("gen_ai.request.temperature", 0.5_f64);
    span.record("gen_ai.request.max_tokens", 4096_i64);
    span
}

/// `record_chat_usage`, with the fields that the span does not have.
fn usage(chat: &Span, [input, output]: [i32; 2], reason: &str) {
    chat.record("gen_ai.response.model", "gpt-4o-2024-08-06");
    chat.record("gen_ai.usage.input_tokens", input);
    chat.record("gen_ai.usage.output_tokens", output);
    chat.record("gen_ai.usage.cache_read.input_tokens", 32_i32);
    chat.record("gen_ai.response.finish_reasons", reason);
    chat.record("gen_ai.response.id", "chatcmpl-1");
}

/// A call whose messages go to fields that the span does not have.
fn infer(tokens: [i32; 2], reason: &str) {
    let chat = chat("inference");
    chat.in_scope(|| {
        Span::current().record(
            "gen_ai.input.messages",
            r#"[{"role":"user","parts":[{"type":"text","content":"What is the weather in Paris?"}]}]"#,
        );
        debug!(target: "goose::agents::reply_parts", "WAITING_LLM_STREAM_START");
        usage(&Span::current(), tokens, reason);
    });
}

fn execute_tool() -> Span {
    info_span!(
        target: "goose::state_machine",
        "execute_tool",
        "gen_ai.operation.name" = "execute_tool",
        "gen_ai.tool.name" = %"weather__get_weather",
        "gen_ai.tool.call.id" = %"call_1",
        "gen_ai.conversation.id" = %SESSION,
        "gen_ai.tool.call.arguments" = Empty,
        "gen_ai.tool.call.result" = Empty,
        "error.type" = Empty,
        session.id = %SESSION,
    )
}

/// A tool of an extension. Its span is entered to send the call, and again for the result.
fn run_tool(error: Option<&str>) {
    let tool = execute_tool();
    tool.record("gen_ai.tool.call.arguments", display(r#"{"city":"Paris"}"#));
    tool.in_scope(|| {
        let hook = info_span!(
            target: "goose::hooks",
            "execute_hook",
            "gen_ai.operation.name" = "execute_hook",
            "goose.hook.event" = %"PreToolUse",
            "goose.hook.plugin" = %"guard",
            "error.type" = Empty,
            session.id = %SESSION,
        );
        hook.in_scope(|| ());
    });
    tool.in_scope(|| {
        let tool = Span::current();
        if let Some(error) = error {
            tool.record("error.type", error);
        } else {
            tool.record(
                "gen_ai.tool.call.result",
                r#"{"content":[{"type":"text","text":"21 degrees"}],"isError":false}"#,
            );
        }
    });
}

/// A reply, with `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`.
///
/// ```text
/// agent goose  in What is the weather in Paris?  out It is 21 degrees in Paris.
/// ├─ llm chat
/// ├─ tool weather__get_weather  in {"city":"Paris"}  out 21 degrees
/// │  └─ task execute_hook
/// └─ llm chat
/// ```
pub(crate) fn agent_with_tool() {
    let agent = invoke_agent();
    agent.in_scope(|| {
        Span::current().record("gen_ai.agent.name", "goose");
        Span::current().record("trace_input", "What is the weather in Paris?");
        infer([57, 18], r#"["tool_calls"]"#);
        debug!(target: "goose::state_machine", step = Some("llm"), "applied step");
        run_tool(None);
        infer([93, 11], r#"["stop"]"#);
        Span::current().record("trace_output", "It is 21 degrees in Paris.");
        let output =
            r#"[{"role":"assistant","content":"It is 21 degrees in Paris.","finish_reason":"stop"}]"#;
        Span::current().record("gen_ai.output.messages", output);
        Span::current().record("gen_ai.usage.input_tokens", 150_i32);
        Span::current().record("gen_ai.usage.output_tokens", 29_i32);
    });
}

/// A recipe names the agent. Its tool fails, and so does its second call.
///
/// ```text
/// agent Weather report
/// ├─ llm chat
/// ├─ tool weather__get_weather  in {"city":"Paris"}  error tool_error
/// │  └─ task execute_hook
/// └─ llm chat  error rate_limit
/// ```
pub(crate) fn failures() {
    let agent = invoke_agent();
    agent.in_scope(|| {
        Span::current().record("gen_ai.agent.name", "Weather report");
        infer([57, 18], r#"["tool_calls"]"#);
        run_tool(Some("tool_error"));
        chat("inference").in_scope(|| {
            Span::current().record("error.type", "rate_limit");
            error!(target: "goose_agent::inference", "LLM provider error: Rate limit exceeded: slow down");
        });
    });
}

/// Two concurrent sessions with interleaved spans: two traces, each with its own session.
///
/// ```text
/// agent goose
/// └─ llm chat
/// agent goose
/// └─ llm chat
/// ```
pub(crate) fn two_sessions() {
    let sessions = [(); 2].map(|()| {
        let agent = invoke_agent();
        let chat = agent.in_scope(|| chat("inference"));
        (agent, chat)
    });
    for (agent, chat) in sessions.iter().cycle().take(4) {
        agent.in_scope(|| chat.in_scope(|| debug!(target: "goose_providers", "chunk")));
    }
    for (_, chat) in &sessions {
        usage(chat, [57, 18], r#"["stop"]"#);
    }
}

/// A call with goose's own observation layer and ours: the inner span repeats the call, with its content, its cost and its
/// first token. Both become one span.
///
/// ```text
/// agent goose
/// └─ llm chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn with_provider_generation() {
    invoke_agent().in_scope(|| {
        let chat = chat("inference");
        chat.in_scope(|| {
            let generation = info_span!(
                target: "goose::tracing::provider_generation",
                "provider_generation",
                observation_type = "GENERATION",
                observation_id = %"00000000-0000-4000-8000-000000000001",
                session.id = %SESSION,
                provider = "openai",
                model = %"gpt-4o",
                model_parameters_json = Empty,
                input_json = Empty,
                output_json = Empty,
                usage_details_json = Empty,
                cost_details_json = Empty,
                completion_start_time = Empty,
                status_message = Empty,
            );
            generation.record("model_parameters_json", r#"{"temperature":0.5,"max_tokens":4096}"#);
            generation.record(
                "input_json",
                concat!(
                    r#"{"system":"Answer in one sentence.","messages":[{"role":"user","content":"#,
                    r#"[{"type":"text","text":"What is the weather in Paris?"}]}],"tools":[]}"#
                ),
            );
            generation.in_scope(|| debug!(target: "goose_providers", "chunk"));
            generation.record("completion_start_time", "2026-11-26T16:05:33.250+00:00");
            generation.record("model", "gpt-4o-2024-08-06");
            generation.record(
                "usage_details_json",
                r#"{"input":57,"output":11,"total":68,"cache_read_input_tokens":32}"#,
            );
            generation.record("cost_details_json", r#"{"total":0.000253}"#);
            generation.record(
                "output_json",
                r#"[{"role":"assistant","content":[{"type":"text","text":"It is 21 degrees in Paris."}]}]"#,
            );
            drop(generation);
            usage(&chat, [57, 11], r#"["stop"]"#);
        });
    });
}

/// A reply of goose before its state machine (block/goose 1.x, `crates/goose/src/agents/agent.rs`): the span is entered when
/// the stream is first polled, and left when the stream is dropped. Two replies on one thread leave in the order in which
/// they entered.
///
/// ```text
/// ```
pub(crate) fn older_replies() {
    let [first, second] = [(); 2].map(|()| {
        let reply = info_span!(target: "goose::agents::agent", "reply", user_message = Empty);
        reply.record("user_message", "What is the weather in Paris?");
        reply
    });
    let first = first.entered();
    let second = second.entered();
    drop(first);
    debug!(target: "goose::agents::agent", "WAITING_LLM_STREAM_START");
    drop(second);
}
