//! The headers of Datadog's tracers, and how they are combined with W3C Trace Context.

use llmobs_capture::warn_limited;

use super::carrier::{Extractor, Injector};
use super::headers::{AGENT_ID, AGENT_NAME, Headers, Llm, MAX_TAGS, PREFIX, fit, warn_left_out};
use super::tracecontext;
use crate::base::id::{SpanId, TraceId};
use crate::trace::shared::Upstream;

const TRACE_ID: &str = "x-datadog-trace-id";
const PARENT_ID: &str = "x-datadog-parent-id";
const PRIORITY: &str = "x-datadog-sampling-priority";
const ORIGIN: &str = "x-datadog-origin";
const TAGS: &str = "x-datadog-tags";
const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The longest header that is read, in bytes.
const MAX_HEADER: usize = 8 * 1024;

pub(super) fn write(mut values: Headers, headers: &mut (impl Injector + ?Sized)) {
    values.llm.remove_invalid();
    let tags = fit_tags(&mut values);
    headers.set(TRACE_ID, values.apm_id.low64().to_string());
    headers.set(PARENT_ID, values.span_id.to_string());
    headers.set(PRIORITY, values.upstream.priority.to_string());
    if let Some(origin) = &values.upstream.origin {
        headers.set(ORIGIN, origin.clone());
    }
    headers.set(TAGS, tags);
    let sampled = u8::from(values.upstream.priority > 0);
    headers.set(TRACEPARENT, format!("00-{}-{}-{sampled:02x}", values.apm_id, values.span_id.to_hex()));
    headers.set(TRACESTATE, tracecontext::state(&values));
}

/// Returns the value of `x-datadog-tags`, with the entries that fit. The name of the agent is cut to the room that the others leave.
fn fit_tags(values: &mut Headers) -> String {
    let name = values.llm.agent_name.take();
    let mut tags = format!("{PREFIX}tid={}", values.apm_id.high_hex());
    let entries = values.pairs().map(|(key, value)| (key, format!(",{PREFIX}{key}={value}")));
    let mut has_agent = true;
    tags += &fit(entries, MAX_TAGS - tags.len(), |key| {
        has_agent &= key != AGENT_ID;
        warn_left_out(key);
    });
    if !has_agent {
        values.llm.agent_id = None;
    } else if let Some(mut name) = name {
        let before = format!(",{PREFIX}{AGENT_NAME}=");
        name.truncate(MAX_TAGS.saturating_sub(tags.len() + before.len()));
        if name.is_empty() {
            warn_left_out(AGENT_NAME);
        } else {
            tags = tags + &before + &name;
            values.llm.agent_name = Some(name);
        }
    }
    tags
}

/// Reads Datadog's own headers first. If they hold nothing about LLM spans, `tracestate` may, if it belongs to the same trace.
pub(super) fn read(headers: &(impl Extractor + ?Sized)) -> Option<Headers> {
    let w3c = header(headers, TRACEPARENT).and_then(|parent| {
        let read = tracecontext::read(parent, &joined(headers, TRACESTATE).unwrap_or_default());
        if read.is_none() {
            warn_ignored(TRACEPARENT);
        }
        read
    });
    let Some(own) = read_own(headers) else { return w3c };
    let same = w3c.filter(|w3c| w3c.apm_id.low64() == own.apm_id.low64());
    let Some(w3c) = same else { return Some(own) };
    let llm = if own.llm.parent_id.is_some() { own.llm } else { w3c.llm };
    let tags = if own.upstream.tags.is_empty() { w3c.upstream.tags } else { own.upstream.tags };
    let origin = own.upstream.origin.or(w3c.upstream.origin);
    let upstream = Upstream { origin, tags, others: w3c.upstream.others, ..own.upstream };
    Some(Headers { apm_id: w3c.apm_id, upstream, llm, ..own })
}

fn read_own(headers: &(impl Extractor + ?Sized)) -> Option<Headers> {
    let low = number(headers, TRACE_ID)?;
    let span_id = SpanId::from_decimal(&number(headers, PARENT_ID)?.to_string())?;
    let priority = header(headers, PRIORITY).map(|text| text.parse().ok());
    if priority == Some(None) {
        warn_ignored(PRIORITY);
    }
    let upstream = Upstream::with_priority(priority.flatten().unwrap_or(1));
    let apm_id = TraceId::from_halves(0, low)?;
    let mut read = Headers { apm_id, span_id, upstream, llm: Llm::default() };
    read.take_origin(header(headers, ORIGIN).unwrap_or_default());
    for pair in header(headers, TAGS).unwrap_or_default().split(',').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').and_then(|(key, value)| Some((key.trim().strip_prefix(PREFIX)?, value))) {
            Some(("tid", hex)) => match u64::from_str_radix(hex, 16) {
                Ok(high) if hex.len() == 16 => read.apm_id = TraceId::from_halves(high, low)?,
                _ => warn_ignored(TAGS),
            },
            Some((key, value)) => read.take(key, value),
            None => {}
        }
    }
    Some(read)
}

/// Reads the number of an id, which is never zero.
fn number(headers: &(impl Extractor + ?Sized), name: &str) -> Option<u64> {
    let text = header(headers, name)?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten().filter(|number| *number != 0);
    if number.is_none() {
        warn_ignored(name);
    }
    number
}

/// Joins the values of a header that may occur several times.
fn joined(headers: &(impl Extractor + ?Sized), name: &str) -> Option<String> {
    let mut lines = headers.get_all(name);
    lines.dedup();
    if lines.is_empty() {
        return None;
    }
    let text = is_fine(&lines).then(|| String::from_utf8(lines.join(&b',')).ok()).flatten();
    if text.is_none() {
        warn_ignored(name);
    }
    text
}

/// Returns whether a header is printable and not too long.
fn is_fine(lines: &[&[u8]]) -> bool {
    let printable = |byte: &u8| (0x20..=0x7e).contains(byte) || *byte == b'\t';
    let length: usize = lines.iter().map(|line| line.len() + 1).sum();
    length <= MAX_HEADER + 1 && lines.iter().copied().flatten().all(printable)
}

/// Returns the text of a header, unless it occurs with different values, is too long, or is not printable ASCII.
fn header<'a>(headers: &'a (impl Extractor + ?Sized), name: &str) -> Option<&'a str> {
    let values = headers.get_all(name);
    let first = *values.first()?;
    if !is_fine(&[first]) || values.iter().any(|other| *other != first) {
        warn_ignored(name);
        return None;
    }
    std::str::from_utf8(first).ok().map(str::trim)
}

fn warn_ignored(name: &str) {
    warn_limited!(
        "the header {name} of a request is ignored, in whole or in part: it does not have the form that Datadog's tracers write"
    );
}
