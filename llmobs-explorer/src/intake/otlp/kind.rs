//! The kind of a step, from the words of the conventions.

use super::span::OtlpSpan;

/// Prefixes of attributes that only steps of LLM applications have.
const MARKS: [&str; 5] = [
    "gen_ai.",
    "llm.request.type",
    "traceloop.span.kind",
    "openinference.span.kind",
    "langfuse.observation.",
];

/// Whether a span is a step of an LLM application.
pub(super) fn is_step(span: &OtlpSpan) -> bool {
    MARKS.iter().any(|mark| span.has(mark))
}

/// Returns the kind of a step.
pub(super) fn of(span: &OtlpSpan) -> &'static str {
    let otel = span.text("gen_ai.operation.name").map(of_operation);
    let known = otel
        .or_else(|| span.text("llm.request.type").map(of_request))
        .or_else(|| span.text("traceloop.span.kind").map(of_word))
        .or_else(|| span.text("openinference.span.kind").map(of_word))
        .or_else(|| span.text("langfuse.observation.type").map(of_word));
    known.unwrap_or_else(|| {
        if span.has("gen_ai.tool.") {
            "tool"
        } else if ["gen_ai.request.model", "gen_ai.response.model", "langfuse.observation.model.name"]
            .iter()
            .any(|name| span.text(name).is_some())
        {
            "llm"
        } else {
            "workflow"
        }
    })
}

fn of_operation(word: &str) -> &'static str {
    match word {
        "chat" | "chat_streaming" | "generate_content" | "text_completion" | "completion" => "llm",
        word if word.starts_with("interactions") => "llm",
        "embeddings" | "embedding" => "embedding",
        "execute_tool" => "tool",
        "invoke_agent" | "create_agent" => "agent",
        "retrieval" | "retriever" => "retrieval",
        "plan" | "rerank" => "task",
        word if word.ends_with("_memory") => "task",
        _ => "workflow",
    }
}

fn of_request(word: &str) -> &'static str {
    match word {
        "chat" | "completion" => "llm",
        "embedding" => "embedding",
        "rerank" => "task",
        _ => "workflow",
    }
}

/// Maps the kinds of OpenInference, OpenLLMetry and Langfuse, which share their words.
fn of_word(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "llm" | "generation" => "llm",
        "embedding" => "embedding",
        "tool" => "tool",
        "agent" => "agent",
        "retriever" => "retrieval",
        "task" => "task",
        _ => "workflow",
    }
}
