//! A replay of ADK for Rust (adk-runner, adk-agent, adk-model and adk-telemetry 2.3.0).
//!
//! The names, targets, levels and fields are those of adk-runner's `src/runner.rs`, adk-agent's `src/llm_agent.rs`,
//! adk-model's `src/usage_tracking.rs` and adk-telemetry's `src/spans.rs`.
//!
//! No span has its operation, the span of a tool has an empty name, and a model call has two spans. Tokens of each call:
//! 57 of input, of which 32 are cached, 18 of output, of which 7 are reasoning. The session is `s-1`, the user `ada`.

use tracing::field::Empty;
use tracing::{Level, Span, event, info_span};

const REQUEST: &str = concat!(
    r#"{"model":"gemini-2.5-flash","contents":[{"role":"user","parts":[{"text":"What is the weather in Paris?"}]}],"#,
    r#""config":{"temperature":0.5}}"#
);
const CALL: &str =
    r#"{"role":"model","parts":[{"name":"get_weather","args":{"city":"Paris"},"id":"call_1"}]}"#;
const ANSWER: &str = r#"{"role":"model","parts":[{"text":"It is 21 degrees in Paris."}]}"#;

fn agent_execute() -> Span {
    info_span!(
        target: "adk_runner::runner",
        "agent.execute",
        "gcp.vertex.agent.invocation_id" = "inv-1",
        "gcp.vertex.agent.session_id" = "s-1",
        "gcp.vertex.agent.event_id" = "inv-1",
        "gen_ai.conversation.id" = "s-1",
        "adk.app_name" = "weather_app",
        "adk.user_id" = "ada",
        "agent.name" = %"weather",
        "adk.skills.selected_name" = %"",
        "adk.skills.selected_id" = %""
    )
}

/// `call_llm`.
fn call_llm() -> Span {
    info_span!(
        target: "adk_agent::llm_agent",
        "call_llm",
        "gcp.vertex.agent.event_id" = %"inv-1_llm_1",
        "gcp.vertex.agent.invocation_id" = %"inv-1",
        "gcp.vertex.agent.session_id" = %"s-1",
        "gen_ai.conversation.id" = %"s-1",
        "gcp.vertex.agent.llm_request" = %REQUEST,
        "gcp.vertex.agent.llm_response" = Empty
    )
}

/// A call with an answer. A nested span has the tokens. Both spans are entered for each piece of the stream.
fn answered(response: &str) {
    let call = call_llm();
    let generate = call.in_scope(|| {
        info_span!(
            target: "adk_telemetry::spans",
            "gen_ai.generate",
            gen_ai.system = %"gemini",
            gen_ai.request.model = %"gemini-2.5-flash",
            gen_ai.request.stream = true,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.usage.total_tokens = Empty,
            gen_ai.usage.cache_read_tokens = Empty,
            gen_ai.usage.cache_creation_tokens = Empty,
            gen_ai.usage.thinking_tokens = Empty,
            gen_ai.usage.audio_input_tokens = Empty,
            gen_ai.usage.audio_output_tokens = Empty,
            otel.kind = "client",
        )
    });
    for piece in 1..=2_i64 {
        // The tokens of each piece are cumulative.
        call.in_scope(|| {
            generate.in_scope(|| {
                let current = Span::current();
                current.record("gen_ai.usage.input_tokens", 57_i64);
                current.record("gen_ai.usage.output_tokens", 9 * piece);
                current.record("gen_ai.usage.total_tokens", 57 + 9 * piece);
                current.record("gen_ai.usage.cache_read_tokens", 32_i64);
                current.record("gen_ai.usage.thinking_tokens", 7_i64);
            });
        });
    }
    drop(generate);
    call.record("gcp.vertex.agent.llm_response", response);
}

fn tool() -> Span {
    info_span!(
        target: "adk_agent::llm_agent",
        "",
        otel.name = %"execute_tool get_weather",
        tool.name = %"get_weather",
        "gcp.vertex.agent.event_id" = %"inv-1_get_weather",
        "gcp.vertex.agent.invocation_id" = %"inv-1",
        "gcp.vertex.agent.session_id" = %"s-1",
        "gen_ai.conversation.id" = %"s-1"
    )
}

fn tool_call() {
    let args = r#"{"city":"Paris"}"#;
    event!(
        target: "adk_agent::llm_agent",
        Level::DEBUG,
        tool.name = %"get_weather",
        tool.args = %args,
        attempt = 0_u32,
        "tool_call"
    );
}

/// A run of an agent. The arguments and the result of its tool are in events of the level `DEBUG`.
///
/// ```text
/// agent weather
/// ├─ llm call_llm  in user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// ├─ tool get_weather  in {"city":"Paris"}  out 21 degrees
/// └─ llm call_llm  in user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_with_tool() {
    agent_execute().in_scope(|| {
        answered(CALL);
        tool().in_scope(|| {
            tool_call();
            let result = r#""21 degrees""#;
            event!(
                target: "adk_agent::llm_agent",
                Level::DEBUG,
                tool.name = %"get_weather",
                tool.result = %result,
                "tool_result"
            );
        });
        answered(ANSWER);
    });
}

/// A tool that fails, with the error in an event of another span, and a call that fails.
///
/// ```text
/// agent weather
/// ├─ tool get_weather  in {"city":"Paris"}
/// └─ llm call_llm  in user: What is the weather in Paris?  error RESOURCE_EXHAUSTED: slow down
/// ```
pub(crate) fn failures() {
    agent_execute().in_scope(|| {
        tool().in_scope(tool_call);
        event!(
            target: "adk_agent::llm_agent",
            Level::WARN,
            tool.name = %"get_weather",
            error = %"no such city",
            "tool_error"
        );
        call_llm().in_scope(|| {
            event!(
                target: "adk_agent::llm_agent",
                Level::ERROR,
                error.code = %"RESOURCE_EXHAUSTED",
                error.message = %"slow down",
                agent = %"weather",
                "model reported a terminal error"
            );
        });
    });
}
