//! Datadog's API to read spans: `GET /api/v2/llm-obs/v1/spans/events`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{App, RouteError};
use crate::query::{self, Query};
use crate::store::now_ms;
use crate::traces::{ListRequest, Scope, Sort};

/// The most spans on a page.
const MAX_LIMIT: u32 = 5_000;
/// The most bytes of events on a page. A page with more is shorter than requested.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The filters, and the paths of their fields.
const FILTERS: [(&str, &str); 5] = [
    ("span_id", "span_id"),
    ("trace_id", "trace_id"),
    ("span_kind", "meta.span.kind"),
    ("span_name", "name"),
    ("ml_app", "ml_app"),
];

/// Returns a page of the spans that match the filters.
pub(super) async fn spans(State(app): State<App>, RawQuery(pairs): RawQuery) -> Result<Response, RouteError> {
    let now_ms = now_ms();
    let request = match read(&pairs.unwrap_or_default(), now_ms) {
        Ok(request) => request,
        Err(reason) => {
            return Ok((StatusCode::BAD_REQUEST, Json(json!({ "errors": [reason] }))).into_response());
        }
    };
    let (offset, limit) = (request.offset, u64::from(request.limit));
    let page = app.store.read(move |traces| {
        let listing = traces.list(&request)?;
        let (mut data, mut bytes) = (Vec::new(), 0);
        let found = listing.rows.len();
        for row in listing.rows {
            let Some(node) = traces.node(&row.trace_id, &row.span_id)? else { continue };
            let text = traces.event(node.row)?;
            bytes += text.len();
            if bytes > MAX_BYTES && !data.is_empty() {
                break;
            }
            data.push(resource(&row.span_id, &text));
        }
        Ok((data, found))
    });
    let (data, found) = page.await?;
    let read = u64::try_from(data.len()).unwrap_or(u64::MAX);
    let has_more = data.len() < found || read == limit;
    let after = has_more.then(|| (offset + read).to_string());
    let meta = json!({ "page": { "after": after }, "status": "done", "elapsed": now_ms.abs_diff(crate::store::now_ms()) });
    Ok(Json(json!({ "data": data, "meta": meta })).into_response())
}

/// Reads the filters.
fn read(pairs: &str, now_ms: i64) -> Result<ListRequest, String> {
    let mut terms = Vec::new();
    let (mut from_ns, mut to_ns) = (None, None);
    let (mut offset, mut limit, mut ascending) = (0, 10, false);
    for (name, value) in form_urlencoded::parse(pairs.as_bytes()) {
        let wrong = |expected: &str| format!("`{name}` is {value:.40?}: expected {expected}");
        match name.as_ref() {
            "filter[query]" if value.trim().is_empty() => {}
            "filter[query]" => {
                Query::parse(&value).map_err(|error| {
                    format!("`filter[query]`, column {}: {}; {}", error.column, error.message, error.hint)
                })?;
                terms.push(format!("({value})"));
            }
            "filter[from]" => from_ns = Some(time(&value, now_ms).ok_or_else(|| wrong(TIME))?),
            "filter[to]" => to_ns = Some(time(&value, now_ms).ok_or_else(|| wrong(TIME))?),
            "sort" => {
                ascending = match value.as_ref() {
                    "timestamp" => true,
                    "-timestamp" => false,
                    _ => return Err(wrong("`timestamp` or `-timestamp`")),
                }
            }
            "page[cursor]" => {
                offset = value.parse().map_err(|_| wrong("`meta.page.after` of the page before"))?;
            }
            "page[limit]" => {
                let within = |limit: &u32| (1..=MAX_LIMIT).contains(limit);
                limit = value.parse().ok().filter(within).ok_or_else(|| wrong("a number from 1 to 5000"))?;
            }
            name => {
                let filter = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']'));
                let known = filter.and_then(|filter| FILTERS.iter().find(|(known, _)| *known == filter));
                let tag = filter.and_then(|filter| filter.strip_prefix("tag]["));
                match (known, tag) {
                    (Some((_, path)), _) => terms.push(query::filter(path, &value)),
                    (None, Some(tag)) => terms.push(query::filter(&format!("tag.{tag}"), &value)),
                    // Other parameters have no effect on the result.
                    (None, None) if filter.is_none() => {}
                    (None, None) => {
                        return Err(format!(
                            "`{name:.40}` is unknown: expected query, span_id, trace_id, span_kind, span_name, ml_app, tag, from or to"
                        ));
                    }
                }
            }
        }
    }
    let query = Query::parse(&terms.join(" ")).map_err(|error| error.message)?;
    Ok(ListRequest {
        scope: Scope::Spans,
        condition: query.condition().clone(),
        from_ns,
        to_ns,
        sort: Sort::Start,
        ascending,
        offset,
        limit,
        attributes: Vec::new(),
    })
}

const TIME: &str = "a time such as 2026-01-31T12:00:00Z, now-15m, or milliseconds since 1970";

/// Parses a time as nanoseconds since the Unix epoch: a date, a time relative to now, or milliseconds.
fn time(text: &str, now_ms: i64) -> Option<i64> {
    if let Some(ago) = text.strip_prefix("now") {
        let (sign, ago) = match ago.split_at_checked(1) {
            None => (1, "0s"),
            Some(("-", ago)) => (-1, ago),
            Some(("+", ago)) => (1, ago),
            Some(_) => return None,
        };
        let (digits, unit) = ago.split_at_checked(ago.len().checked_sub(1)?)?;
        let number: i64 = digits.parse().ok().filter(|number| *number >= 0)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return None,
        };
        let ahead_ms = number.checked_mul(seconds)?.checked_mul(sign * 1_000)?;
        return now_ms.checked_add(ahead_ms)?.checked_mul(1_000_000);
    }
    if let Ok(millis) = text.parse::<i64>() {
        return millis.checked_mul(1_000_000);
    }
    i64::try_from(text.parse::<Timestamp>().ok()?.as_nanosecond()).ok()
}

/// Converts a span to the form of the API: the fields of `meta` are beside the others.
fn resource(span_id: &str, event: &str) -> Value {
    let mut attributes: Map<String, Value> = serde_json::from_str(event).unwrap_or_default();
    if let Some(Value::Object(mut meta)) = attributes.remove("meta") {
        let nested = meta.remove("span").and_then(|span| span.get("kind").cloned());
        let kind = nested.or_else(|| meta.remove("span.kind")).or_else(|| meta.remove("kind"));
        attributes.extend(kind.map(|kind| ("span_kind".to_owned(), kind)));
        for (name, value) in meta {
            attributes.entry(name).or_insert(value);
        }
    }
    json!({ "id": span_id, "type": "span", "attributes": attributes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_forms() {
        let now_ms = 1_750_000_000_000;
        let ns = |ms: i64| Some(ms * 1_000_000);
        for (text, expected) in [
            ("now", ns(now_ms)),
            ("now-15m", ns(now_ms - 15 * 60_000)),
            ("now-7d", ns(now_ms - 7 * 86_400_000)),
            ("now+1h", ns(now_ms + 3_600_000)),
            ("1750000000001", ns(1_750_000_000_001)),
            ("2025-06-15T15:06:40Z", ns(now_ms)),
            ("2025-06-15T17:06:40.5+02:00", ns(now_ms + 500)),
            ("", None),
            ("now-", None),
            ("now-5", None),
            ("now--5s", None),
            ("now-5é", None),
            ("now-99999999999999999d", None),
            ("99999999999999999", None),
            ("yesterday", None),
        ] {
            assert_eq!(time(text, now_ms), expected, "{text}");
        }
    }
}
