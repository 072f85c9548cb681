//! What is said about a span, by the program or by an attribute, before it, inside it and after it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::Arc;

use serde_json::Number;

use crate::capture::{Captured, MAX_LABEL_BYTES, cut, shown};
use crate::failure::Failure;
use crate::kind::Kind;
use crate::manifest::AgentManifest;
use crate::notice::warn_limited;
use crate::prompt::Prompt;
use crate::reference::SpanRef;
use crate::tool::ToolDefinition;
use crate::values::{lengths, replace};

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
    /// What few spans say, so that the others need not carry room for it.
    pub(crate) more: Option<Box<More>>,
}

/// What few spans say.
#[derive(Clone, Default)]
pub(crate) struct More {
    pub(crate) prompt: Option<Arc<Prompt>>,
    pub(crate) tool_definitions: Option<Arc<[ToolDefinition]>>,
    /// The keys of tags by which Datadog breaks down costs.
    pub(crate) cost_tags: Vec<String>,
    pub(crate) agent: Option<AgentManifest>,
    pub(crate) links: Vec<SpanRef>,
    pub(crate) intent: Option<String>,
}

impl Facts {
    /// Adds what was said later. Where both say the same thing, the later one holds.
    pub(crate) fn add(&mut self, later: Self) {
        let Self { model_name, model_provider, input, output, metadata, metrics, tags, failure, more } =
            later;
        replace(&mut self.model_name, model_name);
        replace(&mut self.model_provider, model_provider);
        replace(&mut self.input, input);
        replace(&mut self.output, output);
        extend(&mut self.metadata, metadata);
        extend(&mut self.metrics, metrics);
        extend(&mut self.tags, tags);
        replace(&mut self.failure, failure);
        match (&mut self.more, more) {
            (Some(more), Some(later)) => more.add(*later),
            (more, later) => replace(more, later),
        }
    }

    /// Adds what was said by somebody who has to give way: it holds where nothing else was said.
    pub(crate) fn add_under(&mut self, mut weaker: Self) {
        weaker.add(std::mem::take(self));
        *self = weaker;
    }

    /// Adds a tag, by which a span can be put into a session, and not out of one.
    pub(crate) fn tag(&mut self, key: String, value: &impl Display) {
        match shown(value) {
            Some(text) if text.is_empty() && key == "session_id" => {}
            Some(text) => drop(self.tags.insert(cut(key, MAX_LABEL_BYTES), text)),
            None => warn_limited!("a tag was left out: its Display panicked"),
        }
    }

    /// What tags are made of.
    pub(crate) fn labels(&self) -> Self {
        Self { tags: self.tags.clone(), more: self.more.clone(), ..Self::default() }
    }

    /// Keeps what spans of this kind show. A prompt is for `llm` spans, of which one may take over that of the span above; all
    /// tell by a tag that they were given one.
    pub(crate) fn settle(&mut self, kind: Kind, prompt_above: Option<&Arc<Prompt>>) {
        if self.prompt().is_some() {
            let tag = self.tags.entry("prompt_tracking_instrumentation_method".to_owned());
            tag.or_insert_with(|| "annotated".to_owned());
        } else if let Some(prompt) = prompt_above {
            self.more().prompt = Some(Arc::clone(prompt));
        }
        if let Some(more) = &mut self.more {
            more.prompt.take_if(|_| kind != Kind::Llm);
            more.agent.take_if(|_| kind != Kind::Agent);
        }
    }

    /// Tells of what the program says about a span that spans of its kind do not show.
    pub(crate) fn warn_of_misplaced(&self, kind: Kind) {
        if !kind.has_model() && (self.model_name.is_some() || self.model_provider.is_some()) {
            warn_limited!(
                "the model of a span is not shown: it is of the kind {kind}, and llm and embedding have models"
            );
        }
        let Some(more) = &self.more else { return };
        if kind != Kind::Llm && more.tool_definitions.is_some() {
            warn_limited!(
                "the tool definitions of a span are not shown: annotate an llm span with them, not one of the kind {kind}"
            );
        }
        if kind != Kind::Tool && more.intent.is_some() {
            warn_limited!(
                "the intent of a span is not shown: annotate a tool span with it, not one of the kind {kind}"
            );
        }
        if kind != Kind::Agent && more.agent.is_some() {
            warn_limited!(
                "the version or manifest of an agent is not shown: say it of an agent span, not one of the kind {kind}"
            );
        }
    }

