//! The rules that hold for any bytes. `fuzz_smoke` and the fuzz targets use them.

#![allow(dead_code, reason = "each program uses a part")]

use llmobs_providers::json::Json;
use llmobs_providers::{Attributes, McpResult, Protocol, Request, Response, ResponseReader, ToolCall};
use serde_json::Value;

pub(crate) const OPENAI: &[Protocol] = &[
    Protocol::OpenAiChat,
    Protocol::OpenAiCompletions,
    Protocol::OpenAiEmbeddings,
    Protocol::OpenAiResponses,
];
pub(crate) const ANTHROPIC: &[Protocol] = &[Protocol::AnthropicMessages];
pub(crate) const GEMINI: &[Protocol] =
    &[Protocol::GeminiGenerate, Protocol::GeminiEmbed, Protocol::GeminiInteractions];
pub(crate) const OLLAMA: &[Protocol] =
    &[Protocol::OllamaChat, Protocol::OllamaGenerate, Protocol::OllamaEmbed];
pub(crate) const BEDROCK: &[Protocol] =
    &[Protocol::BedrockConverse, Protocol::BedrockInvoke, Protocol::BedrockAgent];
pub(crate) const COHERE: &[Protocol] =
    &[Protocol::CohereChat, Protocol::CohereChatV1, Protocol::CohereEmbed, Protocol::CohereRerank];
pub(crate) const LIBRARIES: &[Protocol] =
    &[Protocol::Genai, Protocol::Rig, Protocol::Adk, Protocol::Swiftide];

/// The number of bytes before the body that select how it is read.
pub(crate) const HEADER: usize = 5;
/// The maximum size of the kept data other than texts in bytes: names, ids, notes.
const BESIDE: usize = 4 * 1024 * 1024;

/// A body, and how it is read.
struct Input<'a> {
    protocol: Option<Protocol>,
    limit: usize,
    /// The index at which the body is split.
    cut: usize,
    body: &'a [u8],
}

impl<'a> Input<'a> {
    fn of(protocols: &[Protocol], data: &'a [u8]) -> Option<Self> {
        let (header, body) = data.split_first_chunk::<HEADER>()?;
        let [protocol, limit @ .., cut_high, cut_low] = *header;
        let limit = usize::from(u16::from_be_bytes(limit));
        Some(Self {
            // One value more: the reader detects the protocol.
            protocol: protocols.get(usize::from(protocol) % (protocols.len() + 1)).copied(),
            // Half of the limits are large enough for any body.
            limit: if limit % 2 == 0 { limit } else { 1024 * 1024 },
            cut: usize::from(u16::from_be_bytes([cut_high, cut_low])) % (body.len() + 1),
            body,
        })
    }

    fn assert_bounded(&self, kept: &impl serde::Serialize) {
        // A byte may take six bytes in JSON text.
        let bytes = serde_json::to_string(kept).map_or(0, |text| text.len());
        assert!(bytes <= 16 * self.limit + BESIDE, "{bytes} bytes of {}", self.limit);
    }
}

/// Reads an answer in one piece and in several.
pub(crate) fn answer(protocols: &[Protocol], data: &[u8]) {
    let Some(input) = Input::of(protocols, data) else { return };
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| -> Response {
        let mut reader = ResponseReader::new().protocol(input.protocol).limit(input.limit);
        for piece in pieces {
            reader.push(piece);
        }
        reader.finish()
    };
    let whole = read(&mut std::iter::once(input.body));
    let (before, after) = input.body.split_at(input.cut);
    assert_eq!(read(&mut [before, after].into_iter()), whole, "cut at {}", input.cut);
    assert_eq!(read(&mut input.body.chunks(1 + input.cut % 7)), whole, "in small pieces");
    input.assert_bounded(&whole);
}

/// Reads a text as everything that is not a stream.
pub(crate) fn request(data: &[u8]) {
    let Some(input) = Input::of(Protocol::ALL, data) else { return };
    let Some(json) = std::str::from_utf8(input.body).ok().and_then(Json::read) else { return };
    input.assert_bounded(&Request::read(&json, input.protocol, input.limit));
    input.assert_bounded(&Response::read(&json, input.protocol, input.limit));
    input.assert_bounded(&McpResult::read(&json, input.limit).map(|read| read.result));
    let _ = ToolCall::read_mcp(&json);
    if let Some(read) = Attributes::read(&json, input.limit) {
        input.assert_bounded(&(read.request, read.response, read.input, read.output, read.metadata));
    }
}

/// Reads a text as JSON, with the same result as `serde_json`.
pub(crate) fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = Json::read(text);
    match serde_json::from_str::<Value>(text) {
        Ok(expected) => {
            let read = read.unwrap_or_else(|| panic!("{text} is JSON"));
            assert!(is_same(&read.to_value(), &expected), "{:?} is not {expected:?}", read.to_value());
            assert_eq!(Json::read(&read.to_text()).as_ref(), Some(&read), "{text}");
        }
        // `serde_json` rejects halves of surrogate pairs, numbers that are not finite, and deep nesting.
        Err(error) => {
            let may_be_read = ["\\u", "NaN", "Infinity"].iter().any(|own| text.contains(own))
                || ["number out of range", "recursion limit exceeded"]
                    .iter()
                    .any(|own| error.to_string().starts_with(own));
            assert!(read.is_none() || may_be_read, "{text}: {error}");
        }
    }
}

/// Whether two values are equal, except for numbers that became texts and the last digit of floats.
fn is_same(read: &Value, expected: &Value) -> bool {
    match (read, expected) {
        (Value::Array(read), Value::Array(expected)) => {
            read.len() == expected.len()
                && read.iter().zip(expected).all(|(read, expected)| is_same(read, expected))
        }
        (Value::Object(read), Value::Object(expected)) => {
            read.len() == expected.len()
                && read
                    .iter()
                    .all(|(name, read)| expected.get(name).is_some_and(|expected| is_same(read, expected)))
        }
        (_, Value::Number(expected)) => {
            let number = match read {
                Value::Number(read) => read.as_f64(),
                Value::String(digits) => digits.parse().ok(),
                _ => None,
            };
            let both = number.zip(expected.as_f64());
            both.is_some_and(|(read, expected)| (read - expected).abs() <= expected.abs() * 1e-14)
        }
        _ => read == expected,
    }
}
