//! Shortens what an event says until the event is smaller than the limit.
//!
//! All parts of an event, such as the output, the metadata or the tags, may take the same number of bytes: the largest with which the
//! event fits. So the largest parts are shortened and small ones stay whole. The same rule holds inside a part for its messages and
//! values, and inside these for their texts:
//!
//! - A text loses its middle. Base64 becomes a note of its size, and the text of a JSON array or object stays JSON.
//! - Of a list that is still too long the last messages are kept, and the first documents, tools and links.
//! - Of tags, metrics and metadata the smallest ones are kept.
//!
//! A part that cannot be made small enough is left out. Nothing here runs for an event that fits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter::successors;

use llmobs_capture::serialize;
use llmobs_capture::text::{CUT, MAX_LABEL_BYTES, cut};
use llmobs_capture::value::for_each_string;
use llmobs_providers::{Document, MediaData, Message, ToolDefinition, shortened_json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::dropped::{DROPPED_IO, DROPPED_IO_ERROR};
use super::tags::ClientTags;
use super::{Event, Io, Metadata, Tags, content, json, meta, push_link};
use crate::model::agent::AgentManifest;
use crate::model::captured::Captured;
use crate::model::content::Content;
use crate::model::failure::{Failure, FailureView};
use crate::model::prompt::Prompt;
use crate::model::reference::SpanRef;

/// More bytes than a part has around its content: its name, brackets and commas.
const AROUND: usize = 64;
/// More bytes than all words in `collection_errors` take.
const ERRORS: usize = 256;
/// More bytes than a note takes.
const NOTE: usize = 64;
/// No text is shortened to less than about this many bytes.
const LEAST: usize = 64;
/// No message, document or value is shortened to less than this many bytes while others can be left out.
const LEAST_ITEM: usize = 256;
/// The most bytes of a name, an id or the value of a tag in an event without anything else.
const MAX_SKELETON_LABEL: usize = 1024;

/// Shorter forms of what an event says. What has none is sent as it is.
#[derive(Default)]
pub(super) struct Trimmed {
    /// Whether the event says no more than what it is.
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
    /// What every event has: names, and the tags of the client.
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

    /// What is sent of an event that cannot be made small enough in any other way.
    pub(super) fn skeleton(event: &Event<'_>, client_tags: &ClientTags, limit: usize) -> Self {
        let max = MAX_SKELETON_LABEL.min(limit / 128);
        let text = || Some(Content::Text(DROPPED_IO.to_owned()));
        Self {
            is_skeleton: true,
            tags: Some(client_tags.essential(event.tags, max)),
            input: text(),
            output: text(),
            ..Self::empty(event, max, DROPPED_IO)
        }
    }

    /// Names of at most about `max` bytes, and nothing else but `content` for input and output.
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

    /// Shortens what is largest. `room` is what there is beside the [bare](Self::bare) event.
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
            event.input.map_or(0, |input| input.size()),
            event.output.map_or(0, |output| output.size()),
            event.prompt.map_or(0, |prompt| prompt.size() + ml_app),
            sum_of_sizes(event.tool_definitions),
            event.agent_manifest.map_or(0, |manifest| manifest.size() + span_name),
            sum_of_sizes(event.links),
            event.cost_tags.iter().map(|key| json::escaped_len(key) + "\"\",".len()).sum(),
        ];
        let parts = sizes.iter().filter(|size| **size > 0).count();
        let level = level(&sizes, room.saturating_sub(ERRORS + parts * AROUND));
        // Parts that are too large start from what they are in the bare event, and those that fit are sent as they are.
        let mut trimmed = bare;
        let of_bare = |size: usize| size > level;
        let has_long_kind =
            |bare: &Failure| event.failure.is_some_and(|failure| failure.kind.len() > bare.kind.len());
        trimmed.failure =
            trimmed.failure.filter(|bare| of_bare(failure) || has_long_kind(bare)).map(|bare| {
                let failure = event.failure.and_then(|failure| shorten(&failure.to_failure(), level));
                failure.map_or(bare.clone(), |failure| Failure { kind: bare.kind, ..failure })
            });
        trimmed.tags = match (of_bare(tags), event.tags) {
            (true, _) => {
                let kept = smallest(own_tags, level, |key, value| tag_size(key, value));
                trimmed.tags.map(|tags| tags.into_iter().chain(kept).collect())
            }
            (false, _) => None,
        };
        trimmed.metadata =
            trimmed.metadata.filter(|_| of_bare(metadata)).map(|_| facts(event.metadata, level));
        trimmed.metrics = trimmed
            .metrics
            .filter(|_| of_bare(metrics))
            .map(|_| smallest(event.metrics, level, |name, number| metric_size(name, number)));
        trimmed.input = event.input.filter(|_| of_bare(input)).map(|input| input.shorten(level));
        trimmed.output = event.output.filter(|_| of_bare(output)).map(|output| output.shorten(level));
        trimmed.prompt = trimmed.prompt.filter(|_| of_bare(prompt)).map(|bare| {
            let prompt = event.prompt.and_then(|prompt| shorten(prompt, level.saturating_sub(ml_app)));
            prompt.unwrap_or(bare)
        });
        trimmed.tool_definitions = trimmed
            .tool_definitions
            .filter(|_| of_bare(tool_definitions))
            .map(|_| list(event.tool_definitions, level, Keep::First, |_| None));
        trimmed.agent_manifest = trimmed.agent_manifest.filter(|_| of_bare(agent_manifest)).map(|bare| {
            let room = level.saturating_sub(span_name);
            event.agent_manifest.and_then(|manifest| shorten(manifest, room)).unwrap_or(bare)
        });
        trimmed.links =
            trimmed.links.filter(|_| of_bare(links)).map(|_| list(event.links, level, Keep::First, |_| None));
        trimmed.cost_tags = trimmed.cost_tags.filter(|_| of_bare(cost_tags)).map(|_| {
            let mut room = level;
            let fits = |key: &&String| {
                let left = room.checked_sub(json::escaped_len(key) + "\"\",".len());
                room = left.unwrap_or(room);
                left.is_some()
            };
            event.cost_tags.iter().filter(fits).cloned().collect()
        });
        trimmed
    }

    /// The event with the shorter forms.
    pub(super) fn over<'a>(&'a self, event: &Event<'a>) -> Event<'a> {
        fn short<'a>(short: &'a Option<String>, text: Option<&'a str>) -> Option<&'a str> {
            short.as_deref().or(text)
        }
        Event {
            name: self.name.as_deref().unwrap_or(event.name),
            session_id: short(&self.session_id, event.session_id),
            agent: event.agent.map(|(name, span_id)| (short(&self.agent_name, name), span_id)),
            intent: short(&self.intent, event.intent),
            tool_version: short(&self.tool_version, event.tool_version),
            model_name: short(&self.model_name, event.model_name),
            model_provider: short(&self.model_provider, event.model_provider),
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

    /// What was done to the event, in words for `collection_errors`.
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
            (content().any(is_dropped), DROPPED_IO_ERROR),
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

    /// The text that is shown of what is a text.
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
        short.unwrap_or_else(|| Content::Text(DROPPED_IO.to_owned()))
    }
}