    /// What few spans say, to be said.
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn prompt(&self) -> Option<&Arc<Prompt>> {
        self.more.as_ref()?.prompt.as_ref()
    }

    pub(crate) fn agent_version(&self) -> Option<&str> {
        self.more.as_ref()?.agent.as_ref()?.version.as_deref()
    }

    pub(crate) fn tool_definitions(&self) -> &[ToolDefinition] {
        self.more.as_ref().and_then(|more| more.tool_definitions.as_deref()).unwrap_or_default()
    }

    /// What spans inside still take over when this one has ended.
    pub(crate) fn heritable(&self) -> Self {
        let more = self.more.as_ref().map(|more| More {
            prompt: more.prompt.clone(),
            tool_definitions: more.tool_definitions.clone(),
            ..More::default()
        });
        Self { more: more.map(Box::new), ..Self::default() }
    }

    /// About how many bytes of memory the texts take.
    pub(crate) fn bytes(&self) -> usize {
        let captured = |value: &Option<Captured>| value.as_ref().map_or(0, Captured::bytes);
        let metadata = self.metadata.iter().map(|(key, value)| key.len() + value.bytes());
        let tags = self.tags.iter().map(|(key, value)| key.len() + value.len());
        let metrics = self.metrics.keys().map(|key| key.len() + size_of::<Number>());
        lengths([&self.model_name, &self.model_provider])
            + captured(&self.input)
            + captured(&self.output)
            + metadata.chain(tags).chain(metrics).sum::<usize>()
            + self.failure.as_ref().map_or(0, Failure::bytes)
            + self.more.as_ref().map_or(0, |more| more.bytes())
    }
}

impl More {
    fn add(&mut self, later: Self) {
        match (&mut self.prompt, later.prompt) {
            (Some(prompt), Some(later)) => Arc::make_mut(prompt).add(Arc::unwrap_or_clone(later)),
            (prompt, later) => replace(prompt, later),
        }
        replace(&mut self.tool_definitions, later.tool_definitions);
        for key in later.cost_tags {
            if !self.cost_tags.contains(&key) {
                self.cost_tags.push(key);
            }
        }
        match (&mut self.agent, later.agent) {
            (Some(agent), Some(later)) => agent.add(later),
            (agent, later) => replace(agent, later),
        }
        self.links.extend(later.links);
        replace(&mut self.intent, later.intent);
    }

    fn bytes(&self) -> usize {
        let tools = self.tool_definitions.iter().flat_map(|tools| tools.iter());
        size_of::<Self>()
            + self.prompt.as_ref().map_or(0, share)
            + tools.map(ToolDefinition::bytes).sum::<usize>()
            + self.cost_tags.iter().map(String::len).sum::<usize>()
            + self.agent.as_ref().map_or(0, AgentManifest::bytes)
            + self.links.iter().map(|link| link.trace_id.len() + link.span_id.len()).sum::<usize>()
            + lengths([&self.intent])
    }
}

/// What one of those that hold a prompt is charged for it, beside whoever said it: all spans inside a context share one.
fn share(prompt: &Arc<Prompt>) -> usize {
    prompt.bytes() / Arc::strong_count(prompt).saturating_sub(1).max(1)
}

fn extend<V>(old: &mut BTreeMap<String, V>, new: BTreeMap<String, V>) {
    if old.is_empty() {
        *old = new;
    } else {
        old.extend(new);
    }
}

/// Without what they say, which may be secret.
impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts").finish_non_exhaustive()
    }
}
