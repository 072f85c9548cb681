//! Shortens the parts of an event until the event is smaller than the limit.
//!
//! All parts of an event, such as the output, the metadata or the tags, get the same limit: the largest number of bytes with which the
//! event fits. So the largest parts are shortened, and small ones stay whole. The same rule applies inside a part to its messages and
//! values, and inside these to their texts:
//!
//! - A text loses its middle. Base64 is replaced by a note of its size, and the text of a JSON array or object stays JSON.
//! - A list that is still too long keeps its last messages, or its first documents, tools and links.
//! - Tags, metrics and metadata keep their smallest entries.
//!
//! A part that cannot be made small enough is left out. None of this runs for an event that fits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use llmobs_capture::text::{CUT, MAX_LABEL_BYTES, cut};
use llmobs_providers::{Document, Message, ToolDefinition};
use serde_json::{Number, Value};

use super::dropped::{DROPPED_IO, DROPPED_IO_ERROR};
use super::shorten::{
    Keep, LEAST_ITEM, NOTE, Trim, length, level, list, shorten, shorten_text_or_json, sum_of_sizes,
};
use super::tags::ClientTags;
use super::{Event, Io, Metadata, Tags, json, meta};
use crate::model::agent::AgentManifest;
use crate::model::captured::Captured;
use crate::model::content::Content;
use crate::model::failure::{Failure, FailureView};
use crate::model::prompt::Prompt;
use crate::model::reference::SpanRef;

/// With less room than this, nothing useful of an event can be shown.
pub(super) const LEAST_ROOM: usize = 512;
/// An upper bound of the bytes around the content of a part: its name, brackets and commas.
const AROUND: usize = 64;
/// An upper bound of the bytes of all entries in `collection_errors`.
const ERRORS: usize = 256;
/// The most bytes of a name, an id or the value of a tag in an event without anything else.
const MAX_SKELETON_LABEL: usize = 1024;

/// Shorter forms of the parts of an event. A part without one is sent as it is.
#[derive(Default)]
pub(super) struct Trimmed {
    /// Whether the event is reduced to a [skeleton](Self::skeleton).
    is_skeleton: bool,
    name: Option<String>,
    session_id: Option<String>,
    agent_name: Option<String>,
    intent: Option<String>,
    tool_version: Option<String>,
    model_name: Option<String>,
    model_provider: Option<String>,
    failure: Option<Failure>,
    tags: Option<BTreeMap<String, String>>,
    metadata: Option<BTreeMap<String, Captured>>,
    metrics: Option<BTreeMap<String, Number>>,
    input: Option<Content>,
    output: Option<Content>,
    prompt: Option<Prompt>,
    tool_definitions: Option<Vec<ToolDefinition>>,
    agent_manifest: Option<AgentManifest>,
    links: Option<Vec<SpanRef>>,
    cost_tags: Option<Vec<String>>,
}

impl Trimmed {
    /// Returns the parts that every event has: names, and the tags of the client.
    pub(super) fn bare(event: &Event<'_>, client_tags: &ClientTags) -> Self {
        let tags = match event.tags {
            Tags::Client { own, .. } if own.is_empty() => None,
            Tags::Client { .. } => Some(BTreeMap::new()),
            Tags::All(tags) => {
                let is_known = |(key, value): &(&String, &String)| {
                    client_tags.has(key) && value.len() <= MAX_LABEL_BYTES
                };
                let known = tags.iter().filter(is_known);
                Some(known.map(|(key, value)| (key.clone(), value.clone())).collect())
            }
        };
        Self { tags, ..Self::empty(event, MAX_LABEL_BYTES, "") }
    }

    /// Returns everything except input and output, for a limit so small that nothing useful of them remains.
    pub(super) fn without_io() -> Self {
        Self { input: Some(dropped()), output: Some(dropped()), ..Self::default() }
    }

