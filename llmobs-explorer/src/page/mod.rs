//! The web pages: templates that convert values of the store to HTML and escape all text. They do not read the store or the clock, except
//! for the time zone.

pub(crate) mod address;
pub(crate) mod conversation;
pub(crate) mod evaluations;
pub(crate) mod format;
mod json;
pub(crate) mod layout;
pub(crate) mod list;
mod markdown;
mod overview;
pub(crate) mod panel;
pub(crate) mod sessions;
pub(crate) mod setup;
mod sql;
pub(crate) mod trace;

/// Escapes a text for a segment of a path or a value in a query string.
pub(crate) fn path_segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Returns the URL of a span in its trace.
pub(crate) fn span_url(trace_id: &str, span_id: &str) -> String {
    format!("/traces/{}?span={}", path_segment(trace_id), path_segment(span_id))
}