/// Which items of a list are kept where there is no room for all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    First,
    Last,
}

/// A list in at most `room` bytes. `note` makes an item that says how many are left out. Empty if no item fits.
fn list<T: Trim>(items: &[T], room: usize, keep: Keep, note: impl Fn(usize) -> Option<T>) -> Vec<T> {
    let mut room = room.saturating_sub(NOTE + AROUND);
    let sizes: Vec<usize> = items.iter().map(|item| item.size() + 1).collect();
    let level = level(&sizes, room).max(LEAST_ITEM.min(room));
    let mut in_order: Vec<_> = items.iter().zip(sizes).collect();
    if keep == Keep::Last {
        in_order.reverse();
    }
    let mut kept = Vec::new();
    for (item, size) in in_order {
        let (item, size) = if size <= level {
            (Cow::Borrowed(item), size)
        } else {
            let Some(short) = shorten(item, level.saturating_sub(1)) else { continue };
            let size = short.size() + 1;
            (Cow::Owned(short), size)
        };
        let Some(left) = room.checked_sub(size) else { break };
        room = left;
        kept.push(item.into_owned());
    }
    let left_out = items.len() - kept.len();
    if left_out > 0 && !kept.is_empty() {
        kept.extend(note(left_out));
    }
    if keep == Keep::Last {
        kept.reverse();
    }
    kept
}