    /// Returns the form of an event that cannot be made small enough in any other way.
    pub(super) fn skeleton(event: &Event<'_>, client_tags: &ClientTags, limit: usize) -> Self {
        let max = MAX_SKELETON_LABEL.min(limit / 128);
        Self {
            is_skeleton: true,
            tags: Some(client_tags.essential(event.tags, max)),
            input: Some(dropped()),
            output: Some(dropped()),
            ..Self::empty(event, max, DROPPED_IO)
        }
    }

    /// Returns names of at most about `max` bytes, and nothing else except `content` for input and output.
    fn empty(event: &Event<'_>, max: usize, content: &str) -> Self {
        let short = |text: &str| (text.len() > max).then(|| cut(text, max));
        let content = |io: Option<Io<'_>>| io.map(|_| Content::Text(content.to_owned()));
        let (agent_name, _) = event.agent.unzip();
        Self {
            is_skeleton: false,
            name: short(event.name),
            session_id: event.session_id.and_then(short),
            agent_name: agent_name.flatten().and_then(short),
            intent: event.intent.and_then(short),
            tool_version: event.tool_version.and_then(short),
            model_name: event.model_name.and_then(short),
            model_provider: event.model_provider.and_then(short),
            failure: event.failure.map(|failure| without_texts(&failure, max)),
            tags: None,
            metadata: (!event.metadata.is_empty()).then(BTreeMap::new),
            metrics: (!event.metrics.is_empty()).then(BTreeMap::new),
            input: content(event.input),
            output: content(event.output),
            prompt: event.prompt.map(|prompt| without_template(prompt, max)),
            tool_definitions: (!event.tool_definitions.is_empty()).then(Vec::new),
            agent_manifest: event.agent_manifest.map(|_| AgentManifest::new()),
            links: (!event.links.is_empty()).then(Vec::new),
            cost_tags: (!event.cost_tags.is_empty()).then(Vec::new),
        }
    }

    /// Shortens the largest parts. `room` is the size available to them in addition to the [bare](Self::bare) event.
    pub(super) fn within(room: usize, event: &Event<'_>, bare: Self, ml_app: &str) -> Self {
        let own_tags: Vec<_> = event.own_tags(&bare).collect();
        let ml_app = 2 * json::escaped_len(ml_app);
        let span_name = json::escaped_len(event.name);
        let sizes @ [
            failure,
            tags,
            metadata,
            metrics,
            input,
            output,
            prompt,
            tool_definitions,
            agent_manifest,
            links,
            cost_tags,
        ] = [
            event.failure.map_or(0, |failure| length(|out| meta::push_error(&failure, out))),
            own_tags.iter().map(|(key, value)| tag_size(key, value)).sum(),
            event.metadata.facts().map(|(name, fact)| fact.size(name)).sum(),
            event.metrics.iter().map(|(name, number)| metric_size(name, number)).sum(),
            event.input.map_or(0, Io::size),
            event.output.map_or(0, Io::size),
            event.prompt.map_or(0, |prompt| prompt.size() + ml_app),
            sum_of_sizes(event.tool_definitions),
            event.agent_manifest.map_or(0, |manifest| manifest.size() + span_name),
            sum_of_sizes(event.links),
            sum_of_sizes(event.cost_tags),
        ];
        let parts = sizes.iter().filter(|size| **size > 0).count();
        let level = level(&sizes, room.saturating_sub(ERRORS + parts * AROUND));
        // Parts that fit are sent unchanged. Parts that cannot be shortened stay as they are in the bare event.
        let mut trimmed = bare;
        let is_large = |size: usize| size > level;
        let has_long_kind =
            |bare: &Failure| event.failure.is_some_and(|failure| failure.kind.len() > bare.kind.len());
        trimmed.failure =
            trimmed.failure.filter(|bare| is_large(failure) || has_long_kind(bare)).map(|bare| {
                let failure = event.failure.and_then(|failure| shorten(&failure.to_failure(), level));
                failure.map_or(bare.clone(), |failure| Failure { kind: bare.kind, ..failure })
            });
        trimmed.tags = trimmed.tags.filter(|_| is_large(tags)).map(|mut tags| {
            tags.extend(smallest(own_tags, level, |key, value| tag_size(key, value)));
            tags
        });
        trimmed.metadata = is_large(metadata).then(|| facts(event.metadata, level));
        trimmed.metrics = is_large(metrics).then(|| smallest(event.metrics, level, metric_size));
        trimmed.input = event.input.filter(|_| is_large(input)).map(|input| input.shorten(level));
        trimmed.output = event.output.filter(|_| is_large(output)).map(|output| output.shorten(level));
        trimmed.prompt = trimmed.prompt.filter(|_| is_large(prompt)).map(|bare| {
            let prompt = event.prompt.and_then(|prompt| shorten(prompt, level.saturating_sub(ml_app)));
            prompt.unwrap_or(bare)
        });
        trimmed.agent_manifest = trimmed.agent_manifest.filter(|_| is_large(agent_manifest)).map(|bare| {
            let room = level.saturating_sub(span_name);
            event.agent_manifest.and_then(|manifest| shorten(manifest, room)).unwrap_or(bare)
        });
        trimmed.tool_definitions = first_items(event.tool_definitions, is_large(tool_definitions), level);
        trimmed.links = first_items(event.links, is_large(links), level);
        trimmed.cost_tags = first_items(event.cost_tags, is_large(cost_tags), level);
        trimmed
    }

