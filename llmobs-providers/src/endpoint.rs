//! The endpoint of a request, from its URL.

use crate::gemini;
use crate::json::Json;
use crate::protocol::{Operation, Protocol, provider_of_host};
use crate::request::Request;
use crate::stream::ResponseReader;

/// The data in the URL of a request to a provider: the protocol, the provider, and sometimes the model.
///
/// ```
/// # mod llmobs { pub use llmobs_providers as providers; }
/// use llmobs::providers::{Endpoint, Protocol};
///
/// let endpoint = Endpoint::of_url("https://api.groq.com/openai/v1/chat/completions").ok_or("no model is called there")?;
/// assert_eq!((endpoint.protocol, endpoint.provider.as_deref()), (Protocol::OpenAiChat, Some("groq")));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The protocol of the endpoint.
    pub protocol: Protocol,
    /// The provider of the models. `None` for an unknown host.
    pub provider: Option<String>,
    /// The model, if the path names it.
    pub model: Option<String>,
    is_certain: bool,
}

impl Endpoint {
    /// Reads a URL. Returns `None` if its path is not that of a model call.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (host, _) = rest.split_once('/')?;
        let path = rest.get(host.len()..)?;
        Self::of(host, path)
    }

    /// Reads a host, which may have a port, and a path. Returns `None` if the path is not that of a model call.
    #[must_use]
    pub fn of(host: &str, path: &str) -> Option<Self> {
        let protocol = Protocol::of_path(path)?;
        let own = match protocol.provider() {
            provider @ Some("amazon_bedrock" | "ollama") => provider,
            _ => None,
        };
        let of_host = provider_of_host(host);
        let is_certain = is_call_path(path).unwrap_or(of_host.is_some());
        let provider = if own == Some("amazon_bedrock") { own } else { of_host.or(own) };
        Some(Self { protocol, provider: provider.map(str::to_owned), model: model_of_path(path), is_certain })
    }

    /// Returns whether host and path suffice to identify a model call. Otherwise, for example with `/api/messages` of an unknown host, the
    /// body of the request decides: see [`takes`](Self::takes).
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        self.is_certain
    }

    /// Returns whether a request with this body is a model call to this endpoint, judged by the fields that every such call has.
    #[must_use]
    pub fn takes(&self, body: &Json<'_>) -> bool {
        let is_text = |name: &str| body.get(name).as_str().is_some();
        let is_list = |name: &str| matches!(body.get(name), Json::Array(_));
        let has_model = self.model.is_some() || is_text("model");
        match self.protocol {
            Protocol::AnthropicMessages | Protocol::OllamaChat | Protocol::CohereChat => {
                has_model && is_list("messages")
            }
            Protocol::OpenAiCompletions | Protocol::OllamaGenerate => {
                has_model && (is_text("prompt") || is_list("prompt"))
            }
            Protocol::OpenAiEmbeddings | Protocol::OllamaEmbed => {
                has_model && (is_text("input") || is_list("input") || is_text("prompt"))
            }
            // The provider can store a prompt together with its model.
            Protocol::OpenAiResponses => {
                has_model && (is_text("input") || is_list("input")) || body.get("prompt").has("id")
            }
            Protocol::GeminiInteractions => (has_model || is_text("agent")) && body.has("input"),
            Protocol::GeminiEmbed => match body.list("instances").first() {
                Some(first) => ["content", "image", "video"].into_iter().any(|name| first.has(name)),
                None => gemini::embed::is_request(body),
            },
            Protocol::CohereChatV1 => has_model && is_text("message"),
            Protocol::CohereEmbed => has_model && ["texts", "images", "inputs"].into_iter().any(is_list),
            Protocol::CohereRerank => has_model && is_text("query") && is_list("documents"),
            _ => body.is_object(),
        }
    }

    /// Returns the operation. For Bedrock's InvokeModel, the name of the model decides.
    #[must_use]
    pub fn operation(&self) -> Operation {
        let names = |word| self.model.as_deref().is_some_and(|model| model.contains(word));
        match self.protocol {
            Protocol::BedrockInvoke if names("embed") => Operation::Embedding,
            Protocol::BedrockInvoke if names("rerank") => Operation::Rerank,
            protocol => protocol.operation(),
        }
    }

    /// Reads the body of a request to this endpoint. About `limit` bytes of it are kept.
    #[must_use]
    pub fn request(&self, body: &Json<'_>, limit: usize) -> Request {
        let mut request = Request::read(body, Some(self.protocol), limit).unwrap_or_default();
        request.provider.clone_from(&self.provider);
        if request.model.is_none() {
            request.model.clone_from(&self.model);
        }
        request
    }

    /// Returns a reader for the response.
    #[must_use]
    pub fn reader(&self) -> ResponseReader {
        ResponseReader::new().protocol(self.protocol).provider(self.provider.clone())
    }
}

/// Returns whether the path of a call is used only for such calls, or `None` if the host decides.
fn is_call_path(path: &str) -> Option<bool> {
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    if path.ends_with("/chat/completions") {
        return Some(true);
    }
    // Vertex AI and other servers serve all kinds of models there.
    if path.ends_with(":predict") {
        return Some(false);
    }
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase());
    // Bedrock's names follow the name of a model, and Gemini's follow a colon.
    let is_plain = path.rsplit('/').next().is_some_and(is_plain) && !path.contains("/model/");
    (!is_plain || path.contains("/agentAliases/")).then_some(true)
}

/// Returns the model that a path names: for Gemini and Vertex AI, for Bedrock, and the deployment for Azure.
fn model_of_path(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next()?;
    let after = |mark: &str| path.split_once(mark).map(|(_, rest)| rest);
    let segment = |rest: &str| rest.split('/').next().map(decode);
    if let Some(rest) = after("/models/").or_else(|| after("/tunedModels/"))
        && let Some((model, _)) = rest.rsplit_once(':')
    {
        return Some(decode(model));
    }
    after("/model/").or_else(|| after("/deployments/")).and_then(segment)
}

/// Decodes the percent-encoding of a path segment.
fn decode(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded =
            digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
