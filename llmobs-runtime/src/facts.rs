//! What is said about a span, by the program or by an attribute, before it, inside it and after it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Number;

use crate::capture::Captured;
use crate::failure::Failure;
use crate::manifest::AgentManifest;
use crate::prompt::Prompt;
use crate::reference::SpanRef;
use crate::tool::ToolDefinition;

/// Everything about a span but its identity, its place in the trace, and its times.
#[derive(Clone, Default)]
pub(crate) struct Facts {
    pub(crate) model_name: Option<String>,
    pub(crate) model_provider: Option<String>,
    pub(crate) input: Option<Captured>,
    pub(crate) output: Option<Captured>,
    pub(crate) metadata: BTreeMap<String, Captured>,
    pub(crate) metrics: BTreeMap<String, Number>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) failure: Option<Failure>,
    pub(crate) prompt: Option<Arc<Prompt>>,
    pub(crate) tool_definitions: Option<Arc<[ToolDefinition]>>,
    /// The keys of tags by which Datadog breaks down costs.
    pub(crate) cost_tags: Vec<String>,
    pub(crate) agent: Option<Box<AgentManifest>>,
    pub(crate) links: Vec<SpanRef>,
    pub(crate) intent: Option<String>,
}

impl Facts {
    /// Adds what was said later. Where both say the same thing, the later one holds.
    pub(crate) fn add(&mut self, later: Self) {
        let Self { model_name, model_provider, input, output, metadata, metrics, tags, failure, .. } = later;
        replace(&mut self.model_name, model_name);
        replace(&mut self.model_provider, model_provider);
        replace(&mut self.input, input);
        replace(&mut self.output, output);
        self.metadata.extend(metadata);
        self.metrics.extend(metrics);
        self.tags.extend(tags);
        replace(&mut self.failure, failure);
        match (&mut self.prompt, later.prompt) {
            (Some(prompt), Some(later)) => Arc::make_mut(prompt).add(Arc::unwrap_or_clone(later)),
            (prompt, later) => replace(prompt, later),
        }
        replace(&mut self.tool_definitions, later.tool_definitions);
        let new = later.cost_tags.into_iter().filter(|key| !self.cost_tags.contains(key)).collect::<Vec<_>>();
        self.cost_tags.extend(new);
        match (&mut self.agent, later.agent) {
            (Some(agent), Some(later)) => agent.add(*later),
            (agent, later) => replace(agent, later),
        }
        self.links.extend(later.links);
        replace(&mut self.intent, later.intent);
    }

    /// Adds what was said by somebody who has to give way: it holds where nothing else was said.
    pub(crate) fn add_under(&mut self, mut weaker: Self) {
        weaker.add(std::mem::take(self));
        *self = weaker;
    }

    /// What spans inside still take over when this one has ended.
    pub(crate) fn heritable(&self) -> Self {
        Self {
            prompt: self.prompt.clone(),
            tool_definitions: self.tool_definitions.clone(),
            ..Self::default()
        }
    }

    /// About how many bytes of memory the texts take.
    pub(crate) fn bytes(&self) -> usize {
        let captured = |value: &Option<Captured>| value.as_ref().map_or(0, Captured::bytes);
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let metadata = self.metadata.iter().map(|(key, value)| key.len() + value.bytes());
        let tags = self.tags.iter().map(|(key, value)| key.len() + value.len());
        let metrics = self.metrics.keys().map(|key| key.len() + size_of::<Number>());
        text(&self.model_name)
            + text(&self.model_provider)
            + captured(&self.input)
            + captured(&self.output)
            + metadata.chain(tags).chain(metrics).sum::<usize>()
            + self.failure.as_ref().map_or(0, Failure::bytes)
            + self.prompt.as_ref().map_or(0, |prompt| prompt.bytes())
            + self
                .tool_definitions
                .iter()
                .flat_map(|tools| tools.iter())
                .map(ToolDefinition::bytes)
                .sum::<usize>()
            + self.cost_tags.iter().map(String::len).sum::<usize>()
            + self.agent.as_ref().map_or(0, |agent| agent.bytes())
            + self.links.iter().map(|link| link.trace_id.len() + link.span_id.len()).sum::<usize>()
            + text(&self.intent)
    }
}

fn replace<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}

/// Without what they say, which may be secret.
impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts").finish_non_exhaustive()
    }
}
