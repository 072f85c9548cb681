//! A replay of programs whose spans have the attributes of OpenLLMetry.
//!
//! The names are those of Traceloop's semantic conventions, `opentelemetry-semantic-conventions-ai` 0.4:
//! <https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions>. The spans are not from a program.

use tracing::field::Empty;
use tracing::info_span;

/// A workflow with a task, an agent, a tool and a call of a model. The session is `s-1`, the user `ada`; 57 tokens of input,
/// of which 32 are cached, and 18 of output.
///
/// ```text
/// workflow answer_question  in {"args":["What is the weather in Paris?"]}  out It is 21 degrees in Paris.
/// └─ agent weather
///    ├─ task prepare
///    ├─ llm openai.chat  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
///    └─ tool get_weather  in {"city":"Paris"}  out 21 degrees
/// ```
pub(crate) fn everything() {
    let workflow = info_span!(
        target: "program",
        "answer_question.workflow",
        "traceloop.span.kind" = "workflow",
        "traceloop.entity.name" = "answer_question",
        "traceloop.workflow.name" = "answer_question",
        "traceloop.association.properties.session_id" = "s-1",
        "traceloop.association.properties.user_id" = "ada",
        "traceloop.entity.input" = r#"{"args":["What is the weather in Paris?"]}"#,
        "traceloop.entity.output" = Empty,
    );
    workflow.in_scope(|| {
        let agent = info_span!(
            target: "program",
            "weather.agent",
            "traceloop.span.kind" = "agent",
            "traceloop.entity.name" = "weather",
            "traceloop.entity.path" = "weather",
            "traceloop.workflow.name" = "answer_question",
        );
        agent.in_scope(|| {
            drop(info_span!(
                target: "program",
                "prepare.task",
                "traceloop.span.kind" = "task",
                "traceloop.entity.name" = "prepare",
            ));
            chat();
            let tool = info_span!(
                target: "program",
                "get_weather.tool",
                "traceloop.span.kind" = "tool",
                "traceloop.entity.name" = "get_weather",
                "traceloop.entity.input" = r#"{"city":"Paris"}"#,
                "traceloop.entity.output" = Empty,
            );
            tool.record("traceloop.entity.output", "21 degrees");
        });
    });
    workflow.record("traceloop.entity.output", "It is 21 degrees in Paris.");
}

fn chat() {
    let chat = info_span!(
        target: "program",
        "openai.chat",
        "llm.request.type" = "chat",
        "gen_ai.system" = "OpenAI",
        "gen_ai.request.model" = "gpt-4o",
        "gen_ai.request.temperature" = 0.5,
        "gen_ai.request.max_tokens" = 256,
        "llm.is_streaming" = false,
        "gen_ai.prompt.0.role" = "system",
        "gen_ai.prompt.0.content" = "Answer in one sentence.",
        "gen_ai.prompt.1.role" = "user",
        "gen_ai.prompt.1.content" = "What is the weather in Paris?",
        "llm.request.functions.0.name" = "get_weather",
        "llm.request.functions.0.description" = "Tells the weather in a city",
        "llm.request.functions.0.parameters" = r#"{"type":"object"}"#,
        "gen_ai.completion.0.role" = Empty,
        "gen_ai.completion.0.content" = Empty,
        "gen_ai.completion.0.finish_reason" = Empty,
        "gen_ai.completion.0.tool_calls.0.id" = Empty,
        "gen_ai.completion.0.tool_calls.0.name" = Empty,
        "gen_ai.completion.0.tool_calls.0.arguments" = Empty,
        "gen_ai.response.id" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.usage.prompt_tokens" = Empty,
        "gen_ai.usage.completion_tokens" = Empty,
        "gen_ai.usage.cache_read_input_tokens" = Empty,
        "llm.usage.total_tokens" = Empty,
    );
    chat.record("gen_ai.response.id", "chatcmpl-1");
    chat.record("gen_ai.response.model", "gpt-4o-2024-08-06");
    chat.record("gen_ai.completion.0.role", "assistant");
    chat.record("gen_ai.completion.0.finish_reason", "tool_calls");
    chat.record("gen_ai.completion.0.tool_calls.0.id", "call_1");
    chat.record("gen_ai.completion.0.tool_calls.0.name", "get_weather");
    chat.record("gen_ai.completion.0.tool_calls.0.arguments", r#"{"city":"Paris"}"#);
    chat.record("gen_ai.usage.prompt_tokens", 57_i64);
    chat.record("gen_ai.usage.completion_tokens", 18_i64);
    chat.record("gen_ai.usage.cache_read_input_tokens", 32_i64);
    chat.record("llm.usage.total_tokens", 75_i64);
}

/// An embedding, a legacy completion, and a rerank.
///
/// ```text
/// embedding openai.embeddings  in weather in Paris
/// llm openai.completion  in user: Once upon a time  out assistant: there was a king.
/// retrieval cohere.rerank
/// ```
pub(crate) fn other_requests() {
    drop(info_span!(
        target: "program",
        "openai.embeddings",
        "llm.request.type" = "embedding",
        "gen_ai.system" = "OpenAI",
        "gen_ai.request.model" = "text-embedding-3-small",
        "gen_ai.prompt.0.content" = "weather in Paris",
        "gen_ai.usage.prompt_tokens" = 3_i64,
    ));
    drop(info_span!(
        target: "program",
        "openai.completion",
        "llm.request.type" = "completion",
        "gen_ai.system" = "OpenAI",
        "gen_ai.request.model" = "gpt-3.5-turbo-instruct",
        "gen_ai.prompt.0.role" = "user",
        "gen_ai.prompt.0.content" = "Once upon a time",
        "gen_ai.completion.0.content" = "there was a king.",
    ));
    drop(info_span!(
        target: "program",
        "cohere.rerank",
        "llm.request.type" = "rerank",
        "gen_ai.system" = "Cohere",
        "gen_ai.request.model" = "rerank-v3.5",
    ));
}

/// A call that fails, according to the status of the span.
///
/// ```text
/// llm openai.chat  error error: rate limit reached
/// ```
pub(crate) fn failure() {
    let chat = info_span!(
        target: "program",
        "openai.chat",
        "llm.request.type" = "chat",
        "gen_ai.system" = "OpenAI",
        "gen_ai.request.model" = "gpt-4o",
        "otel.status_code" = Empty,
        "otel.status_description" = Empty,
    );
    chat.record("otel.status_code", "ERROR");
    chat.record("otel.status_description", "rate limit reached");
}
