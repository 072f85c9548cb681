//! The content of the headers of one request, for both families of headers.

use llmobs_capture::warn_limited;

use crate::base::id::{SpanId, TraceId};
use crate::trace::shared::Upstream;

/// The prefix of each key in `x-datadog-tags`.
pub(super) const PREFIX: &str = "_dd.p.";
/// The most that `x-datadog-tags` may hold, in characters: the default of Datadog's tracers.
pub(super) const MAX_TAGS: usize = 512;

/// The keys of the id and the name of the nearest agent.
pub(super) const AGENT_ID: &str = "llmobs_pagent_span_id";
pub(super) const AGENT_NAME: &str = "llmobs_pagent_name";

/// The content of the headers of one request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Headers {
    pub(super) apm_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) upstream: Upstream,
    pub(super) llm: Llm,
}

/// The data about LLM spans, as the headers hold it.
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
    /// Returns keys, without the prefix of each header, and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = [
            ("llmobs_sid", &self.session_id),
            ("llmobs_parent_id", &self.parent_id),
            ("llmobs_trace_id", &self.trace_id),
            ("llmobs_ml_app", &self.ml_app),
            ("llmobs_sr", &self.sample_rate),
            ("llmobs_sd", &self.sampling_decision),
            (AGENT_ID, &self.agent_id),
            (AGENT_NAME, &self.agent_name),
        ];
        pairs.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    fn fields(&mut self) -> [(&'static str, &mut Option<String>); 8] {
        [
            ("llmobs_sid", &mut self.session_id),
            ("llmobs_parent_id", &mut self.parent_id),
            ("llmobs_trace_id", &mut self.trace_id),
            ("llmobs_ml_app", &mut self.ml_app),
            ("llmobs_sr", &mut self.sample_rate),
            ("llmobs_sd", &mut self.sampling_decision),
            (AGENT_ID, &mut self.agent_id),
            (AGENT_NAME, &mut self.agent_name),
        ]
    }

    /// Sets the value of a key. Returns whether the key is one of these.
    fn set(&mut self, key: &str, value: &str) -> bool {
        let Some((_, field)) = self.fields().into_iter().find(|(name, _)| *name == key) else { return false };
        *field = Some(value.to_owned());
        true
    }

    /// Removes the values that no header can contain.
    pub(super) fn remove_invalid(&mut self) {
        for (key, field) in self.fields() {
            if field.take_if(|value| !is_valid(value)).is_some() {
                warn_left_out(key);
            }
        }
    }
}

impl Headers {
    /// Returns what both families of headers propagate besides ids: keys without their prefix, and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let tags = self.upstream.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        tags.chain(self.llm.pairs())
    }

    /// Sets the value of a key. A value that cannot be written again, or is too long, is left out, with a warning.
    pub(super) fn take(&mut self, key: &str, value: &str) {
        if self.llm.set(key, value) || key == "tid" || key.starts_with("llmobs_") {
            return;
        }
        let tags = &mut self.upstream.tags;
        let length = |key: &str, value: &str| format!(",{PREFIX}{key}={value}").len();
        let taken: usize = tags.iter().map(|(key, value)| length(key, value)).sum();
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let is_valid = !key.is_empty() && key.bytes().all(is_key) && is_valid(value);
        if tags.iter().any(|(other, _)| other == key) {
            return;
        }
        if is_valid && taken + length(key, value) <= MAX_TAGS {
            tags.push((key.to_owned(), value.to_owned()));
        } else {
            warn_not_passed_on();
        }
    }

    /// Sets the origin of the request, if it can be written again.
    pub(super) fn take_origin(&mut self, origin: &str) {
        if origin.is_empty() {
            return;
        }
        if origin.len() <= MAX_TAGS && is_valid(origin) {
            self.upstream.origin = Some(origin.to_owned());
        } else {
            warn_not_passed_on();
        }
    }
}

/// Returns whether `x-datadog-tags` can contain this value.
fn is_valid(value: &str) -> bool {
    value.trim() == value && value.bytes().all(|byte| (0x20..=0x7e).contains(&byte) && byte != b',')
}

/// Joins the entries that fit into `room` bytes. Each entry comes with its key. The most important entries get room first, and `left_out`
/// receives the keys of those that do not fit.
pub(super) fn fit<'a>(
    entries: impl Iterator<Item = (&'a str, String)>,
    mut room: usize,
    mut left_out: impl FnMut(&str),
) -> String {
    let mut entries: Vec<_> = entries.collect();
    for rank in 0..RANKS {
        for (key, entry) in entries.iter_mut().filter(|(key, _)| rank_of(key) == rank) {
            if let Some(rest) = room.checked_sub(entry.len()) {
                room = rest;
            } else {
                entry.clear();
                left_out(key);
            }
        }
    }
    entries.into_iter().map(|(_, entry)| entry).collect()
}

const RANKS: u8 = 6;

/// Returns the rank of an entry, from 0: first the ids by which spans join a trace, then the sampling decision, then application and
/// session.
fn rank_of(key: &str) -> u8 {
    match key {
        "llmobs_parent_id" | "llmobs_trace_id" => 0,
        "dm" | "llmobs_sr" | "llmobs_sd" => 1,
        "llmobs_ml_app" => 2,
        "llmobs_sid" => 3,
        AGENT_ID | AGENT_NAME => 5,
        _ => 4,
    }
}

/// Warns of a value that was left out of the headers of a request.
pub(super) fn warn_left_out(key: &str) {
    warn_limited!(
        "{PREFIX}{key} was left out of the headers of a request: it is too long, or has commas, spaces around it or characters beyond \
         ASCII"
    );
}

fn warn_not_passed_on() {
    warn_limited!(
        "a request has tags or an origin that are not passed on: they are too long or not allowed in a header"
    );
}
