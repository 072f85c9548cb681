//! The headers of Datadog's tracers, and what they and W3C Trace Context say together.

use super::carrier::{Extractor, Injector};
use super::tracecontext;
use crate::id::{SpanId, TraceId};
use crate::notice::warn_limited;
use crate::trace::Upstream;

const TRACE_ID: &str = "x-datadog-trace-id";
const PARENT_ID: &str = "x-datadog-parent-id";
const PRIORITY: &str = "x-datadog-sampling-priority";
const ORIGIN: &str = "x-datadog-origin";
const TAGS: &str = "x-datadog-tags";
const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// What stands before each key in `x-datadog-tags`.
const PREFIX: &str = "_dd.p.";
/// The most that `x-datadog-tags` may hold, in characters: the default of Datadog's tracers.
const MAX_TAGS: usize = 512;
/// What the name of an agent is cut for, where it would not fit.
const MAX_TAGS_WITH_CUT_NAME: usize = 485;
/// No header that is read is longer, in bytes.
const MAX_HEADER: usize = 8 * 1024;

/// What the headers of one request say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Headers {
    pub(super) apm_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) upstream: Upstream,
    pub(super) llm: Llm,
}

/// What they say about LLM spans, in the words of the headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Llm {
    pub(super) session_id: Option<String>,
    pub(super) parent_id: Option<String>,
    pub(super) trace_id: Option<String>,
    pub(super) ml_app: Option<String>,
    pub(super) sample_rate: Option<String>,
    pub(super) sampling_decision: Option<String>,
    pub(super) agent_id: Option<String>,
    pub(super) agent_name: Option<String>,
}

impl Llm {
    /// Keys, without what stands before them in each header, and values.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = [
            ("llmobs_sid", &self.session_id),
            ("llmobs_parent_id", &self.parent_id),
            ("llmobs_trace_id", &self.trace_id),
            ("llmobs_ml_app", &self.ml_app),
            ("llmobs_sr", &self.sample_rate),
            ("llmobs_sd", &self.sampling_decision),
            ("llmobs_pagent_span_id", &self.agent_id),
            ("llmobs_pagent_name", &self.agent_name),
        ];
        pairs.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    /// Whether the key is one of these.
    fn set(&mut self, key: &str, value: &str) -> bool {
        let field = match key {
            "llmobs_sid" => &mut self.session_id,
            "llmobs_parent_id" => &mut self.parent_id,
            "llmobs_trace_id" => &mut self.trace_id,
            "llmobs_ml_app" => &mut self.ml_app,
            "llmobs_sr" => &mut self.sample_rate,
            "llmobs_sd" => &mut self.sampling_decision,
            "llmobs_pagent_span_id" => &mut self.agent_id,
            "llmobs_pagent_name" => &mut self.agent_name,
            _ => return false,
        };
        *field = Some(value.to_owned());
        true
    }
}

impl Headers {
    pub(super) fn write(mut self, headers: &mut (impl Injector + ?Sized)) {
        let tags = self.fit_tags();
        headers.set(TRACE_ID, self.apm_id.low64().to_string());
        headers.set(PARENT_ID, self.span_id.to_string());
        headers.set(PRIORITY, self.upstream.priority.to_string());
        if let Some(origin) = &self.upstream.origin {
            headers.set(ORIGIN, origin.clone());
        }
        if let Some(tags) = tags {
            headers.set(TAGS, tags);
        } else {
            warn_limited!(
                "{TAGS} was left out: the name of the application or the session is too long for a header, or has \
                 commas or characters beyond ASCII"
            );
        }
        let sampled = u8::from(self.upstream.priority > 0);
        headers.set(TRACEPARENT, format!("00-{}-{}-{sampled:02x}", self.apm_id, self.span_id.to_hex()));
        headers.set(TRACESTATE, tracecontext::state(&self));
    }

    /// `x-datadog-tags`, where need be with less about the agent; `None` where it cannot be written at all.
    fn fit_tags(&mut self) -> Option<String> {
        if self.llm.agent_name.as_deref().is_some_and(|name| !can_stand(name)) {
            self.llm.agent_name = None;
        }
        if let Some(name) = &self.llm.agent_name
            && self.tags().len() > MAX_TAGS
        {
            let over = self.tags().len().saturating_sub(MAX_TAGS_WITH_CUT_NAME);
            let kept = name.len().saturating_sub(over);
            self.llm.agent_name = name.get(..kept).filter(|name| !name.is_empty()).map(str::to_owned);
        }
        if self.tags().len() > MAX_TAGS {
            self.llm.agent_id = None;
        }
        if self.tags().len() > MAX_TAGS {
            self.upstream.tags.retain(|(key, _)| key == "dm");
        }
        let fits = self.tags().len() <= MAX_TAGS && self.llm.pairs().all(|(_, value)| can_stand(value));
        fits.then(|| self.tags())
    }

