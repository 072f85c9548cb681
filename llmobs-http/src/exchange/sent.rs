//! The part of a request's body that was sent.

use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, Request, RequestText};

/// The part of a body that is kept.
pub(crate) struct Sent {
    endpoint: Endpoint,
    limit: usize,
    text: RequestText,
    has_begun: bool,
    /// A body that was too large for a text, and whether it belongs to a call.
    read: Option<(Request, bool)>,
}

/// A request to a model.
pub(super) enum SentRequest {
    /// As it was sent.
    Text(Option<String>),
    Read(Box<Request>),
}

impl Sent {
    /// Keeps about `limit` bytes of the body of a request to this endpoint.
    pub(super) fn new(endpoint: Endpoint, limit: usize) -> Self {
        Self { endpoint, limit, text: RequestText::new(limit), has_begun: false, read: None }
    }

    /// Adds the next bytes. `is_last` is whether the body ends with them.
    pub(crate) fn push(&mut self, bytes: &[u8], is_last: bool) {
        let is_whole = is_last && !std::mem::replace(&mut self.has_begun, true);
        // The text of a large body would lose its last messages. If all of it is available, it is read at once, backwards from its end.
        if is_whole
            && bytes.len() > self.limit
            && let Some(json) = std::str::from_utf8(bytes).ok().and_then(Json::read)
        {
            let is_call = self.endpoint.is_certain() || self.endpoint.takes(&json);
            self.read = Some((self.endpoint.request(&json, self.limit), is_call));
        } else {
            self.text.push(bytes);
        }
    }

    /// Takes the request. Returns `None` if it is not a model call.
    pub(super) fn take(&mut self) -> Option<SentRequest> {
        if let Some((request, is_call)) = self.read.take() {
            return is_call.then(|| SentRequest::Read(Box::new(request)));
        }
        let text = std::mem::take(&mut self.text).finish();
        is_call(&self.endpoint, text.as_deref()).then_some(SentRequest::Text(text))
    }
}

/// Returns whether a request with this body is a model call.
pub(super) fn is_call(endpoint: &Endpoint, body: Option<&str>) -> bool {
    endpoint.is_certain() || body.and_then(Json::read).is_some_and(|body| endpoint.takes(&body))
}
