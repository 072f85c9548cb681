//! Reads responses from bytes as they arrive.

mod template;

use std::borrow::Cow;
use std::fmt;

use llmobs_capture::DEFAULT_LIMIT;
use llmobs_capture::text::CUT;

use crate::failure::ApiError;
use crate::framing::{Framing, RawEvent};
use crate::json::Json;
use crate::protocol::Protocol;
use crate::response::{Event, Response, ResponseDraft};
use crate::room::EventContent;
use crate::turn::At;
use template::Template;

/// Reads a response as it arrives, whole or streamed: server-sent events, lines of JSON, JSON, or the event stream of AWS.
///
/// The bytes can arrive in pieces of any size. The reader keeps only about as many bytes as its budget allows, however long the response
/// is. It never fails: data that it does not understand is ignored.
///
/// ```
/// # mod llmobs { pub use llmobs_providers as providers; }
/// use llmobs::providers::ResponseReader;
///
/// let mut reader = ResponseReader::new();
/// assert!(!reader.push(b"data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assist").has_content);
/// assert!(reader.push(b"ant\",\"content\":\"Hi\"}}]}\n\n").has_content);
/// assert!(reader.push(b"data: [DONE]\n\n").is_end);
/// assert_eq!(reader.finish().messages[0].content, "Hi");
/// ```
pub struct ResponseReader {
    framing: Framing,
    decoder: Decoder,
    limit: usize,
    /// The first bytes, for an error that is not JSON.
    beginning: Vec<u8>,
    status: Option<u16>,
    provider: Option<String>,
}

/// What one piece of a response contained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Whether it contained content of the model. The first such piece contains the first token.
    pub has_content: bool,
    /// Whether it contained the end, after which clients stop reading. Not all protocols mark the end.
    pub is_end: bool,
    /// Whether it contained an error.
    pub has_error: bool,
}

/// The most bytes that are kept of a response that is not JSON.
const MAX_BEGINNING: usize = 4096;

impl Default for ResponseReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ResponseReader {
    /// Creates a reader that recognizes the protocol by the form of the response, and keeps about 1 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            framing: Framing::Unknown,
            decoder: Decoder::new(DEFAULT_LIMIT),
            limit: DEFAULT_LIMIT,
            beginning: Vec::new(),
            status: None,
            provider: None,
        }
    }

    /// Sets the protocol, if it is known. With `None`, the reader recognizes it by the form of the response.
    #[must_use]
    pub fn protocol(mut self, protocol: impl Into<Option<Protocol>>) -> Self {
        self.decoder.protocol = protocol.into().or(self.decoder.protocol);
        self
    }

    /// Sets the provider of the model, if it is known.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<Option<String>>) -> Self {
        self.provider = provider.into();
        self
    }

    /// Sets the approximate number of bytes to keep.
    #[must_use]
    pub fn limit(mut self, bytes: impl Into<Option<usize>>) -> Self {
        if let Some(limit) = bytes.into() {
            self.limit = limit;
            self.decoder.draft = ResponseDraft::new(limit);
        }
        self
    }

    /// Sets the HTTP status. If it is 400 or above, the response is an error, regardless of its form.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Reads the next bytes, and returns what they contained.
    pub fn push(&mut self, bytes: &[u8]) -> Progress {
        if self.is_failure() {
            let room = MAX_BEGINNING.saturating_sub(self.beginning.len());
            self.beginning.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
        let Self { framing, decoder, limit, .. } = self;
        decoder.during(|decoder| framing.push(bytes, *limit, &mut |event| decoder.raw(&event)))
    }

    /// Reads the JSON text of the next event, for clients that have already split the stream. A JSON string is a piece of the text of a
    /// response. Returns `None`, and changes nothing, if the form of the event is unknown.
    ///
    /// ```
    /// # mod llmobs { pub use llmobs_providers as providers; }
    /// use llmobs::providers::ResponseReader;
    ///
    /// let mut reader = ResponseReader::new();
    /// let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#;
    /// assert!(reader.push_event(delta).is_some_and(|progress| progress.has_content));
    /// assert_eq!(reader.push_event(r#"{"temperature":21}"#), None);
    /// assert_eq!(reader.finish().messages[0].content, "Hi");
    /// ```
    pub fn push_event(&mut self, json: &str) -> Option<Progress> {
        let json = Json::read(json)?;
        let mut is_known = false;
        let progress = self.decoder.during(|decoder| is_known = decoder.item(&json));
        is_known.then_some(progress)
    }

    /// Returns whether the response is only text, because its events were pieces of text.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        self.decoder.is_text
    }

    /// Returns the response, or as much of it as has arrived.
    #[must_use]
    pub fn finish(mut self) -> Response {
        let Self { framing, decoder, .. } = &mut self;
        decoder.during(|decoder| framing.finish(&mut |event| decoder.raw(&event)));
        let is_failure = self.is_failure();
        let mut response = self.decoder.finish();
        response.provider = self.provider.or(response.provider);
        if is_failure {
            let text = String::from_utf8_lossy(&self.beginning);
            let error = response.error.get_or_insert_with(|| ApiError::of_text(&text));
            error.status = self.status;
        }
        response
    }

    fn is_failure(&self) -> bool {
        self.status.is_some_and(|status| status >= 400)
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for ResponseReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseReader").field("protocol", &self.decoder.protocol).finish_non_exhaustive()
    }
}