    /// The event with the shorter forms.
    pub(super) fn over<'a>(&'a self, event: &Event<'a>) -> Event<'a> {
        Event {
            name: self.name.as_deref().unwrap_or(event.name),
            session_id: self.session_id.as_deref().or(event.session_id),
            agent: event.agent.map(|(name, span_id)| (self.agent_name.as_deref().or(name), span_id)),
            intent: self.intent.as_deref().or(event.intent),
            tool_version: self.tool_version.as_deref().or(event.tool_version),
            model_name: self.model_name.as_deref().or(event.model_name),
            model_provider: self.model_provider.as_deref().or(event.model_provider),
            failure: self.failure.as_ref().map(Failure::view).or(event.failure),
            tags: match (&self.tags, event.tags) {
                (None, tags) => tags,
                (Some(own), Tags::Client { ml_app, attribute, agent_version, .. }) if !self.is_skeleton => {
                    Tags::Client { ml_app, attribute, agent_version, own }
                }
                (Some(all), _) => Tags::All(all),
            },
            metadata: self.metadata.as_ref().map_or(event.metadata, Metadata::Captured),
            metrics: self.metrics.as_ref().unwrap_or(event.metrics),
            input: self.input.as_ref().map(Io::Content).or(event.input),
            output: self.output.as_ref().map(Io::Content).or(event.output),
            prompt: self.prompt.as_ref().or(event.prompt).filter(|_| !self.is_skeleton),
            tool_definitions: self.tool_definitions.as_deref().unwrap_or(event.tool_definitions),
            agent_manifest: self.agent_manifest.as_ref().or(event.agent_manifest),
            links: self.links.as_deref().unwrap_or(event.links),
            cost_tags: self.cost_tags.as_deref().unwrap_or(event.cost_tags),
            ..*event
        }
    }

