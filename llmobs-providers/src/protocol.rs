//! The protocols of providers, and how they are recognized.

mod host;
mod provider;

use std::fmt;

use serde::{Serialize, Serializer};

#[doc(hidden)]
pub use host::HOSTS;
pub use host::provider_of_host;
pub(crate) use provider::provider_of_name;

/// A protocol of model providers. Many servers use the protocol of another provider, mostly OpenAI's chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `POST /v1/chat/completions`, also of Azure and of many other servers.
    OpenAiChat,
    /// `POST /v1/completions`.
    OpenAiCompletions,
    /// `POST /v1/embeddings`.
    OpenAiEmbeddings,
    /// `POST /v1/responses`.
    OpenAiResponses,
    /// `POST /v1/messages`, also through Vertex AI.
    AnthropicMessages,
    /// `POST …/models/…:generateContent` and `:streamGenerateContent`.
    GeminiGenerate,
    /// `POST …/models/…:embedContent` and `:batchEmbedContents`, and `:predict` of Vertex AI.
    GeminiEmbed,
    /// `POST …/interactions`.
    GeminiInteractions,
    /// `POST /api/chat`.
    OllamaChat,
    /// `POST /api/generate`.
    OllamaGenerate,
    /// `POST /api/embed` and `/api/embeddings`.
    OllamaEmbed,
    /// `POST /model/…/converse` and `/converse-stream`.
    BedrockConverse,
    /// `POST /model/…/invoke` and `/invoke-with-response-stream`, of any family of models.
    BedrockInvoke,
    /// `POST /agents/…/agentAliases/…/sessions/…/text`.
    BedrockAgent,
    /// `POST /v2/chat`.
    CohereChat,
    /// `POST /v1/chat`.
    CohereChatV1,
    /// `POST /v1/embed` and `/v2/embed`.
    CohereEmbed,
    /// `POST /v1/rerank` and `/v2/rerank`.
    CohereRerank,
    /// The types of the library `genai`, as they serialize.
    Genai,
    /// The types of the library `rig`, as they serialize.
    Rig,
    /// The types of the library `adk`, as they serialize.
    Adk,
    /// The responses of the library `swiftide`, as they serialize. It sends the requests of the provider.
    Swiftide,
}

/// The operation that a model performs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Answers messages.
    Chat,
    /// Continues a text.
    Completion,
    /// Converts texts to vectors.
    Embedding,
    /// Ranks documents.
    Rerank,
}

impl Protocol {
    /// All protocols.
    pub const ALL: &[Self] = &[
        Self::OpenAiChat,
        Self::OpenAiCompletions,
        Self::OpenAiEmbeddings,
        Self::OpenAiResponses,
        Self::AnthropicMessages,
        Self::GeminiGenerate,
        Self::GeminiEmbed,
        Self::GeminiInteractions,
        Self::OllamaChat,
        Self::OllamaGenerate,
        Self::OllamaEmbed,
        Self::BedrockConverse,
        Self::BedrockInvoke,
        Self::BedrockAgent,
        Self::CohereChat,
        Self::CohereChatV1,
        Self::CohereEmbed,
        Self::CohereRerank,
        Self::Genai,
        Self::Rig,
        Self::Adk,
        Self::Swiftide,
    ];

