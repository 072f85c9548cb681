//! Reads whole requests and responses.

mod own;
mod value;

use crate::json::Json;
use crate::protocol::Protocol;
use crate::request::{Request, RequestDraft};
use crate::response::Response;
use crate::stream::Decoder;

impl Request {
    /// Reads the body of a request. Returns `None` if its form is unknown.
    #[must_use]
    pub fn read(json: &Json<'_>, protocol: Option<Protocol>, limit: usize) -> Option<Self> {
        let protocol = protocol.or_else(|| Protocol::of_request(json))?;
        let mut draft = RequestDraft::new(limit);
        protocol.read_request(json, &mut draft);
        Some(draft.finish(protocol))
    }
}

impl Response {
    /// Reads a whole response, including a serialized `Response`. Returns `None` if its form is unknown.
    #[must_use]
    pub fn read(json: &Json<'_>, protocol: Option<Protocol>, limit: usize) -> Option<Self> {
        if let Some(own) = own::read(json) {
            return Some(own);
        }
        // An object with a message may be any value, and one with an error is an error.
        let is_error = !json.get("error").str("message").is_empty()
            && json.fields().iter().all(|(name, _)| AROUND_ERRORS.contains(&name.as_ref()));
        let protocol = protocol.or_else(|| Protocol::of_answer("", json));
        if protocol.is_none() && !is_error {
            return None;
        }
        let mut decoder = Decoder::new(limit);
        decoder.protocol = protocol;
        decoder.event("", json).then(|| decoder.finish())
    }
}

/// The fields of a response that is only an error.
const AROUND_ERRORS: [&str; 9] =
    ["error", "type", "status", "code", "message", "request_id", "success", "object", "param"];