fn sum_of_sizes<T: Trim>(items: &[T]) -> usize {
    items.iter().map(|item| item.size() + 1).sum()
}

/// A value that can be shortened.
trait Trim: Clone {
    /// Appends it as the event has it.
    fn push(&self, out: &mut String);

    /// Shows `edit` the texts that can lose their middle.
    fn each_text(&mut self, _edit: &mut impl FnMut(&mut String)) {}

    /// A form of about `limit` bytes for where its texts are not what is large.
    fn reduced(&self, _limit: usize) -> Option<Self> {
        None
    }

    /// How many bytes it takes in the event.
    fn size(&self) -> usize {
        length(|out| self.push(out))
    }
}

/// A shorter form of at most `room` bytes.
fn shorten<T: Trim>(item: &T, room: usize) -> Option<T> {
    let mut short = item.clone();
    let mut sizes = Vec::new();
    short.each_text(&mut |text| sizes.push(json::escaped_len(text)));
    let rest = item.size().saturating_sub(sizes.iter().sum());
    let level = level(&sizes, room.saturating_sub(rest));
    if level >= LEAST {
        short.each_text(&mut |text| {
            if json::escaped_len(text) > level {
                *text = shorten_text(text, level);
            }
        });
        if short.size() <= room {
            return Some(short);
        }
    }
    drop(short);
    first_that_fits(room, room, T::size, |limit| item.reduced(limit))
}

/// What `make` makes of about `limit` bytes, half of that, and so on, if it takes at most `room`.
fn first_that_fits<T>(
    room: usize,
    limit: usize,
    size: impl Fn(&T) -> usize,
    make: impl Fn(usize) -> Option<T>,
) -> Option<T> {
    let limits = successors(Some(limit.saturating_sub(NOTE)), |limit| Some(limit / 2));
    limits.take_while(|limit| *limit >= LEAST).filter_map(make).find(|made| size(made) <= room)
}

/// A text of which at most `room` bytes, at least about [`NOTE`], are written.
fn shorten_text(text: &str, room: usize) -> String {
    reduce(text, room.saturating_sub(NOTE)).unwrap_or_default()
}

fn shorten_text_or_json(text: &str, room: usize) -> Option<String> {
    let size = |text: &String| json::escaped_len(text);
    let is_json = text.starts_with(['{', '[']);
    let json = is_json.then(|| {
        let limit = room.saturating_mul(text.len()) / json::escaped_len(text).max(1);
        first_that_fits(room, limit, size, |limit| shortened_json(text, limit))
    });
    let text = || Some(shorten_text(text, room)).filter(|text| room >= LEAST && size(text) <= room);
    json.flatten().or_else(text)
}

/// A value in about `limit` bytes, by the rules of captured values.
fn reduce<T: Serialize + ?Sized, R: DeserializeOwned>(value: &T, limit: usize) -> Option<R> {
    let mut json = String::new();
    serialize(value, limit, &mut json);
    serde_json::from_str(&json).ok()
}

impl Trim for Message {
    fn push(&self, out: &mut String) {
        content::push_message(self, out);
    }

