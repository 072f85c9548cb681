//! Errors of providers.

use crate::json::Json;
use crate::text;

/// An error that a provider answered, or sent in the middle of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The provider's word for it, such as `rate_limit_error`. Empty if there is none.
    pub kind: String,
    /// Its code, such as `context_length_exceeded`. Empty if there is none.
    pub code: String,
    /// What the provider says about it.
    pub message: String,
    /// The HTTP status, or the number in the error that looks like one.
    pub status: Option<u16>,
}

/// The most bytes of a message.
const MAX_MESSAGE_BYTES: usize = 4096;

impl ApiError {
    /// An error of the forms that providers share: an object, or a text alone.
    pub(crate) fn read(error: &Json<'_>) -> Self {
        let message = match error.as_str() {
            Some(message) => message,
            None => ["message", "error", "Message", "detail", "msg"]
                .into_iter()
                .map(|key| error.str(key))
                .find(|text| !text.is_empty())
                .unwrap_or_default(),
        };
        // Google's errors name their type `status`.
        let kind =
            ["type", "status", "__type"].into_iter().map(|key| error.str(key)).find(|text| !text.is_empty());
        let code = error.label("code").into_owned();
        let counts = ["code", "status_code", "originalStatusCode"].map(|key| error.count(key));
        let status = counts.into_iter().chain([code.parse().ok()]).flatten();
        Self {
            kind: kind.unwrap_or_default().rsplit('#').next().unwrap_or_default().to_owned(),
            message: llmobs_capture::text::cut(message, MAX_MESSAGE_BYTES),
            status: status.filter_map(|code| u16::try_from(code).ok()).find(|code| (400..600).contains(code)),
            code,
        }
    }

    /// An error of which nothing is known but its text.
    pub(crate) fn of_text(message: &str) -> Self {
        Self { message: llmobs_capture::text::cut(message, MAX_MESSAGE_BYTES), ..Self::default() }
    }

    pub(crate) fn with_kind(mut self, kind: &str) -> Self {
        if self.kind.is_empty() {
            kind.clone_into(&mut self.kind);
        }
        self
    }
}

crate::serialize_struct! {
    ApiError |error| {
        "message": &error.message;
        "type": text(&error.kind),
        "code": text(&error.code),
        "status": error.status.as_ref(),
    }
}
