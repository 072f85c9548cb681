//! Reads the event of a span.

use std::borrow::Cow;

use serde_json::Value;

use super::content::Content;
use super::envelope::Shared;
use super::error::ErrorFields;
use super::field::{self, Object};
use super::{attributes, preview, search_text};
use crate::id::canonical;
use crate::span::{Span, Tokens};

const START: &str = "a whole number of nanoseconds since 1970, from 0 to 9223372036854775807";
const DURATION: &str = "a number of nanoseconds, from 0 to 9223372036854775807";

/// Reads one event.
pub(super) fn read(raw: &str, shared: &Shared) -> Result<Span, String> {
    let event = object(raw)?;
    let none = Object::new();
    let trace_id = canonical(&field::required_id(&event, raw, "trace_id")?);
    let span_id = canonical(&field::required_id(&event, raw, "span_id")?);
    let parent_id = field::id(&event, raw, "parent_id")?.map(|parent| canonical(&parent));
    let meta = field::object(&event, "meta", &none)?;
    let metrics = field::object(&event, "metrics", &none)?;
    let origin = Origin { event: &event, tags: tags(&event)?, shared };
    let kind = kind(meta).unwrap_or("unknown");
    let start_ns = number(&event, "start_ns", START, field::whole)?;
    // The HTTP API allows fractions of nanoseconds here.
    let duration_ns = number(&event, "duration", DURATION, field::count)?;
    if start_ns.checked_add(duration_ns).is_none() {
        return Err(format!("`duration` is {duration_ns}: expected an end before the year 2262"));
    }
    let error = ErrorFields::read(meta);
    let metadata = meta.get("metadata").and_then(Value::as_object).unwrap_or(&none);
    // In the HTTP API, the metadata contains the names of models.
    let of_model = |name| field::text(meta, name).or_else(|| field::text(metadata, name)).map(str::to_owned);
    let join_key = origin.of("feedback_join_key").map(|key| format!("feedback_join_key:{key}"));
    let input = Content::read(meta.get("input"));
    let output = Content::read(meta.get("output"));
    let texts = search_text::of(&input, &output, &error);
    Ok(Span {
        // A tree could not show a span that is its own parent.
        parent_id: parent_id
            .filter(|parent| !matches!(parent.as_str(), "undefined" | "0") && *parent != span_id),
        trace_id,
        span_id,
        name: name(&event, kind)?,
        kind: kind.to_owned(),
        failed: failed(&event, &error),
        start_ns,
        duration_ns,
        ml_app: origin.of("ml_app"),
        service: origin.of("service"),
        env: origin.of("env"),
        session_id: origin.of("session_id"),
        model_name: of_model("model_name"),
        model_provider: of_model("model_provider"),
        error_type: error.error_type.map(str::to_owned),
        tokens: tokens(metrics),
        time_to_first_token: metrics
            .get("time_to_first_token")
            .and_then(Value::as_f64)
            .filter(|time| *time >= 0.0),
        input_preview: preview::of_input(&input, raw),
        output_preview: preview::of_output(&output, raw),
        attributes: attributes::of(
            &event,
            meta,
            metrics,
            error.message,
            origin.tags().chain(join_key.as_deref()),
        ),
        long_texts: texts.long,
        short_texts: texts.short,
        event: raw.to_owned(),
    })
}

/// Parses the fields of an event.
pub(super) fn object(raw: &str) -> Result<Object, String> {
    match serde_json::from_str(raw) {
        Ok(Value::Object(event)) => Ok(event),
        Ok(_) => Err(format!("it is {}: expected an object", field::kind_of_text(raw))),
        Err(error) => Err(format!("it cannot be read: {error} of the event")),
    }
}

/// Finds the application, process and session of a span.
struct Origin<'a> {
    event: &'a Object,
    tags: Vec<&'a str>,
    shared: &'a Shared,
}

impl Origin<'_> {
    /// Returns the value that is nearest to the span: from a field of the span, a tag of the span, or a field or tag of the request.
    fn of(&self, name: &str) -> Option<String> {
        let own = self.event.get(name).and_then(field::scalar).filter(|text| !text.is_empty());
        own.map(Cow::into_owned)
            .or_else(|| field::tagged(self.tags.iter().copied(), name).map(str::to_owned))
            .or_else(|| self.shared.fields.get(name).cloned())
            .or_else(|| field::tagged(self.shared_tags(), name).map(str::to_owned))
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().copied().chain(self.shared_tags())
    }

    fn shared_tags(&self) -> impl Iterator<Item = &str> {
        self.shared.tags.iter().map(String::as_str)
    }
}

/// Returns the kind. The SDK for Python, the SDKs for Go and JavaScript, and the HTTP API have it in different fields.
fn kind(meta: &Object) -> Option<&str> {
    let nested = meta.get("span").and_then(Value::as_object);
    nested
        .and_then(|span| field::text(span, "kind"))
        .or_else(|| field::text(meta, "span.kind"))
        .or_else(|| field::text(meta, "kind"))
}

fn name(event: &Object, kind: &str) -> Result<String, String> {
    match event.get("name") {
        None | Some(Value::Null) => Ok(kind.to_owned()),
        Some(Value::String(name)) if name.is_empty() => Ok(kind.to_owned()),
        Some(Value::String(name)) => Ok(name.clone()),
        Some(other) => Err(field::wrong("name", other, "a text")),
    }
}

/// Whether the status is an error. If there is no status, whether there is an error.
fn failed(event: &Object, error: &ErrorFields<'_>) -> bool {
    match field::text(event, "status") {
        Some(status) => status.eq_ignore_ascii_case("error"),
        None => error.error_type.is_some() || error.message.is_some(),
    }
}

fn number(
    event: &Object,
    name: &str,
    expected: &str,
    read: fn(&Value) -> Option<i64>,
) -> Result<i64, String> {
    match event.get(name) {
        None => Err(format!("`{name}` is missing: expected {expected}")),
        // `lenient` replaces all of these with null.
        Some(Value::Null) => Err(format!("`{name}` is `null`, `NaN` or infinite: expected {expected}")),
        Some(value) => read(value).ok_or_else(|| field::wrong(name, value, expected)),
    }
}

fn tags(event: &Object) -> Result<Vec<&str>, String> {
    match event.get("tags") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(tags)) => Ok(tags.iter().filter_map(Value::as_str).collect()),
        Some(other) => Err(field::wrong("tags", other, "a list of texts `key:value`")),
    }
}

/// Reads the tokens of the event, for any kind of span. `store::totals` decides which spans count.
fn tokens(metrics: &Object) -> Tokens {
    // Early SDKs use the older names.
    let of = |name, older| metrics.get(name).or_else(|| metrics.get(older)).and_then(field::count);
    let input = of("input_tokens", "prompt_tokens");
    let output = of("output_tokens", "completion_tokens");
    let sum = || match (input, output) {
        (Some(input), Some(output)) => Some(input.saturating_add(output)),
        (one, other) => one.or(other),
    };
    Tokens {
        input,
        output,
        total: metrics.get("total_tokens").and_then(field::count).or_else(sum),
        cached: of("cache_read_input_tokens", "cached_input_tokens"),
    }
}
