//! Errors of providers.

use crate::json::Json;
use crate::text;

/// An error in a provider's response, or in the middle of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The provider's type of the error, such as `rate_limit_error`. Empty if there is none.
    pub kind: String,
    /// The code of the error, such as `context_length_exceeded`. Empty if there is none.
    pub code: String,
    /// The provider's message.
    pub message: String,
    /// The HTTP status, or the number in the error that looks like a status.
    pub status: Option<u16>,
}

/// The longest message, in bytes.
const MAX_MESSAGE_BYTES: usize = 4096;

/// The fields in which providers and gateways put the message.
const MESSAGES: [&str; 12] = [
    "message",
    "Message",
    "detail",
    "msg",
    "error_msg",
    "error_message",
    "errorMessage",
    "ErrorMessage",
    "error_description",
    "status_msg",
    "faultstring",
    "error",
];
/// The fields of the type. Google's errors call it `status`.
const KINDS: [&str; 6] = ["type", "status", "__type", "error_type", "errorType", "title"];
/// The fields of the code.
const CODES: [&str; 7] = ["code", "Code", "error_code", "errorCode", "ErrorCode", "errorcode", "status_code"];
/// The fields of the HTTP status, if the code is not one.
const STATUSES: [&str; 6] =
    ["status", "status_code", "statusCode", "originalStatusCode", "OriginalStatusCode", "http_status_code"];

/// The fields around an error, one of which is an object, or a list of objects or texts.
const AROUND: [&str; 6] = ["error", "Error", "errors", "detail", "fault", "base_resp"];

/// The fields of an error that has no field around it. Output of a model has other fields.
const ALONE: [&str; 33] = [
    "message",
    "Message",
    "msg",
    "detail",
    "details",
    "error_msg",
    "error_message",
    "errorMessage",
    "type",
    "__type",
    "title",
    "instance",
    "code",
    "Code",
    "error_code",
    "errorCode",
    "errorType",
    "status",
    "status_code",
    "statusCode",
    "success",
    "param",
    "object",
    "data",
    "path",
    "timestamp",
    "trace",
    "traceId",
    "request_id",
    "requestId",
    "requestid",
    "RequestId",
    "sid",
];

impl ApiError {
    /// Finds the error in a body or an event, in any form of providers and gateways. `name` is the name of the event.
    pub(crate) fn find(name: &str, json: &Json<'_>) -> Option<Self> {
        let fields = json.fields();
        // An exception in an event stream of AWS that was split by a client.
        if let [(name, inner)] = fields
            && name.ends_with("Exception")
            && inner.is_object()
        {
            return Some(Self::read(inner).with_kind(name));
        }
        let (mut around, mut says, mut is_marked) = (None, false, false);
        for (name, value) in fields {
            match (name.as_ref(), value) {
                ("object" | "type", Json::Text(text)) => is_marked |= text == "error",
                ("error", Json::Text(error)) if !error.is_empty() => return Some(Self::named(error, json)),
                (name, _) if AROUND.contains(&name) => around = around.or_else(|| Self::inside(value)),
                _ => {}
            }
            says |= MESSAGES.contains(&name.as_ref()) && is_message(value);
        }
        if let Some(inner) = around {
            return Some(inner.with_fields_of(json).without_generic_kind());
        }
        let is_error = is_marked
            || says
                && (name == "error"
                    || *json.get("success") == Json::Bool(false)
                    || has_code(json)
                    || is_alone(json));
        is_error.then(|| Self::read(json).without_generic_kind())
    }

    /// Reads an error that is a text: a message, or the name of a message next to it.
    fn named(error: &str, around: &Json<'_>) -> Self {
        let read = Self::read(around);
        let is_name = read.message != error && read.kind.is_empty();
        Self { kind: if is_name { error.to_owned() } else { read.kind }, ..read }.without_generic_kind()
    }

    /// Reads the error in a field around it.
    fn inside(value: &Json<'_>) -> Option<Self> {
        let error = match value {
            Json::Object(fields) if !fields.is_empty() => Self::read(value),
            Json::Array(items) => {
                let texts: Vec<_> = items.iter().filter_map(Json::as_str).collect();
                match items.first()? {
                    first @ Json::Object(_) => Self::read(first),
                    _ => Self::of_text(&texts.join("\n")),
                }
            }
            _ => return None,
        };
        // MiniMax sends a code of zero in every response.
        let is_nothing = value.label("status_code") == "0" || !value.is_object() && error.message.is_empty();
        (!is_nothing).then_some(error)
    }