    /// Returns the entries in `collection_errors` for what was done to the event.
    pub(super) fn errors(&self, event: &Event<'_>) -> Vec<&'static str> {
        let left_out = event.left_out;
        let content = || self.input.iter().chain(&self.output);
        let names = [
            &self.name,
            &self.session_id,
            &self.agent_name,
            &self.intent,
            &self.tool_version,
            &self.model_name,
            &self.model_provider,
        ];
        let metadata = self.metadata.is_some() || self.agent_manifest.is_some() || self.cost_tags.is_some();
        let done = [
            (content().any(is_dropped) || left_out.content, DROPPED_IO_ERROR),
            (content().any(|content| !is_dropped(content)), "trimmed_io"),
            (self.prompt.is_some(), "trimmed_prompt"),
            (metadata || left_out.metadata > 0, "trimmed_metadata"),
            (self.tags.is_some() || left_out.tags > 0, "trimmed_tags"),
            (self.metrics.is_some() || left_out.metrics > 0, "trimmed_metrics"),
            (self.tool_definitions.is_some(), "trimmed_tool_definitions"),
            (self.links.is_some() || left_out.links > 0, "trimmed_span_links"),
            (self.failure.is_some(), "trimmed_error"),
            (names.into_iter().any(Option::is_some), "trimmed_names"),
        ];
        done.into_iter().filter(|(is_done, _)| *is_done).map(|(_, word)| word).collect()
    }
}

/// Returns the content that replaces a dropped input or output.
fn dropped() -> Content {
    Content::Text(DROPPED_IO.to_owned())
}

fn is_dropped(content: &Content) -> bool {
    matches!(content, Content::Text(text) if text == DROPPED_IO)
}

impl<'a> Event<'a> {
    /// The tags that are not among those of the bare event.
    fn own_tags<'e>(
        &self,
        bare: &'e Trimmed,
    ) -> impl Iterator<Item = (&'a String, &'a String)> + use<'a, 'e> {
        let (Tags::All(tags) | Tags::Client { own: tags, .. }) = self.tags;
        tags.iter().filter(|(key, _)| bare.tags.as_ref().is_none_or(|bare| !bare.contains_key(*key)))
    }
}

impl<'a> Metadata<'a> {
    fn is_empty(self) -> bool {
        match self {
            Self::Captured(facts) => facts.is_empty(),
            Self::Values(facts) => facts.is_empty(),
        }
    }

    fn facts(self) -> Box<dyn Iterator<Item = (&'a String, Fact<'a>)> + 'a> {
        let all: Box<dyn Iterator<Item = _>> = match self {
            Self::Captured(facts) => Box::new(facts.iter().map(|(name, fact)| (name, Fact::Captured(fact)))),
            Self::Values(facts) => Box::new(facts.iter().map(|(name, fact)| (name, Fact::Value(fact)))),
        };
        Box::new(all.filter(|(name, _)| *name != meta::RESERVED))
    }
}

/// One value in metadata.
#[derive(Clone, Copy)]
enum Fact<'a> {
    Captured(&'a Captured),
    Value(&'a Value),
}

impl Fact<'_> {
    fn size(self, name: &str) -> usize {
        let value = length(|out| match self {
            Self::Captured(value) => json::push_captured(value.json(), meta::METADATA_LEVELS, out),
            Self::Value(value) => value.push(out),
        });
        json::escaped_len(name) + "\"\":,".len() + value
    }

    fn to_captured(self) -> Captured {
        match self {
            Self::Captured(value) => value.clone(),
            Self::Value(value) => Captured::value(value.to_string()),
        }
    }

    /// In at most `room` bytes.
    fn shorten(self, room: usize) -> Option<Captured> {
        let value = match self {
            Self::Captured(value) => Cow::Owned(value.parse()),
            Self::Value(value) => Cow::Borrowed(value),
        };
        Some(Captured::value(shorten(&*value, room)?.to_string()))
    }
}

/// Metadata in at most `room` bytes.
fn facts(metadata: Metadata<'_>, room: usize) -> BTreeMap<String, Captured> {
    let mut all: Vec<_> = metadata.facts().map(|(name, fact)| (name, fact, fact.size(name))).collect();
    all.sort_by_key(|(_, _, size)| *size);
    let mut room = room.saturating_sub(NOTE);
    let sizes: Vec<usize> = all.iter().map(|(_, _, size)| *size).collect();
    let level = level(&sizes, room).max(LEAST_ITEM.min(room));
    let mut kept = BTreeMap::new();
    for (name, fact, size) in all {
        let (fact, size) = if size <= level {
            (fact.to_captured(), size)
        } else {
            let around = json::escaped_len(name) + "\"\":,".len();
            let Some(short) = level.checked_sub(around).and_then(|room| fact.shorten(room)) else { continue };
            let size = Fact::Captured(&short).size(name);
            (short, size)
        };
        if let Some(left) = room.checked_sub(size) {
            room = left;
            kept.insert(name.clone(), fact);
        }
    }
    let all = sizes.len();
    if kept.len() < all {
        let note = format!("\"[{} of {all} keys left out]\"", all - kept.len());
        kept.insert(CUT.to_owned(), Captured::value(note));
    }
    kept
}

