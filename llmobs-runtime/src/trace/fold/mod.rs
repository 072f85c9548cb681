//! Folds the items of a stream into one output: pieces of text into one text, the events of a model's response into the response, and
//! anything else into a list.

mod list;

use std::fmt;

use llmobs_providers::{Message, Response, ResponseReader};

use crate::base::kind::Kind;
use list::List;

/// The output of a stream so far. Its size is limited by the budget, not by the length of the stream.
pub(crate) struct Fold {
    limit: usize,
    form: Form,
}

/// The output of a whole stream.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Valid JSON, or `None` if there was nothing to show.
    pub(crate) json: Option<String>,
    /// The response of a model.
    pub(crate) response: Response,
}

enum Form {
    /// A text, or the response of a model.
    Answer(Box<ResponseReader>),
    /// Unchanged items, and the response that came before the first item of another form.
    List(List, Box<Response>),
}

impl Fold {
    /// Keeps about `limit` bytes of output.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, form: Form::Answer(Box::new(ResponseReader::new().limit(limit))) }
    }

    /// Adds the JSON text of the next item. Returns whether it has content, and not only the frame of a response.
    pub(crate) fn push(&mut self, json: &str) -> bool {
        match &mut self.form {
            // A missing piece of text.
            Form::Answer(_) if json == "null" => false,
            Form::Answer(reader) => match reader.push_event(json) {
                Some(progress) => progress.has_content,
                None => self.list(json),
            },
            Form::List(..) => self.list(json),
        }
    }

    /// Adds the JSON text of an item that is not part of a text or response: from now on, the output is a list.
    pub(crate) fn list(&mut self, json: &str) -> bool {
        if let Form::Answer(reader) = &mut self.form {
            let reader = std::mem::take(&mut **reader);
            let is_text = reader.is_text();
            let mut response = reader.finish();
            let mut list = List::new(self.limit);
            for message in std::mem::take(&mut response.messages) {
                list.push(&to_json(&message, is_text));
            }
            self.form = Form::List(list, Box::new(response));
        }
        if let Form::List(list, _) = &mut self.form {
            list.push(json);
        }
        true
    }

    /// Returns the output in the form that the kind shows.
    pub(crate) fn finish(self, kind: Kind) -> Outcome {
        match self.form {
            Form::List(list, response) => Outcome { json: Some(list.into_json()), response: *response },
            Form::Answer(reader) => {
                let is_text = reader.is_text();
                let mut response = reader.finish();
                let json = match std::mem::take(&mut response.messages).as_slice() {
                    [] => None,
                    [only] if is_text || kind != Kind::Llm && only.tool_calls.is_empty() => {
                        Some(to_json(only, true))
                    }
                    messages => serde_json::to_string(messages).ok(),
                };
                Outcome { json, response }
            }
        }
    }
}

/// A message, or its text alone.
fn to_json(message: &Message, is_text: bool) -> String {
    let json = if is_text { serde_json::to_string(&message.content) } else { serde_json::to_string(message) };
    json.unwrap_or_default()
}

/// Omits the output, which may be secret.
impl fmt::Debug for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
