//! The names of spans and of their integrations. They are those of the Python SDK if it has an integration for the protocol.

use llmobs_providers::{Endpoint, Operation, Protocol};
use llmobs_runtime::Kind;

/// Returns the kind of the span of a call.
pub(super) fn kind(endpoint: &Endpoint) -> Kind {
    match endpoint.operation() {
        Operation::Embedding => Kind::Embedding,
        Operation::Rerank => Kind::Retrieval,
        _ => Kind::Llm,
    }
}

/// Returns the name of the span, and that of the integration.
pub(super) const fn names(protocol: Protocol) -> (&'static str, &'static str) {
    match protocol {
        Protocol::OpenAiChat => ("OpenAI.createChatCompletion", "openai"),
        Protocol::OpenAiCompletions => ("OpenAI.createCompletion", "openai"),
        Protocol::OpenAiEmbeddings => ("OpenAI.createEmbedding", "openai"),
        Protocol::OpenAiResponses => ("OpenAI.createResponse", "openai"),
        Protocol::AnthropicMessages => ("anthropic.request", "anthropic"),
        Protocol::GeminiGenerate | Protocol::GeminiEmbed | Protocol::GeminiInteractions => {
            ("google_genai.request", "google_genai")
        }
        Protocol::OllamaChat | Protocol::OllamaGenerate | Protocol::OllamaEmbed => {
            ("ollama.request", "ollama")
        }
        Protocol::BedrockConverse | Protocol::BedrockInvoke | Protocol::BedrockAgent => {
            ("bedrock-runtime.command", "bedrock")
        }
        Protocol::CohereChat | Protocol::CohereChatV1 | Protocol::CohereEmbed | Protocol::CohereRerank => {
            ("cohere.request", "cohere")
        }
        _ => ("model.request", "http"),
    }
}