/// The first items of a list that is too large, in at most `room` bytes.
fn first_items<T: Trim>(items: &[T], is_large: bool, room: usize) -> Option<Vec<T>> {
    is_large.then(|| list(items, room, Keep::First, |_| None))
}

/// The smallest entries that fit into `room` bytes together.
fn smallest<'a, V: Clone + 'a>(
    entries: impl IntoIterator<Item = (&'a String, &'a V)>,
    room: usize,
    size: impl Fn(&str, &V) -> usize,
) -> BTreeMap<String, V> {
    let mut room = room;
    let mut entries: Vec<_> =
        entries.into_iter().map(|(key, value)| (size(key, value), key, value)).collect();
    entries.sort_by_key(|(size, _, _)| *size);
    let fits = |(size, _, _): &(usize, &String, &V)| {
        let left = room.checked_sub(*size);
        room = left.unwrap_or_default();
        left.is_some()
    };
    entries.into_iter().take_while(fits).map(|(_, key, value)| (key.clone(), value.clone())).collect()
}

fn tag_size(key: &str, value: &str) -> usize {
    json::escaped_len(key) + json::escaped_len(value) + "\":\",".len()
}

fn metric_size(name: &str, number: &Number) -> usize {
    json::escaped_len(name) + "\"\":,".len() + length(|out| json::push_number(number, out))
}

impl Io<'_> {
    fn size(self) -> usize {
        match self {
            Self::Json(_) | Self::Content(Content::Text(_)) => json::escaped_len(&self.text()),
            Self::Content(Content::Messages(messages)) => sum_of_sizes(messages),
            Self::Content(Content::Documents(documents)) => sum_of_sizes(documents),
        }
    }

    /// Returns the text of an input or output that is shown as text.
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Json(json) if json.starts_with('"') => {
                serde_json::from_str(json).map_or(Cow::Borrowed(*json), Cow::Owned)
            }
            Self::Json(text) => Cow::Borrowed(text),
            Self::Content(Content::Text(text)) => Cow::Borrowed(text),
            Self::Content(_) => Cow::Borrowed(""),
        }
    }

    /// In at most `room` bytes, or the note that it was dropped.
    fn shorten(self, room: usize) -> Content {
        let short = match self {
            Self::Json(_) | Self::Content(Content::Text(_)) => {
                shorten_text_or_json(&self.text(), room).map(Content::Text)
            }
            Self::Content(Content::Messages(messages)) => {
                let note = |count| Some(Message::new("", format!("… [{count} older messages left out] …")));
                Some(Content::Messages(list(messages, room, Keep::Last, note)))
            }
            Self::Content(Content::Documents(documents)) => {
                let note = |count| Some(Document::new(format!("… [{count} more documents left out] …")));
                Some(Content::Documents(list(documents, room, Keep::First, note)))
            }
        };
        let short = short.filter(|content| !content.is_empty());
        short.unwrap_or_else(dropped)
    }
}

fn without_texts(failure: &FailureView<'_>, max: usize) -> Failure {
    Failure { kind: cut(failure.kind, max), ..Failure::default() }
}

/// A prompt by its ids, each of at most about `max` bytes.
fn without_template(prompt: &Prompt, max: usize) -> Prompt {
    let [id, version, label, uuid, version_uuid] =
        [&prompt.id, &prompt.version, &prompt.label, &prompt.uuid, &prompt.version_uuid]
            .map(|text| text.as_deref().map(|text| cut(text, max)));
    Prompt { id, version, label, uuid, version_uuid, ..Prompt::default() }
}