    /// What goes from program to program beside ids, in both families: keys, without what stands before them, and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let tags = self.upstream.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        tags.chain(self.llm.pairs())
    }

    /// Takes one of these. What cannot be written again, or is too much, is left out.
    pub(super) fn take(&mut self, key: &str, value: &str) {
        if self.llm.set(key, value) || key == "tid" || key.starts_with("llmobs_") {
            return;
        }
        let tags = &mut self.upstream.tags;
        let length = |key: &str, value: &str| format!(",{PREFIX}{key}={value}").len();
        let taken: usize = tags.iter().map(|(key, value)| length(key, value)).sum();
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let can_stand = !key.is_empty() && key.bytes().all(is_key) && can_stand(value);
        let is_new = tags.iter().all(|(other, _)| other != key);
        if can_stand && is_new && taken + length(key, value) <= MAX_TAGS {
            tags.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Takes where the request came from, if it can be written again.
    pub(super) fn take_origin(&mut self, origin: &str) {
        if !origin.is_empty() && origin.len() <= MAX_TAGS && can_stand(origin) {
            self.upstream.origin = Some(origin.to_owned());
        }
    }

    fn tags(&self) -> String {
        let mut tags = format!("{PREFIX}tid={}", self.apm_id.high_hex());
        for (key, value) in self.pairs() {
            tags.push_str(&format!(",{PREFIX}{key}={value}"));
        }
        tags
    }

    /// Datadog's own headers first. Where these say nothing about LLM spans, `tracestate` may, of the same trace.
    pub(super) fn read(headers: &(impl Extractor + ?Sized)) -> Option<Self> {
        let w3c = header(headers, TRACEPARENT).and_then(|parent| {
            let read = tracecontext::read(parent, &joined(headers, TRACESTATE).unwrap_or_default());
            if read.is_none() {
                warn_ignored(TRACEPARENT);
            }
            read
        });
        let Some(own) = Self::read_own(headers) else { return w3c };
        let same = w3c.filter(|w3c| w3c.apm_id.low64() == own.apm_id.low64());
        let Some(w3c) = same else { return Some(own) };
        let llm = if own.llm.parent_id.is_some() { own.llm } else { w3c.llm };
        let tags = if own.upstream.tags.is_empty() { w3c.upstream.tags } else { own.upstream.tags };
        let origin = own.upstream.origin.or(w3c.upstream.origin);
        let upstream = Upstream { origin, tags, others: w3c.upstream.others, ..own.upstream };
        Some(Self { apm_id: w3c.apm_id, upstream, llm, ..own })
    }

    fn read_own(headers: &(impl Extractor + ?Sized)) -> Option<Self> {
        let low = number(headers, TRACE_ID)?;
        let span_id = SpanId::from_decimal(&number(headers, PARENT_ID)?.to_string())?;
        let priority = header(headers, PRIORITY).map(|text| text.parse().ok());
        if priority == Some(None) {
            warn_ignored(PRIORITY);
        }
        let upstream = Upstream::said(priority.flatten().unwrap_or(1));
        let apm_id = TraceId::from_halves(0, low)?;
        let mut read = Self { apm_id, span_id, upstream, llm: Llm::default() };
        read.take_origin(header(headers, ORIGIN).unwrap_or_default());
        for pair in header(headers, TAGS).unwrap_or_default().split(',').filter(|pair| !pair.is_empty()) {
            match pair
                .split_once('=')
                .and_then(|(key, value)| Some((key.trim().strip_prefix(PREFIX)?, value)))
            {
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
}

/// Whether a value can stand in `x-datadog-tags`.
fn can_stand(value: &str) -> bool {
    value.bytes().all(|byte| (0x20..=0x7e).contains(&byte) && byte != b',')
}

/// The number of an id, which is never zero.
fn number(headers: &(impl Extractor + ?Sized), name: &str) -> Option<u64> {
    let text = header(headers, name)?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten().filter(|number| *number != 0);
    if number.is_none() {
        warn_ignored(name);
    }
    number
}

/// The text of a header of which there may be several, as one.
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

/// Whether a header is printable and no longer than it may be.
fn is_fine(lines: &[&[u8]]) -> bool {
    let printable = |byte: &u8| (0x20..=0x7e).contains(byte) || *byte == b'\t';
    let length: usize = lines.iter().map(|line| line.len() + 1).sum();
    length <= MAX_HEADER + 1 && lines.iter().copied().flatten().all(printable)
}

/// The text of a header, unless it is given more than once in different ways, is too long, or is no printable ASCII.
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
        "the header {name} of a request is ignored, in whole or in part: it is not what Datadog's tracers write"
    );
}
