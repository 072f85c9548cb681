//! Shorter forms of messages, documents, values and texts.

use std::borrow::Cow;
use std::iter::successors;

use llmobs_capture::serialize;
use llmobs_capture::value::for_each_string;
use llmobs_providers::json::Json;
use llmobs_providers::{Document, MediaData, Message, ToolDefinition};
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{content, json, meta, push_link};
use crate::model::agent::AgentManifest;
use crate::model::failure::Failure;
use crate::model::prompt::Prompt;
use crate::model::reference::SpanRef;

/// An upper bound of the bytes of a note.
pub(super) const NOTE: usize = 64;
/// An upper bound of the bytes that an item has around a note.
const AROUND_NOTE: usize = 64;
/// Texts are not shortened to less than about this many bytes.
const LEAST: usize = 64;
/// Messages, documents and values are not shortened to less than this many bytes while others can be left out.
pub(super) const LEAST_ITEM: usize = 256;

/// A value that can be shortened.
pub(super) trait Trim: Clone {
    /// Appends the value as the event holds it.
    fn push(&self, out: &mut String);

    /// Calls `edit` with each text that can lose its middle.
    fn each_text(&mut self, _edit: &mut impl FnMut(&mut String)) {}

    /// Returns a form of about `limit` bytes, for values that are large for another reason than their texts.
    fn reduced(&self, _limit: usize) -> Option<Self> {
        None
    }

    /// Returns how many bytes the value takes in the event.
    fn size(&self) -> usize {
        length(|out| self.push(out))
    }
}

/// Returns a shorter form of at most `room` bytes.
pub(super) fn shorten<T: Trim>(item: &T, room: usize) -> Option<T> {
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

/// Calls `make` with about `limit` bytes, half of that, and so on, until the result takes at most `room` bytes.
fn first_that_fits<T>(
    room: usize,
    limit: usize,
    size: impl Fn(&T) -> usize,
    make: impl Fn(usize) -> Option<T>,
) -> Option<T> {
    let limits = successors(Some(limit.saturating_sub(NOTE)), |limit| Some(limit / 2));
    limits.take_while(|limit| *limit >= LEAST).filter_map(make).find(|made| size(made) <= room)
}

/// Shortens a text to at most `room` bytes as written, or to about [`NOTE`] bytes if that is more.
fn shorten_text(text: &str, room: usize) -> String {
    reduce(text, room.saturating_sub(NOTE)).unwrap_or_default()
}

pub(super) fn shorten_text_or_json(text: &str, room: usize) -> Option<String> {
    let size = |text: &String| json::escaped_len(text);
    let json = if text.starts_with(['{', '[']) { Json::read(text) } else { None };
    let json = json.and_then(|json| {
        // Quotes in the text are escaped.
        let limit = room.saturating_mul(text.len()) / json::escaped_len(text).max(1);
        first_that_fits(room, limit, size, |limit| {
            let mut short = String::new();
            serialize(&InOrder(&json), limit, &mut short);
            Some(short)
        })
    });
    let text = || Some(shorten_text(text, room)).filter(|text| room >= LEAST && size(text) <= room);
    json.or_else(text)
}

/// JSON that keeps the order of its fields.
struct InOrder<'a>(&'a Json<'a>);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (key, InOrder(value))))
            }
            Json::Array(items) => serializer.collect_seq(items.iter().map(InOrder)),
            Json::Text(text) => serializer.serialize_str(text),
            other => other.to_value().serialize(serializer),
        }
    }
}

/// Reduces a value to about `limit` bytes, by the rules of captured values.
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

/// The key of a tag, which is sent whole or not at all.
impl Trim for String {
    fn push(&self, out: &mut String) {
        json::push_string(self, out);
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

/// Which items of a list are kept if not all of them fit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    First,
    Last,
}

/// Shortens a list to at most `room` bytes. `note` makes an item with the number of omitted items. The list is empty if no item fits.
pub(super) fn list<T: Trim>(
    items: &[T],
    room: usize,
    keep: Keep,
    note: impl Fn(usize) -> Option<T>,
) -> Vec<T> {
    let mut room = room.saturating_sub(NOTE + AROUND_NOTE);
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

pub(super) fn sum_of_sizes<T: Trim>(items: &[T]) -> usize {
    items.iter().map(|item| item.size() + 1).sum()
}

/// Returns the most bytes that each of several parts can have, so that all together take at most `room`. Smaller parts leave the rest to
/// the others.
pub(super) fn level(sizes: &[usize], room: usize) -> usize {
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
pub(super) fn length(push: impl FnOnce(&mut String)) -> usize {
    let mut out = String::new();
    push(&mut out);
    out.len()
}