    /// Returns the name of the protocol, such as `openai.chat`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai.chat",
            Self::OpenAiCompletions => "openai.completions",
            Self::OpenAiEmbeddings => "openai.embeddings",
            Self::OpenAiResponses => "openai.responses",
            Self::AnthropicMessages => "anthropic.messages",
            Self::GeminiGenerate => "gemini.generate",
            Self::GeminiEmbed => "gemini.embed",
            Self::GeminiInteractions => "gemini.interactions",
            Self::OllamaChat => "ollama.chat",
            Self::OllamaGenerate => "ollama.generate",
            Self::OllamaEmbed => "ollama.embed",
            Self::BedrockConverse => "bedrock.converse",
            Self::BedrockInvoke => "bedrock.invoke",
            Self::BedrockAgent => "bedrock.agent",
            Self::CohereChat => "cohere.chat",
            Self::CohereChatV1 => "cohere.chat_v1",
            Self::CohereEmbed => "cohere.embed",
            Self::CohereRerank => "cohere.rerank",
            Self::Genai => "genai",
            Self::Rig => "rig",
            Self::Adk => "adk",
            Self::Swiftide => "swiftide",
        }
    }

    /// Returns the operation of the protocol.
    #[must_use]
    pub const fn operation(self) -> Operation {
        match self {
            Self::OpenAiCompletions | Self::OllamaGenerate => Operation::Completion,
            Self::OpenAiEmbeddings | Self::GeminiEmbed | Self::OllamaEmbed | Self::CohereEmbed => {
                Operation::Embedding
            }
            Self::CohereRerank => Operation::Rerank,
            _ => Operation::Chat,
        }
    }

    /// Returns the provider of models with this protocol, unless another one is known. Returns `None` for libraries, which support many.
    #[must_use]
    pub const fn provider(self) -> Option<&'static str> {
        Some(match self {
            Self::OpenAiChat | Self::OpenAiCompletions | Self::OpenAiEmbeddings | Self::OpenAiResponses => {
                "openai"
            }
            Self::AnthropicMessages => "anthropic",
            Self::GeminiGenerate | Self::GeminiEmbed | Self::GeminiInteractions => "google",
            Self::OllamaChat | Self::OllamaGenerate | Self::OllamaEmbed => "ollama",
            Self::BedrockConverse | Self::BedrockInvoke | Self::BedrockAgent => "amazon_bedrock",
            Self::CohereChat | Self::CohereChatV1 | Self::CohereEmbed | Self::CohereRerank => "cohere",
            Self::Genai | Self::Rig | Self::Adk | Self::Swiftide => return None,
        })
    }

    /// Finds the protocol by the path of a URL, such as `/v1/chat/completions`. Hosts and versions are ignored.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let ends = |end: &str| path.ends_with(end);
        // The models of Gemini and Vertex AI are followed by the operation.
        if let Some((_, action)) = path.rsplit('/').next().and_then(|last| last.rsplit_once(':')) {
            match action {
                "generateContent" | "streamGenerateContent" => return Some(Self::GeminiGenerate),
                "embedContent" | "batchEmbedContents" | "predict" => return Some(Self::GeminiEmbed),
                "rawPredict" | "streamRawPredict" if path.contains("/anthropic/") => {
                    return Some(Self::AnthropicMessages);
                }
                _ => {}
            }
        }
        if path.contains("/model/") {
            if ends("/converse") || ends("/converse-stream") {
                return Some(Self::BedrockConverse);
            }
            if ends("/invoke") || ends("/invoke-with-response-stream") {
                return Some(Self::BedrockInvoke);
            }
        }
        if path.contains("/agentAliases/") && ends("/text") {
            return Some(Self::BedrockAgent);
        }
        let suffixes = [
            ("/chat/completions", Self::OpenAiChat),
            ("/completions", Self::OpenAiCompletions),
            ("/embeddings", Self::OpenAiEmbeddings),
            ("/responses", Self::OpenAiResponses),
            ("/messages", Self::AnthropicMessages),
            ("/interactions", Self::GeminiInteractions),
            ("/v1/chat", Self::CohereChatV1),
            ("/v2/chat", Self::CohereChat),
            ("/api/chat", Self::OllamaChat),
            ("/api/generate", Self::OllamaGenerate),
            ("/api/embed", Self::OllamaEmbed),
            ("/v1/embed", Self::CohereEmbed),
            ("/v2/embed", Self::CohereEmbed),
            ("/rerank", Self::CohereRerank),
        ];
        if ends("/api/embeddings") && !path.contains("/v1") {
            return Some(Self::OllamaEmbed);
        }
        // OpenAI's assistants have other messages.
        if path.contains("/threads/") && ends("/messages") {
            return None;
        }
        suffixes.into_iter().find(|(suffix, _)| ends(suffix)).map(|(_, protocol)| protocol)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Operation {
    /// Returns the name of the operation, such as `chat`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completion => "completion",
            Self::Embedding => "embedding",
            Self::Rerank => "rerank",
        }
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
