//! Folds the items of a stream into one output: pieces of text into one text, the events of a model's answer into its messages, and
//! anything else into a list.

mod anthropic;
mod call;
mod draft;
mod list;
mod openai;
mod room;

use std::fmt;

use serde_json::Value;

use crate::base::kind::Kind;
use draft::Draft;
use list::List;

/// The output of a stream so far. Its size is limited by the budget, not by the length of the stream.
pub(crate) struct Fold {
    limit: usize,
    form: Form,
}

/// The output of a whole stream.
pub(crate) struct Outcome {
    /// Valid JSON, or `None` if there was nothing to show.
    pub(crate) json: Option<String>,
    /// The tokens that the provider counted, under Datadog's names.
    pub(crate) metrics: Vec<(&'static str, u64)>,
}

enum Form {
    /// A text, or the messages of a chat. The first item that can be read decides by which reader.
    Draft(Option<Reader>, Draft),
    List(List),
}

/// Adds an item to the draft if it has the form that this reader knows, and leaves the draft as it is otherwise.
type Reader = fn(&Value, &mut Draft) -> Seen;

const READERS: [Reader; 4] = [text, openai::chunk, anthropic::event, openai::event];

/// What a reader makes of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Read,
    /// The item belongs to such a stream, but has nothing to show. It does not decide which reader is used.
    Skipped,
    Foreign,
}

impl Fold {
    /// Keeps about `limit` bytes of output.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, form: Form::Draft(None, Draft::new(limit)) }
    }

    /// Adds the JSON text of the next item.
    pub(crate) fn push(&mut self, json: &str) {
        let known = match &mut self.form {
            Form::List(list) => return list.push(json),
            // A piece of text that is absent.
            Form::Draft(..) if json == "null" => return,
            Form::Draft(reader, draft) => serde_json::from_str(json).is_ok_and(|item| {
                if let Some(read) = reader {
                    return read(&item, draft) != Seen::Foreign;
                }
                *reader = READERS.into_iter().find(|read| read(&item, draft) == Seen::Read);
                reader.is_some()
            }),
        };
        if !known {
            self.list(json);
        }
    }

    /// Adds the JSON text of an item that is no part of a text or a chat: from now on, this is a list.
    pub(crate) fn list(&mut self, json: &str) {
        if let Form::Draft(_, draft) = &self.form {
            self.form = Form::List(draft.to_list(self.limit));
        }
        if let Form::List(list) = &mut self.form {
            list.push(json);
        }
    }

    /// The output in the form that the kind shows.
    pub(crate) fn finish(self, kind: Kind) -> Outcome {
        match self.form {
            Form::Draft(_, draft) => Outcome { json: draft.to_json(kind), metrics: draft.usage.metrics() },
            Form::List(list) => Outcome { json: Some(list.into_json()), metrics: Vec::new() },
        }
    }
}

/// Without the output, which may be secret.
impl fmt::Debug for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Pieces of one text.
fn text(item: &Value, draft: &mut Draft) -> Seen {
    let Value::String(piece) = item else {
        return Seen::Foreign;
    };
    draft.bare_text(piece);
    Seen::Read
}

/// Reads an event that its `type` names. `None` is for events that show nothing.
fn named(item: &Value, read: impl FnOnce(&str) -> Option<()>) -> Seen {
    match item.get("type") {
        Some(Value::String(name)) => read(name).map_or(Seen::Skipped, |()| Seen::Read),
        _ => Seen::Foreign,
    }
}

/// The text under this key, or an empty one.
fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

fn object<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|value| value.is_object())
}

#[cfg(test)]
mod tests;
