//! Which module reads which protocol, and how a protocol is recognized by a body.

use crate::json::Json;
use crate::protocol::Protocol;
use crate::request::RequestDraft;
use crate::response::{Event, ResponseDraft};
use crate::{anthropic, bedrock, cohere, forms, gemini, ollama, openai};

/// Reads a request, or an event of a response.
pub(crate) type ReadRequest = fn(&Json<'_>, &mut RequestDraft);
pub(crate) type ReadEvent = fn(&Event<'_>, &mut ResponseDraft);

impl Protocol {
    const fn request_reader(self) -> ReadRequest {
        match self {
            // swiftide sends the requests of the provider.
            Self::OpenAiChat | Self::Swiftide => openai::chat::request,
            Self::OpenAiCompletions => openai::completions::request,
            Self::OpenAiEmbeddings => openai::embeddings::request,
            Self::OpenAiResponses => openai::responses::request,
            Self::AnthropicMessages => anthropic::request,
            Self::GeminiGenerate => gemini::generate::request,
            Self::GeminiEmbed => gemini::embed::request,
            Self::GeminiInteractions => gemini::interactions::request,
            Self::OllamaChat => ollama::chat::request,
            Self::OllamaGenerate => ollama::generate::request,
            Self::OllamaEmbed => ollama::embed::request,
            Self::BedrockConverse => bedrock::converse::request,
            Self::BedrockInvoke => bedrock::invoke::request,
            Self::BedrockAgent => bedrock::agent::request,
            Self::CohereChat => cohere::chat::request,
            Self::CohereChatV1 => cohere::chat_v1::request,
            Self::CohereEmbed => cohere::embed::request,
            Self::CohereRerank => cohere::rerank::request,
            Self::Genai => forms::genai::request,
            Self::Rig => forms::rig::request,
            Self::Adk => forms::adk::request,
        }
    }

    const fn event_reader(self) -> ReadEvent {
        match self {
            Self::OpenAiChat => openai::chat::event,
            Self::OpenAiCompletions => openai::completions::event,
            Self::OpenAiEmbeddings => openai::embeddings::event,
            Self::OpenAiResponses => openai::responses::event,
            Self::AnthropicMessages => anthropic::event,
            Self::GeminiGenerate => gemini::generate::event,
            Self::GeminiEmbed => gemini::embed::event,
            Self::GeminiInteractions => gemini::interactions::event,
            Self::OllamaChat => ollama::chat::event,
            Self::OllamaGenerate => ollama::generate::event,
            Self::OllamaEmbed => ollama::embed::event,
            Self::BedrockConverse => bedrock::converse::event,
            Self::BedrockInvoke => bedrock::invoke::event,
            Self::BedrockAgent => bedrock::agent::event,
            Self::CohereChat => cohere::chat::event,
            Self::CohereChatV1 => cohere::chat_v1::event,
            Self::CohereEmbed => cohere::embed::event,
            Self::CohereRerank => cohere::rerank::event,
            Self::Genai => forms::genai::event,
            Self::Rig => forms::rig::event,
            Self::Adk => forms::adk::event,
            Self::Swiftide => forms::swiftide::event,
        }
    }

    pub(crate) fn read_request(self, json: &Json<'_>, draft: &mut RequestDraft) {
        self.request_reader()(json, draft);
    }

    pub(crate) fn read_event(self, event: &Event<'_>, draft: &mut ResponseDraft) {
        self.event_reader()(event, draft);
    }

    /// Finds the protocol of the body of a request. If protocols share a form, the one that most servers use is returned.
    #[must_use]
    pub fn of_request(body: &Json<'_>) -> Option<Self> {
        let is = |recognizes: fn(&Json<'_>) -> bool| recognizes(body);
        Some(match body {
            _ if is(forms::genai::is_request) => Self::Genai,
            _ if is(forms::rig::is_request) => Self::Rig,
            Json::Object(_) if is(forms::adk::is_request) => Self::Adk,
            // A message whose contents are not those of Gemini.
            Json::Object(_) if is(forms::agent_framework::is_message) => return None,
            Json::Object(_) if is(gemini::interactions::is_request) => Self::GeminiInteractions,
            Json::Object(_) if is(gemini::generate::is_request) => Self::GeminiGenerate,
            Json::Object(_) if is(gemini::embed::is_request) => Self::GeminiEmbed,
            Json::Object(_) if is(bedrock::converse::is_request) => Self::BedrockConverse,
            Json::Object(_) if is(anthropic::is_request) => Self::AnthropicMessages,
            Json::Object(_) if is(bedrock::agent::is_request) => Self::BedrockAgent,
            Json::Object(_) if is(bedrock::invoke::is_request) => Self::BedrockInvoke,
            Json::Object(_) if is(openai::responses::is_request) => Self::OpenAiResponses,
            Json::Object(_) if is(ollama::chat::is_request) => Self::OllamaChat,
            Json::Object(_) if is(ollama::generate::is_request) => Self::OllamaGenerate,
            Json::Object(_) if is(ollama::embed::is_request) => Self::OllamaEmbed,
            Json::Object(_) if is(cohere::chat::is_request) => Self::CohereChat,
            Json::Object(_) if is(openai::chat::is_request) => Self::OpenAiChat,
            Json::Object(_) if is(cohere::chat_v1::is_request) => Self::CohereChatV1,
            Json::Object(_) if is(cohere::rerank::is_request) => Self::CohereRerank,
            Json::Object(_) if is(cohere::embed::is_request) => Self::CohereEmbed,
            Json::Object(_) if is(openai::embeddings::is_request) => Self::OpenAiEmbeddings,
            Json::Object(_) if is(openai::completions::is_request) => Self::OpenAiCompletions,
            _ => return None,
        })
    }

    /// Finds the protocol of a whole response, or of an event of a stream. `name` is the name of the event, if the stream has it outside of
    /// the JSON.
    #[must_use]
    pub fn of_answer(name: &str, body: &Json<'_>) -> Option<Self> {
        let event = Event { name, json: body };
        let is = |recognizes: fn(&Event<'_>) -> bool| recognizes(&event);
        Some(match body {
            _ if is(forms::genai::is_answer) => Self::Genai,
            _ if is(forms::rig::is_answer) => Self::Rig,
            Json::Object(_) if is(forms::adk::is_answer) => Self::Adk,
            Json::Object(_) if is(forms::swiftide::is_answer) => Self::Swiftide,
            Json::Object(_) if is(openai::responses::is_answer) => Self::OpenAiResponses,
            Json::Object(_) if is(openai::completions::is_answer) => Self::OpenAiCompletions,
            Json::Object(_) if is(openai::chat::is_answer) => Self::OpenAiChat,
            Json::Object(_) if is(anthropic::is_answer) => Self::AnthropicMessages,
            Json::Object(_) if is(gemini::interactions::is_answer) => Self::GeminiInteractions,
            Json::Object(_) if is(gemini::embed::is_answer) => Self::GeminiEmbed,
            Json::Object(_) if is(gemini::generate::is_answer) => Self::GeminiGenerate,
            Json::Object(_) if is(openai::embeddings::is_answer) => Self::OpenAiEmbeddings,
            Json::Object(_) if is(ollama::chat::is_answer) => Self::OllamaChat,
            Json::Object(_) if is(ollama::generate::is_answer) => Self::OllamaGenerate,
            Json::Object(_) if is(ollama::embed::is_answer) => Self::OllamaEmbed,
            Json::Object(_) if is(bedrock::converse::is_answer) => Self::BedrockConverse,
            Json::Object(_) if is(cohere::chat::is_answer) => Self::CohereChat,
            Json::Object(_) if is(cohere::chat_v1::is_answer) => Self::CohereChatV1,
            Json::Object(_) if is(cohere::rerank::is_answer) => Self::CohereRerank,
            Json::Object(_) if is(cohere::embed::is_answer) => Self::CohereEmbed,
            Json::Object(_) if is(bedrock::agent::is_answer) => Self::BedrockAgent,
            Json::Object(_) if is(bedrock::invoke::is_answer) => Self::BedrockInvoke,
            _ => return None,
        })
    }
}
