//! A replay of agent-framework-core 0.14.0 (commit 8c070ae).
//!
//! The names, targets, levels and fields are those of its `src/observability.rs`, `src/agent.rs` and `src/client.rs`.
//!
//! Messages have the library's own format, with content in `contents`. Tokens: the first call of `agent_with_tool` has
//! 57 of input, of which 32 are cached, and 18 of output, of which 7 are reasoning; the second 93 and 11. The agent repeats
//! their sums. The session is `conv_1`.

use tracing::field::Empty;
use tracing::{Span, info_span};

const QUESTION: &str =
    r#"[{"role":"user","contents":[{"type":"text","text":"What is the weather in Paris?"}]}]"#;
const CALL: &str = concat!(
    r#"[{"role":"assistant","contents":[{"type":"function_call","call_id":"call_1","name":"get_weather","#,
    r#""arguments":"{\"city\":\"Paris\"}"}],"message_id":"chatcmpl-1"}]"#
);
const QUESTION_WITH_RESULT: &str = concat!(
    r#"[{"role":"user","contents":[{"type":"text","text":"What is the weather in Paris?"}]},"#,
    r#"{"role":"assistant","contents":[{"type":"function_call","call_id":"call_1","name":"get_weather","#,
    r#""arguments":"{\"city\":\"Paris\"}"}]},"#,
    r#"{"role":"tool","contents":[{"type":"function_result","call_id":"call_1","result":"21 degrees"}]}]"#
);
const ANSWER: &str = concat!(
    r#"[{"role":"assistant","contents":[{"type":"text_reasoning","text":"I was told."},"#,
    r#"{"type":"text","text":"It is 21 degrees in Paris."}]}]"#
);

fn invoke_agent() -> Span {
    let span = info_span!(
        target: "agent_framework_core::observability",
        "invoke_agent",
        otel.name = Empty,
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "weather",
        gen_ai.agent.id = "agent_1",
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        error.type = Empty,
        otel.status_code = Empty,
        otel.status_message = Empty,
    );
    span.record("otel.name", "invoke_agent weather");
    span
}

