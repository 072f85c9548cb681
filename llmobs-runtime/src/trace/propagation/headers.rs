//! The content of the headers of one request, for both families of headers.

use crate::base::id::{SpanId, TraceId};
use crate::trace::shared::Upstream;

/// The prefix of each key in `x-datadog-tags`.
pub(super) const PREFIX: &str = "_dd.p.";
/// The most that `x-datadog-tags` may hold, in characters: the default of Datadog's tracers.
pub(super) const MAX_TAGS: usize = 512;
/// The content of the headers of one request.
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
    /// Keys without the prefix of each header, and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
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
    /// What is propagated beside ids in both families of headers: keys without their prefix, and values.
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
}

/// Whether `x-datadog-tags` can contain this value.
pub(super) fn can_stand(value: &str) -> bool {
    value.bytes().all(|byte| (0x20..=0x7e).contains(&byte) && byte != b',')
}
