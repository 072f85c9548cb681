//! What the URL of a request says.

use crate::json::Json;
use crate::protocol::{Protocol, provider_of_host};
use crate::request::Request;
use crate::stream::ResponseReader;

/// What the URL of a request to a provider says: protocol, provider, and sometimes the model.
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
    /// The protocol that is spoken there.
    pub protocol: Protocol,
    /// Who runs the models there. `None` for a host of which nothing is known.
    pub provider: Option<String>,
    /// The model, where the path names it.
    pub model: Option<String>,
}

impl Endpoint {
    /// Reads a URL. `None` if its path is that of no call of a model.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (host, _) = rest.split_once('/')?;
        let path = rest.get(host.len()..)?;
        Self::of(host, path)
    }

    /// Reads a host, which may have a port, and a path. `None` if the path is that of no call of a model.
    #[must_use]
    pub fn of(host: &str, path: &str) -> Option<Self> {
        let protocol = Protocol::of_path(path)?;
        let own = match protocol.provider() {
            provider @ Some("amazon_bedrock" | "ollama") => provider,
            _ => None,
        };
        let provider = if own == Some("amazon_bedrock") { own } else { provider_of_host(host).or(own) };
        Some(Self { protocol, provider: provider.map(str::to_owned), model: model_of_path(path) })
    }

    /// Reads the body of a request that is sent there. About `limit` bytes of it are kept.
    #[must_use]
    pub fn request(&self, body: &Json<'_>, limit: usize) -> Request {
        let mut request = Request::read(body, Some(self.protocol), limit).unwrap_or_default();
        request.provider.clone_from(&self.provider);
        if request.model.is_none() {
            request.model.clone_from(&self.model);
        }
        request
    }

    /// A reader for the answer.
    #[must_use]
    pub fn reader(&self) -> ResponseReader {
        ResponseReader::new().protocol(self.protocol).provider(self.provider.clone())
    }
}

/// The model that a path names: of Gemini and Vertex AI, of Bedrock, and the deployment of Azure.
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

/// A path segment without percent-encoding.
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