fn chat(content: bool, latest: bool, input: &str) -> Span {
    let span = info_span!(
        target: "agent_framework_core::observability",
        "chat",
        otel.name = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.system = Empty,
        gen_ai.provider.name = Empty,
        gen_ai.request.model = "gpt-4o",
        gen_ai.response.model = Empty,
        gen_ai.response.id = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.reasoning.output_tokens = Empty,
        gen_ai.request.temperature = Empty,
        gen_ai.request.top_p = Empty,
        gen_ai.request.max_tokens = Empty,
        gen_ai.request.seed = Empty,
        gen_ai.request.frequency_penalty = Empty,
        gen_ai.request.presence_penalty = Empty,
        gen_ai.request.stop_sequences = Empty,
        gen_ai.conversation.id = Empty,
        server.address = Empty,
        server.port = Empty,
        gen_ai.system_instructions = Empty,
        gen_ai.tool.definitions = Empty,
        error.type = Empty,
        otel.status_code = Empty,
        otel.status_message = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
    );
    span.record(if latest { "gen_ai.provider.name" } else { "gen_ai.system" }, "openai");
    span.record("otel.name", "chat gpt-4o");
    span.record("server.address", "api.openai.com");
    span.record("server.port", 443_i64);
    span.record("gen_ai.request.temperature", f64::from(0.5_f32));
    span.record("gen_ai.request.max_tokens", 256_u64);
    span.record("gen_ai.request.stop_sequences", r#"["END"]"#);
    span.record("gen_ai.conversation.id", "conv_1");
    if content {
        span.record("gen_ai.system_instructions", r#"[{"content":"Answer in one sentence.","type":"text"}]"#);
        if latest {
            let tools = concat!(
                r#"[{"description":"Tells the weather in a city","name":"get_weather","#,
                r#""parameters":{"type":"object","properties":{"city":{"type":"string"}}}}]"#
            );
            span.record("gen_ai.tool.definitions", tools);
        }
        span.record("gen_ai.input.messages", input);
    }
    span
}

/// `record_response`. The reason is a plain text.
fn response(chat: &Span, reason: &str, [input, output, cached]: [u64; 3], latest: bool) {
    chat.record("gen_ai.response.finish_reasons", reason);
    chat.record("gen_ai.response.id", "chatcmpl-1");
    chat.record("gen_ai.response.model", "gpt-4o-2024-08-06");
    chat.record("gen_ai.usage.input_tokens", input);
    chat.record("gen_ai.usage.output_tokens", output);
    if latest {
        chat.record("gen_ai.usage.cache_read.input_tokens", cached);
        chat.record("gen_ai.usage.reasoning.output_tokens", 7_u64);
    }
}

fn execute_tool() -> Span {
    let span = info_span!(
        target: "agent_framework_core::observability",
        "execute_tool",
        otel.name = Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = "get_weather",
        gen_ai.tool.call.id = "call_1",
        gen_ai.tool.description = Empty,
        gen_ai.tool.type = "function",
        gen_ai.tool.call.arguments = Empty,
        gen_ai.tool.call.result = Empty,
        error.type = Empty,
        otel.status_code = Empty,
        otel.status_message = Empty,
    );
    span.record("gen_ai.tool.description", "Tells the weather in a city");
    span.record("otel.name", "execute_tool get_weather");
    span
}

/// `record_error`, whose text is content.
fn fail(span: &Span, kind: &str, text: Option<&str>) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
    if let Some(text) = text {
        span.record("otel.status_message", text);
    }
}

/// `agent.run(..)` of an agent whose client is an `ObservableChatClient` with content.
///
/// ```text
/// agent weather
/// ├─ llm chat gpt-4o  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// ├─ tool get_weather  in {"city":"Paris"}  out 21 degrees
/// └─ llm chat gpt-4o  in system: Answer in one sentence. | user: What is the weather in Paris? | assistant:  call get_weather({"city":"Paris"}) | tool:  result 21 degrees  out reasoning: I was told. | assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_with_tool() {
    let agent = invoke_agent();
    agent.in_scope(|| {
        let first = chat(true, true, QUESTION);
        first.in_scope(|| {
            response(&Span::current(), "tool_calls", [57, 18, 32], true);
            Span::current().record("gen_ai.output.messages", CALL);
        });
        drop(first);
        let tool = execute_tool();
        tool.record("gen_ai.tool.call.arguments", r#"{"city":"Paris"}"#);
        tool.in_scope(|| ());
        tool.record("gen_ai.tool.call.result", r#""21 degrees""#);
        drop(tool);
        let second = chat(true, true, QUESTION_WITH_RESULT);
        second.in_scope(|| {
            response(&Span::current(), "stop", [93, 11, 0], true);
            Span::current().record("gen_ai.output.messages", ANSWER);
        });
        Span::current().record("gen_ai.usage.input_tokens", 150_u64);
        Span::current().record("gen_ai.usage.output_tokens", 29_u64);
    });
}

/// The defaults of the conventions before 1.37, `OTEL_SEMCONV_STABILITY_OPT_IN=none`, without content.
///
/// ```text
/// agent weather
/// └─ llm chat gpt-4o
/// ```
pub(crate) fn older_conventions() {
    invoke_agent().in_scope(|| {
        let chat = chat(false, false, QUESTION);
        chat.in_scope(|| response(&Span::current(), "stop", [57, 18, 32], false));
    });
}

/// A stream, without a span of the agent. Its span is entered only while the request is sent.
///
/// ```text
/// llm chat gpt-4o  in system: Answer in one sentence. | user: What is the weather in Paris?  out reasoning: I was told. | assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn streamed() {
    let chat = chat(true, true, QUESTION);
    chat.in_scope(|| ());
    response(&chat, "stop", [93, 11, 0], true);
    chat.record("gen_ai.output.messages", ANSWER);
}

/// A call and its agent that fail with content, and a tool that fails without content.
///
/// ```text
/// agent weather  error service: service error: rate limit reached
/// ├─ tool get_weather  error tool
/// └─ llm chat gpt-4o  in system: Answer in one sentence. | user: What is the weather in Paris?  error service: service error: rate limit reached
/// ```
pub(crate) fn failures() {
    let agent = invoke_agent();
    agent.in_scope(|| {
        let tool = execute_tool();
        tool.in_scope(|| fail(&Span::current(), "tool", None));
        drop(tool);
        let chat = chat(true, true, QUESTION);
        chat.in_scope(|| fail(&Span::current(), "service", Some("service error: rate limit reached")));
        drop(chat);
        fail(&Span::current(), "service", Some("service error: rate limit reached"));
    });
}