    /// Fills in missing data from the fields around the error.
    fn with_fields_of(self, around: &Json<'_>) -> Self {
        let outer = Self::read(around);
        let (kind, code) = if self.kind.is_empty() && self.code.is_empty() {
            (outer.kind, outer.code)
        } else {
            (self.kind, self.code)
        };
        Self { kind, code, message: self.message, status: self.status.or(outer.status) }
    }

    /// Removes a type that is only a general word for an error.
    fn without_generic_kind(mut self) -> Self {
        if matches!(self.kind.as_str(), "error" | "ERROR") {
            self.kind.clear();
        }
        self
    }

    /// Reads an error in one of the forms that providers share: an object, or a text.
    pub(crate) fn read(error: &Json<'_>) -> Self {
        if let Some(message) = error.as_str() {
            return Self::of_text(message);
        }
        let first = |keys: &[&str]| keys.iter().map(|key| error.str(key)).find(|text| !text.is_empty());
        let message = match first(&MESSAGES) {
            Some(message) => message.to_owned(),
            // Some have a list of messages, or an error inside the error.
            None => MESSAGES
                .iter()
                .find_map(|key| Self::inside(error.get(key)))
                .map_or_else(|| error.str("title").to_owned(), |inner| inner.message),
        };
        // If the type is the address of a page, the title is a word.
        let is_word = |text: &&str| {
            !text.is_empty() && !["http", "urn:", "about:"].iter().any(|start| text.starts_with(start))
        };
        let kind = KINDS.iter().map(|key| error.str(key)).find(is_word).unwrap_or_default();
        let kind = if kind == message { "" } else { kind };
        let code = CODES.iter().map(|key| error.label(key)).find(|code| !code.is_empty()).unwrap_or_default();
        let statuses = STATUSES.iter().map(|key| error.count(key)).chain([code.parse().ok()]).flatten();
        Self {
            kind: kind.rsplit('#').next().unwrap_or_default().to_owned(),
            message: llmobs_capture::text::cut(message, MAX_MESSAGE_BYTES),
            status: statuses
                .filter_map(|code| u16::try_from(code).ok())
                .find(|code| (400..600).contains(code)),
            code: code.into_owned(),
        }
    }

    /// Creates an error of which only the text is known.
    pub(crate) fn of_text(message: &str) -> Self {
        Self { message: llmobs_capture::text::cut(message, MAX_MESSAGE_BYTES), ..Self::default() }
    }

    /// Removes the message. Type and code are kept only if they are words.
    pub(crate) fn without_message(self) -> Self {
        let word = |text: String| Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        let (kind, code) = (word(self.kind), word(self.code));
        Self {
            kind: kind.unwrap_or_default(),
            code: code.unwrap_or_default(),
            message: String::new(),
            status: self.status,
        }
    }

    pub(crate) fn with_kind(mut self, kind: &str) -> Self {
        if self.kind.is_empty() {
            kind.clone_into(&mut self.kind);
        }
        self
    }
}

/// Codes that mean success.
const FINE: [&str; 9] = ["", "0", "200", "ok", "OK", "NONE", "success", "Success", "SUCCESS"];

/// Returns whether a value is a text that is not empty, or a list of texts.
fn is_message(value: &Json<'_>) -> bool {
    let is_text = |value: &Json<'_>| value.as_str().is_some_and(|text| !text.is_empty());
    is_text(value) || value.items().first().is_some_and(is_text)
}

/// Returns whether a field is present that only errors have. The code zero means success.
fn has_code(json: &Json<'_>) -> bool {
    let codes = ["error_code", "errorCode", "ErrorCode"].map(|name| json.label(name));
    codes.iter().any(|code| !FINE.contains(&code.as_ref()))
}

/// Returns whether there are only fields that describe a failure. A type alone may belong to any other value unless it names an error.
fn is_alone(json: &Json<'_>) -> bool {
    let is_known = |name: &str| ALONE.contains(&name);
    let kind = json.str("type");
    let is_typed = kind.is_empty()
        || ["rror", "xception"].iter().any(|end| kind.contains(end))
        || CODES.iter().chain(&STATUSES).chain(&["param"]).any(|name| json.has(name));
    let is_fine = ["code", "status_code", "status"]
        .iter()
        .any(|name| json.field(name).is_some() && FINE.contains(&json.label(name).as_ref()))
        || *json.get("success") == Json::Bool(true);
    is_typed && !is_fine && json.get("data").is_null() && json.fields().iter().all(|(name, _)| is_known(name))
}

crate::serialize_struct! {
    ApiError |error| {
        "message": &error.message;
        "type": text(&error.kind),
        "code": text(&error.code),
        "status": error.status.as_ref(),
    }
}
