//! A replay of programs whose spans have the attributes of OpenInference.
//!
//! The names are those of its semantic conventions: <https://arize-ai.github.io/openinference/spec/semantic_conventions.html>.
//! `by_builder` is a replay of openinference-instrumentation 0.1.1 (`src/span_builder.rs`), `by_mistralrs` one of the macro
//! `llm_span!` of mistral.rs (EricLBuehler/mistral.rs). The other spans are not from a program.

use tracing::field::{Empty, display};
use tracing::{info, info_span};

/// An agent with a call of a model, a tool, a retriever, a reranker and a guardrail. Names of fields are fixed, so a
/// program has as many messages as it declares. The session is `s-1`, the user `ada`; 57 tokens of input, of which 32 are
/// cached, 18 of output, of which 7 are reasoning.
///
/// ```text
/// agent weather  in What is the weather in Paris?  out It is 21 degrees in Paris.
/// ├─ task check  in What is the weather in Paris?
/// ├─ retrieval search  in weather in Paris  out mild | rainy
/// ├─ retrieval rerank
/// ├─ llm ChatCompletion  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// ├─ tool get_weather  in {"city":"Paris"}  out 21 degrees
/// └─ embedding embed  in weather in Paris  out [1 embedding(s) returned with size 3]
/// ```
pub(crate) fn everything() {
    let agent = info_span!(
        target: "program",
        "answer",
        "openinference.span.kind" = "AGENT",
        "agent.name" = "weather",
        "session.id" = "s-1",
        "user.id" = "ada",
        "input.value" = "What is the weather in Paris?",
        "input.mime_type" = "text/plain",
        "output.value" = Empty,
        "output.mime_type" = "text/plain",
        "metadata" = r#"{"tier":"gold"}"#,
        "tag.tags" = r#"["beta"]"#,
    );
    agent.in_scope(|| {
        drop(info_span!(
            target: "program",
            "check",
            "openinference.span.kind" = "GUARDRAIL",
            "input.value" = "What is the weather in Paris?",
        ));
        search();
        chat();
        let tool = info_span!(
            target: "program",
            "call_tool",
            "openinference.span.kind" = "TOOL",
            "tool.name" = "get_weather",
            "tool.description" = "Tells the weather in a city",
            "tool.parameters" = r#"{"city":"Paris"}"#,
            "tool_call.id" = "call_1",
            "input.value" = r#"{"city":"Paris"}"#,
            "input.mime_type" = "application/json",
            "output.value" = Empty,
        );
        tool.record("output.value", "21 degrees");
        drop(tool);
        drop(info_span!(
            target: "program",
            "embed",
            "openinference.span.kind" = "EMBEDDING",
            "embedding.model_name" = "text-embedding-3-small",
            "embedding.embeddings.0.embedding.text" = "weather in Paris",
            "embedding.embeddings.0.embedding.vector" = "[0.1,0.2,0.3]",
            "llm.token_count.prompt" = 3,
        ));
    });
    agent.record("output.value", display("It is 21 degrees in Paris."));
}

fn search() {
    let retriever = info_span!(
        target: "program",
        "search",
        "openinference.span.kind" = "RETRIEVER",
        "input.value" = "weather in Paris",
        "retrieval.documents.0.document.id" = "d1",
        "retrieval.documents.0.document.content" = "mild",
        "retrieval.documents.0.document.score" = 0.9,
        "retrieval.documents.1.document.id" = "d2",
        "retrieval.documents.1.document.content" = "rainy",
        "retrieval.documents.1.document.score" = 0.4,
    );
    drop(retriever);
    drop(info_span!(
        target: "program",
        "rerank",
        "openinference.span.kind" = "RERANKER",
        "reranker.model_name" = "rerank-v3.5",
        "reranker.top_k" = 1,
    ));
}