    fn each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        self.for_each_text(edit);
        for part in self.audio_parts.iter_mut().chain(&mut self.image_parts) {
            if let MediaData::Base64(data) = &mut part.data {
                edit(data);
            }
        }
    }

    fn reduced(&self, limit: usize) -> Option<Self> {
        reduce(self, limit).or_else(|| {
            let size = self.size().max(1);
            let part = |count: usize| count.saturating_mul(limit) / size;
            let mut short = self.clone();
            short.tool_calls.truncate(part(short.tool_calls.len()));
            short.tool_results.truncate(part(short.tool_results.len()));
            short.audio_parts.truncate(part(short.audio_parts.len()));
            short.image_parts.truncate(part(short.image_parts.len()));
            short.content = shorten_text(&short.content, limit / 2);
            Some(short)
        })
    }
}

impl Trim for Document {
    fn push(&self, out: &mut String) {
        content::push_document(self, out);
    }

    fn each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        edit(&mut self.text);
        self.name.iter_mut().chain(&mut self.id).for_each(edit);
    }
}

impl Trim for ToolDefinition {
    fn push(&self, out: &mut String) {
        meta::push_tool_definition(self, out);
    }

    fn each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        self.for_each_text(edit);
    }

    fn reduced(&self, limit: usize) -> Option<Self> {
        reduce(self, limit)
    }
}

impl Trim for SpanRef {
    fn push(&self, out: &mut String) {
        push_link(self, out);
    }
}

impl Trim for Value {
    fn push(&self, out: &mut String) {
        json::push_value(self, meta::METADATA_LEVELS, out);
    }

    fn each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        for_each_string(self, edit);
    }

    fn reduced(&self, limit: usize) -> Option<Self> {
        reduce(self, limit)
    }
}

impl Trim for Prompt {
    fn push(&self, out: &mut String) {
        content::push_prompt(self, "", out);
    }

    fn each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        self.for_each_text(edit);
    }

    fn reduced(&self, limit: usize) -> Option<Self> {
        let mut short = Self { tags: None, ..self.clone() };
        short.limit(limit);
        Some(short)
    }
}

/// A prompt by its ids, each of at most about `max` bytes.
fn without_template(prompt: &Prompt, max: usize) -> Prompt {
    let [id, version, label, uuid, version_uuid] =
        [&prompt.id, &prompt.version, &prompt.label, &prompt.uuid, &prompt.version_uuid]
            .map(|text| text.as_deref().map(|text| cut(text, max)));
    Prompt { id, version, label, uuid, version_uuid, ..Prompt::default() }
}

impl Trim for AgentManifest {
    fn push(&self, out: &mut String) {
        meta::push_manifest(self, "", out);
    }

    fn each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        self.for_each_text(edit);
    }

    fn reduced(&self, limit: usize) -> Option<Self> {
        let mut short = Self { model_settings: Map::new(), ..self.clone() };
        short.tools.truncate(self.tools.len().saturating_mul(limit) / self.size().max(1));
        short.limit(limit / 2);
        Some(short)
    }
}

impl Trim for Failure {
    fn push(&self, out: &mut String) {
        meta::push_error(&self.view(), out);
    }

    fn each_text(&mut self, edit: &mut impl FnMut(&mut String)) {
        edit(&mut self.kind);
        edit(&mut self.message);
        edit(&mut self.stack);
    }
}

fn without_texts(failure: &FailureView<'_>, max: usize) -> Failure {
    Failure { kind: cut(failure.kind, max), ..Failure::default() }
}

/// The most bytes that each of several things can have, where all have at most `room` together. Those that are smaller leave the rest
/// to the others.
fn level(sizes: &[usize], room: usize) -> usize {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    let (mut room, mut others) = (room, sizes.len());
    for size in sizes {
        let share = room / others;
        if size > share {
            return share;
        }
        room -= size;
        others -= 1;
    }
    usize::MAX
}

/// The length of what `push` appends.
fn length(push: impl FnOnce(&mut String)) -> usize {
    let mut out = String::new();
    push(&mut out);
    out.len()
}