/// Reads a response from its events, after the stream has been split into them.
#[derive(Debug)]
pub(crate) struct Decoder {
    pub(crate) protocol: Option<Protocol>,
    /// Whether the events are pieces of a text.
    is_text: bool,
    /// Whether all pieces of the text so far may be events without content.
    is_empty: bool,
    draft: ResponseDraft,
    template: Template,
}

impl Decoder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            protocol: None,
            is_text: false,
            is_empty: true,
            draft: ResponseDraft::new(limit),
            template: Template::default(),
        }
    }

    /// Reads with `f`, and returns what the data contained.
    fn during(&mut self, f: impl FnOnce(&mut Self)) -> Progress {
        let had_error = self.draft.has_error();
        self.draft.room.has_content = false;
        let had_ended = self.draft.has_ended;
        f(self);
        Progress {
            has_content: self.draft.room.has_content,
            is_end: self.draft.has_ended && !had_ended,
            has_error: self.draft.has_error() && !had_error,
        }
    }

    fn raw(&mut self, event: &RawEvent<'_>) {
        if let Some((choice, at, piece)) = self.template.piece(event.name, event.data) {
            if let Some(mut turn) = self.draft.turn(choice, "") {
                turn.text(at, piece);
            }
            return;
        }
        self.draft.room.event_content = EventContent::Nothing;
        self.parse(event);
        self.template.learn(event.name, event.data, self.draft.room.event_content);
    }

    /// Parses an event that does not match the template.
    fn parse(&mut self, event: &RawEvent<'_>) {
        let text = match std::str::from_utf8(event.data) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(event.data),
        };
        if event.is_exception {
            let json = Json::read(&text);
            let error = json.as_ref().map_or_else(|| ApiError::of_text(&text), ApiError::read);
            self.draft.error(error.with_kind(event.name));
            return;
        }
        if text.trim() == "[DONE]" {
            self.draft.has_ended = true;
            return;
        }
        let broken_off = || event.is_last.then(|| Json::read_beginning(&text)).flatten();
        match Json::read(&text).or_else(broken_off) {
            // A note that replaces an event.
            Some(Json::Text(note)) if note.starts_with(CUT) => {
                if let Some(mut turn) = self.draft.turn(0, "") {
                    turn.note(At::End, &note);
                }
            }
            Some(json) => {
                self.event(event.name, &json);
            }
            None => {}
        }
    }

    /// Reads an event, or a piece of a text. All events of a response are of one kind.
    fn item(&mut self, json: &Json<'_>) -> bool {
        match json {
            Json::Text(piece) if self.protocol.is_none() => {
                self.is_empty &= is_empty_event(piece, !self.is_text);
                self.is_text = true;
                if let Some(mut turn) = self.draft.turn(0, "") {
                    turn.text(At::End, piece);
                    turn.room.has_content &= !self.is_empty;
                }
                true
            }
            Json::Text(name) if self.protocol == Some(Protocol::Genai) => is_empty_event(name, false),
            // The earlier pieces were events of genai, not text.
            _ if self.is_text && self.is_empty && Protocol::of_answer("", json) == Some(Protocol::Genai) => {
                self.is_text = false;
                if let Some(mut turn) = self.draft.turn(0, "") {
                    turn.forget(&(0..u64::MAX));
                }
                self.event("", json)
            }
            // If the protocol is known, events of unknown types are ignored. Values without these fields are not events of it.
            _ if self.protocol.is_some() && FRAME.iter().any(|name| json.has(name)) => self.event("", json),
            _ if Protocol::of_answer("", json).is_some() => !self.is_text && self.event("", json),
            _ => has_error(json) && self.draft.failure(&Event { name: "", json }),
        }
    }

    /// Reads an event. Returns whether its form is known.
    pub(crate) fn event(&mut self, name: &str, json: &Json<'_>) -> bool {
        let protocol = self.protocol.or_else(|| Protocol::of_answer(name, json));
        let event = Event { name, json };
        match protocol {
            Some(protocol) => {
                self.protocol = Some(protocol);
                protocol.read_event(&event, &mut self.draft);
            }
            None => return self.draft.failure(&event),
        }
        true
    }

    pub(crate) fn finish(self) -> Response {
        let mut response = self.draft.finish();
        response.protocol = self.protocol;
        response
    }
}

/// The names of fields that identify an item as an event of a known response, regardless of its other fields.
const FRAME: [&str; 12] = [
    "type",
    "event_type",
    "object",
    "id",
    "model",
    "modelVersion",
    "responseId",
    "usage",
    "usageMetadata",
    "done",
    "choices",
    "candidates",
];

/// Returns whether an item of a stream is an error.
pub(crate) fn has_error(json: &Json<'_>) -> bool {
    let error = json.get("error");
    let is_alone = matches!(json.fields(), [(name, _)] if name == "error" || name.ends_with("Exception"));
    is_alone || error.has("message") || json.str("type") == "error" && error.is_object()
}

/// Returns whether a text can be an event of genai: the start of a stream, or one that keeps the connection open.
fn is_empty_event(text: &str, is_first: bool) -> bool {
    text == if is_first { "Start" } else { "Heartbeat" }
}