fn chat() {
    let chat = info_span!(
        target: "program",
        "ChatCompletion",
        "openinference.span.kind" = "LLM",
        "llm.system" = "openai",
        "llm.provider" = "openai",
        "llm.model_name" = "gpt-4o",
        "llm.invocation_parameters" = r#"{"temperature":0.5,"max_tokens":256}"#,
        "llm.input_messages.0.message.role" = "system",
        "llm.input_messages.0.message.content" = "Answer in one sentence.",
        "llm.input_messages.1.message.role" = "user",
        "llm.input_messages.1.message.content" = "What is the weather in Paris?",
        "llm.tools.0.tool.json_schema" = r#"{"type":"function","function":{"name":"get_weather"}}"#,
        "input.value" = r#"{"messages":["the same once more"]}"#,
        "input.mime_type" = "application/json",
        "output.value" = Empty,
        "llm.output_messages.0.message.role" = Empty,
        "llm.output_messages.0.message.content" = Empty,
        "llm.output_messages.0.message.tool_calls.0.tool_call.id" = Empty,
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name" = Empty,
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments" = Empty,
        "llm.token_count.prompt" = Empty,
        "llm.token_count.completion" = Empty,
        "llm.token_count.total" = Empty,
        "llm.token_count.prompt_details.cache_read" = Empty,
        "llm.token_count.completion_details.reasoning" = Empty,
    );
    chat.record("llm.output_messages.0.message.role", "assistant");
    chat.record("llm.output_messages.0.message.tool_calls.0.tool_call.id", "call_1");
    chat.record("llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "get_weather");
    chat.record(
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments",
        r#"{"city":"Paris"}"#,
    );
    chat.record("output.value", r#"{"choices":["the same once more"]}"#);
    chat.record("llm.token_count.prompt", 57_i64);
    chat.record("llm.token_count.completion", 18_i64);
    chat.record("llm.token_count.total", 75_i64);
    chat.record("llm.token_count.prompt_details.cache_read", 32_i64);
    chat.record("llm.token_count.completion_details.reasoning", 7_i64);
}

/// Calls with only an input and an output, as JSON of OpenAI or as text, and a chain.
///
/// ```text
/// workflow pipeline  in Paris  out done
/// ├─ llm llm  in user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// └─ llm task  in user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn only_values() {
    let chain = info_span!(
        target: "program",
        "pipeline",
        openinference.span.kind = "CHAIN",
        input.value = %"Paris",
        output.value = Empty
    );
    chain.in_scope(|| {
        drop(info_span!(
            target: "program",
            "llm",
            "openinference.span.kind" = "LLM",
            "llm.model_name" = "gpt-4o",
            "input.value" = %r#"[{"role":"user","content":"What is the weather in Paris?"}]"#,
            "input.mime_type" = "application/json",
            "output.value" = "It is 21 degrees in Paris.",
        ));
        let task = info_span!(
            target: "program",
            "task",
            "openinference.span.kind" = "LLM",
            "input.value" = %"What is the weather in Paris?",
            "output.value" = Empty,
        );
        task.record("output.value", display("It is 21 degrees in Paris."));
    });
    chain.record("output.value", "done");
}

/// Both conventions on one span, with the same messages twice.
///
/// ```text
/// llm llm  in user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn with_gen_ai() {
    let prompt = r#"[{"role":"user","content":"What is the weather in Paris?"}]"#;
    let span = info_span!(
        target: "program",
        "llm",
        "gen_ai.operation.name" = "chat",
        "gen_ai.provider.name" = %"openai",
        "gen_ai.request.model" = %"gpt-4o",
        "gen_ai.response.model" = Empty,
        "gen_ai.request.max_tokens" = 256_u32,
        "gen_ai.request.temperature" = f64::from(0.5_f32),
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "gen_ai.input.messages" = %prompt,
        "gen_ai.output.messages" = Empty,
        "openinference.span.kind" = "LLM",
        "input.value" = %prompt,
        "input.mime_type" = "application/json",
        "output.value" = Empty,
        "output.mime_type" = "application/json",
        "llm.model_name" = Empty,
        "llm.token_count.prompt" = Empty,
        "llm.token_count.completion" = Empty,
        "session.id" = %"s-1",
        "user.id" = %"ada",
    );
    let answer = r#"[{"role":"assistant","content":"It is 21 degrees in Paris."}]"#;
    span.record("gen_ai.output.messages", answer);
    span.record("output.value", answer);
    span.record("llm.model_name", "gpt-4o-2024-08-06");
    for name in ["gen_ai.usage.input_tokens", "llm.token_count.prompt"] {
        span.record(name, 57_i64);
    }
    for name in ["gen_ai.usage.output_tokens", "llm.token_count.completion"] {
        span.record(name, 18_i64);
    }
}

/// The span of mistral.rs, whose time to the first token is in an event, in milliseconds: 0.25 s. The call fails.
///
/// ```text
/// llm llm mistral-small  error error: out of memory
/// ```
pub(crate) fn by_mistralrs() {
    let span = info_span!(
        target: "mistralrs_server_core::chat_completion",
        "llm",
        otel.name = format!("llm {}", "mistral-small"),
        "openinference.span.kind" = "LLM",
        "llm.model_name" = %"mistral-small",
        "llm.provider" = "mistral.rs",
        "gen_ai.request.model" = %"mistral-small",
        "gen_ai.provider.name" = "mistral.rs",
        "llm.token_count.prompt" = Empty,
        "llm.token_count.completion" = Empty,
        "llm.token_count.total" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "llm.invocation_parameters" = Empty,
        "gen_ai.request.temperature" = Empty,
        "gen_ai.request.top_p" = Empty,
        "gen_ai.request.top_k" = Empty,
        "gen_ai.request.max_tokens" = Empty,
        "gen_ai.request.frequency_penalty" = Empty,
        "gen_ai.request.presence_penalty" = Empty,
        "llm.stop_reason" = Empty,
        "gen_ai.response.finish_reason" = Empty,
    );
    span.record("llm.invocation_parameters", r#"{"temperature":0.5}"#);
    span.record("gen_ai.request.temperature", 0.5_f64);
    span.in_scope(|| {
        info!(target: "openinference", ttft_ms = 250.0_f64, model = %"mistral-small", "time_to_first_token");
    });
    span.record("llm.token_count.prompt", 57_i64);
    span.record("llm.token_count.completion", 18_i64);
    span.record("llm.token_count.total", 75_i64);
    span.record("gen_ai.usage.input_tokens", 57_i64);
    span.record("gen_ai.usage.output_tokens", 18_i64);
    span.record("llm.stop_reason", "error");
    span.record("gen_ai.response.finish_reason", "error");
    span.in_scope(|| tracing::error!(target: "mistralrs_core", error = %"out of memory"));
}

/// Spans of openinference-instrumentation. All data except the name is only given to the layer of tracing-opentelemetry.
///
/// ```text
/// agent agent weather
/// ├─ llm chat gpt-4o
/// └─ tool tool get_weather
/// ```
pub(crate) fn by_builder() {
    info_span!(target: "openinference_instrumentation::span_builder", "agent", otel.name = %"agent weather")
        .in_scope(|| {
            drop(info_span!(
                target: "openinference_instrumentation::span_builder",
                "llm",
                otel.name = %"chat gpt-4o"
            ));
            drop(info_span!(
                target: "openinference_instrumentation::span_builder",
                "tool",
                otel.name = %"tool get_weather"
            ));
        });
}
