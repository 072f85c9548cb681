//! Reads a metric of an eval-metric request: an evaluation by a program, or user feedback.

use std::borrow::Cow;

use serde_json::Value;

use super::field::{self, Object};
use crate::id::canonical;
use crate::span::{Evaluation, Target};

const TYPES: [&str; 5] = ["score", "categorical", "boolean", "json", "text"];
const TARGET: &str = "`join_on`, or one of `span_id`, `trace_id`, `session_id`, `feedback_join_key`";

/// Reads one metric.
pub(super) fn read(raw: &str, now_ms: i64) -> Result<Evaluation, String> {
    let metric = match serde_json::from_str(raw) {
        Ok(Value::Object(metric)) => metric,
        Ok(_) => return Err(format!("it is {}: expected an object", field::kind_of_text(raw))),
        Err(error) => return Err(format!("it cannot be read: {error} of the event")),
    };
    let own = |name| field::text(&metric, name).map(str::to_owned);
    let (metric_type, value) = value(&metric)?;
    let number = match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        _ if metric_type == "score" => value.as_f64(),
        _ => None,
    };
    Ok(Evaluation {
        feedback: field::text(&metric, "event_kind") == Some("feedback"),
        label: label(&metric)?,
        metric_type: metric_type.to_owned(),
        value: field::scalar(value).map_or_else(|| value.to_string(), Cow::into_owned),
        number,
        assessment: own("assessment")
            .map(|assessment| assessment.to_lowercase())
            .filter(|assessment| assessment == "pass" || assessment == "fail"),
        reasoning: own("reasoning"),
        ml_app: own("ml_app"),
        timestamp_ms: timestamp(&metric)?.unwrap_or(now_ms),
        target: target(&metric, raw)?,
        event: raw.to_owned(),
    })
}

fn label(metric: &Object) -> Result<String, String> {
    match metric.get("label") {
        Some(Value::String(label)) if !label.is_empty() => Ok(label.clone()),
        None | Some(Value::Null) => Err("`label` is missing: expected a text".to_owned()),
        Some(other) => Err(field::wrong("label", other, "a text that is not empty")),
    }
}

/// Returns the type and the value. If the type is missing, the name of the value determines it.
fn value(metric: &Object) -> Result<(&'static str, &Value), String> {
    let given = |kind: &str| metric.get(&format!("{kind}_value")).filter(|value| !value.is_null());
    let kind = match metric.get("metric_type") {
        None | Some(Value::Null) => TYPES.into_iter().find(|kind| given(kind).is_some()),
        Some(Value::String(name)) => TYPES.into_iter().find(|kind| name.eq_ignore_ascii_case(kind)),
        Some(_) => None,
    };
    let Some(kind) = kind else {
        let expected = "`score`, `categorical`, `boolean`, `json` or `text`";
        return Err(match metric.get("metric_type") {
            None | Some(Value::Null) => format!("`metric_type` is missing: expected {expected}"),
            Some(other) => field::wrong("metric_type", other, expected),
        });
    };
    let (fits, expected): (fn(&Value) -> bool, _) = match kind {
        // A boolean is a number in Python, and its SDK accepts it.
        "score" => (|value| value.is_number() || value.is_boolean(), "a number"),
        "boolean" => (Value::is_boolean, "a boolean"),
        "json" => (|value| value.is_object() || value.is_array(), "an object"),
        _ => (Value::is_string, "a text"),
    };
    let name = format!("{kind}_value");
    match given(kind) {
        None => Err(format!("`{name}` is missing: expected {expected}")),
        Some(value) if !fits(value) => Err(field::wrong(&name, value, expected)),
        Some(value) => Ok((kind, value)),
    }
}

/// Returns the time, if it is known. Some SDKs send 0 if it is unknown.
fn timestamp(metric: &Object) -> Result<Option<i64>, String> {
    let expected = "a whole number of milliseconds since 1970, from 0 to 9223372036854775807";
    match metric.get("timestamp_ms") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match field::whole(value) {
            Some(time) => Ok(Some(time).filter(|time| *time > 0)),
            None => Err(field::wrong("timestamp_ms", value, expected)),
        },
    }
}

/// Returns the target: `join_on` in v2, and ids beside the value in v1 and in feedback.
fn target(metric: &Object, raw: &str) -> Result<Target, String> {
    let whole_trace = field::text(metric, "eval_scope") == Some("trace");
    let target = match metric.get("join_on") {
        None | Some(Value::Null) => beside(metric, raw)?,
        Some(Value::Object(join)) => joined(join, field::part(raw, "join_on").unwrap_or_default())?,
        Some(other) => return Err(field::wrong("join_on", other, "an object with `span` or `tag`")),
    };
    Ok(match target {
        Target::Span { trace_id: Some(trace_id), .. } if whole_trace => Target::Trace(canonical(&trace_id)),
        Target::Trace(trace_id) => Target::Trace(canonical(&trace_id)),
        Target::Span { trace_id, span_id } => {
            Target::Span { trace_id: trace_id.as_deref().map(canonical), span_id: canonical(&span_id) }
        }
        target => target,
    })
}

fn joined(join: &Object, raw: &str) -> Result<Target, String> {
    if let Some(Value::Object(span)) = join.get("span") {
        let raw = field::part(raw, "span").unwrap_or_default();
        let within = |reason| format!("in `join_on.span`, {reason}");
        let span_id = field::required_id(span, raw, "span_id").map_err(within)?;
        return Ok(Target::Span { trace_id: field::id(span, raw, "trace_id").map_err(within)?, span_id });
    }
    if let Some(Value::Object(tag)) = join.get("tag") {
        let part = |name| {
            let text = tag.get(name).and_then(field::scalar).map(Cow::into_owned);
            text.ok_or_else(|| format!("in `join_on.tag`, `{name}` is missing: expected a text"))
        };
        return Ok(Target::Tag { key: part("key")?, value: part("value")? });
    }
    Err("`join_on` is empty: expected `span` or `tag` in it".to_owned())
}

fn beside(metric: &Object, raw: &str) -> Result<Target, String> {
    let id = |name| field::id(metric, raw, name);
    let trace_id = id("trace_id")?;
    if let Some(span_id) = id("span_id")? {
        return Ok(Target::Span { trace_id, span_id });
    }
    if let Some(trace_id) = trace_id {
        return Ok(Target::Trace(trace_id));
    }
    if let Some(session_id) = id("session_id")? {
        return Ok(Target::Session(session_id));
    }
    // The spans have a tag of that name.
    match id("feedback_join_key")? {
        Some(value) => Ok(Target::Tag { key: "feedback_join_key".to_owned(), value }),
        None => Err(format!("the target is missing: expected {TARGET}")),
    }
}
