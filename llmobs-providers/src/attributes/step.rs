//! What attributes say of any step, such as the run of an agent or the call of a tool.

use serde_json::{Map, Value};

use super::{Group, structure};
use crate::json::Json;
use crate::request::shown;
use crate::room::Room;
use crate::turn::{Parts, Turn};

/// What attributes say beside a request and an answer of a model.
pub(super) struct Step {
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    pub(super) time_to_first_token: Option<f64>,
    pub(super) metadata: Map<String, Value>,
}

/// The names of the input of a step that is no call of a model, the most exact first.
const INPUT: [&str; 6] = [
    "gen_ai.tool.call.arguments",
    "input.value",
    "traceloop.entity.input",
    "gen_ai.retrieval.query.text",
    "gen_ai.input.messages",
    "gen_ai.prompt",
];

/// The names of its output.
const OUTPUT: [&str; 5] = [
    "gen_ai.tool.call.result",
    "output.value",
    "traceloop.entity.output",
    "gen_ai.output.messages",
    "gen_ai.completion",
];

/// Names and ids that a program gives, and their names in the metadata.
const LABELS: [(&str, &str); 8] = [
    ("gen_ai.tool.call.id", "tool_id"),
    ("tool_call.id", "tool_id"),
    ("gen_ai.tool.type", "tool_type"),
    ("gen_ai.tool.call.outcome", "tool_outcome"),
    ("gen_ai.agent.id", "agent_id"),
    ("gen_ai.agent.name", "agent_name"),
    ("gen_ai.data_source.id", "data_source_id"),
    ("gen_ai.conversation.id", "conversation_id"),
];

/// Texts, and their names in the metadata.
const TEXTS: [(&str, &str); 3] = [
    ("gen_ai.tool.description", "tool_description"),
    ("tool.description", "tool_description"),
    ("gen_ai.agent.description", "agent_description"),
];

impl Step {
    pub(super) fn is_empty(&self) -> bool {
        let Self { input, output, time_to_first_token, metadata } = self;
        input.is_none() && output.is_none() && time_to_first_token.is_none() && metadata.is_empty()
    }
}

pub(super) fn read(attributes: &Group<'_>, limit: usize) -> Step {
    let text = |names: &[&str]| {
        let value = names.iter().map(|name| attributes.get(name)).find(|value| !value.is_null())?;
        Some(text_of(value, limit)).filter(|text| !text.is_empty())
    };
    let mut metadata = Map::new();
    for (found, name) in LABELS.into_iter().chain(TEXTS) {
        let value = attributes.get(found);
        if !value.is_null() {
            metadata.insert(name.to_owned(), shown(value));
        }
    }
    for (name, value) in attributes.structure("metadata").fields() {
        metadata.insert(name.to_string(), shown(value));
    }
    Step {
        input: text(&INPUT),
        output: text(&OUTPUT),
        time_to_first_token: seconds(attributes.get("gen_ai.response.time_to_first_chunk")),
        metadata,
    }
}

/// Whether metadata of this name is no text that a person or a model wrote.
pub(super) fn is_label(name: &str) -> bool {
    LABELS.iter().any(|(_, label)| *label == name)
}

/// A value as a text. Of messages it is what the last one says.
fn text_of(value: &Json<'_>, limit: usize) -> String {
    let mut room = Room::new(limit);
    let messages = structure(value);
    if let Some(last) = messages.items().last().filter(|message| message.has("role")) {
        let mut parts = Parts::default();
        super::otel::message(last, &mut Turn::new(&mut parts, &mut room));
        let mut said = Vec::new();
        parts.into_messages(false, &mut said);
        if let Some(message) = said.into_iter().find(|message| !message.content.is_empty()) {
            return message.content;
        }
    }
    match value {
        Json::Text(text) => room.whole(text),
        other => room.whole(&other.to_text()),
    }
}

/// A duration, which may be a text.
fn seconds(value: &Json<'_>) -> Option<f64> {
    let text = match value {
        Json::Number(text) => text,
        value => value.as_str()?,
    };
    text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}
