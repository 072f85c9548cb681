//! The attributes of any step, such as the run of an agent or a tool call.

use serde_json::{Map, Value};

use super::{Group, facts, message, structure, value};
use crate::failure::ApiError;
use crate::forms::mcp::McpResult;
use crate::json::Json;
use crate::request::shown;
use crate::response::keep;
use crate::room::Room;
use crate::texts::result_text;
use crate::turn::{Parts, Turn};
use crate::url::is_credential;

/// The data in attributes other than the request and the response of a model.
pub(super) struct Step {
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    pub(super) time_to_first_token: Option<f64>,
    pub(super) metadata: Map<String, Value>,
    /// Why a tool failed, if its result shows it.
    pub(super) error: Option<ApiError>,
}

/// The names of the input of a step that is not a model call, the most exact first. Messages follow.
const INPUT: [&str; 6] = [
    "gen_ai.tool.call.arguments",
    "input.value",
    "tool.parameters",
    "traceloop.entity.input",
    "gen_ai.retrieval.query.text",
    "gen_ai.memory.query.text",
];

/// The names of the output of such a step, after the result of a tool.
const OUTPUT: [&str; 2] = ["output.value", "traceloop.entity.output"];

const INPUT_MESSAGES: [&str; 2] = ["gen_ai.input.messages", "gen_ai.prompt"];
const OUTPUT_MESSAGES: [&str; 2] = ["gen_ai.output.messages", "gen_ai.completion"];

/// Names, ids and numbers that a program sets, and their names in the metadata.
const LABELS: [(&str, &str); 18] = [
    ("gen_ai.tool.call.id", "tool_id"),
    ("tool_call.id", "tool_id"),
    ("gen_ai.tool.type", "tool_type"),
    ("gen_ai.tool.call.outcome", "tool_outcome"),
    ("gen_ai.agent.id", "agent_id"),
    ("gen_ai.agent.name", "agent_name"),
    ("gen_ai.agent.version", "agent_version"),
    ("gen_ai.data_source.id", "data_source_id"),
    ("gen_ai.conversation.id", "conversation_id"),
    ("gen_ai.memory.store.id", "memory_store_id"),
    ("gen_ai.memory.record.id", "memory_record_id"),
    ("gen_ai.memory.record.count", "memory_record_count"),
    ("gen_ai.prompt.name", "prompt_name"),
    ("gen_ai.prompt.version", "prompt_version"),
    ("gen_ai.evaluation.name", "evaluation_name"),
    ("gen_ai.evaluation.score.value", "evaluation_score"),
    ("gen_ai.evaluation.score.label", "evaluation_label"),
    ("tag.tags", "tags"),
];

/// Texts, and their names in the metadata.
const TEXTS: [(&str, &str); 4] = [
    ("gen_ai.tool.description", "tool_description"),
    ("tool.description", "tool_description"),
    ("gen_ai.agent.description", "agent_description"),
    ("gen_ai.evaluation.explanation", "evaluation_explanation"),
];

pub(super) fn read(attributes: &Group<'_>, limit: usize) -> Step {
    let text = |names: &[&str]| {
        let value = Some(attributes.first(names)).filter(|value| !value.is_null())?;
        Some(Room::new(limit).whole(&value::text_of(value)))
    };
    let messages =
        |names: &[&str]| Some(last_text(attributes.first(names), limit)).filter(|text| !text.is_empty());
    // The results of a search are documents.
    let is_search = attributes.str("gen_ai.operation.name") == "search_memory";
    let records = || text(&["gen_ai.memory.records"]).filter(|_| !is_search);
    let (result, error) = returned(attributes.get("gen_ai.tool.call.result"), limit);
    Step {
        input: text(&INPUT).or_else(|| messages(&INPUT_MESSAGES)).or_else(records),
        output: result.or_else(|| text(&OUTPUT)).or_else(|| messages(&OUTPUT_MESSAGES)),
        time_to_first_token: facts::number(attributes.get("gen_ai.response.time_to_first_chunk")),
        metadata: metadata(attributes, limit),
        error,
    }
}

/// Returns whether metadata of this name is not a text that a person or a model wrote.
pub(super) fn is_label(name: &str) -> bool {
    LABELS.iter().any(|(_, label)| *label == name)
}

fn metadata(attributes: &Group<'_>, limit: usize) -> Map<String, Value> {
    let (mut metadata, mut room) = (Map::new(), Room::new(limit));
    let mut put = |name: &str, value: &Json<'_>| {
        if !value.is_null()
            && let Some(value) = keep(shown(value), &mut room)
        {
            metadata.insert(name.to_owned(), value);
        }
    };
    let own = attributes.structure("metadata");
    for (name, value) in own.fields().iter().filter(|(name, _)| !is_credential(name)) {
        put(name, value);
    }
    for (found, name) in LABELS {
        put(name, &attributes.structure(found));
    }
    for (found, name) in TEXTS {
        put(name, attributes.get(found));
    }
    metadata
}

/// Returns the result of a tool, and why it failed: the texts of an MCP server's result or of a list of parts, or any other value
/// unchanged.
fn returned(value: &Json<'_>, limit: usize) -> (Option<String>, Option<ApiError>) {
    if value.is_null() {
        return (None, None);
    }
    let result = structure(value);
    if let Some(result) = McpResult::read(&result, limit) {
        let text = result.result.result;
        let error = result.is_error.then(|| ApiError::of_text(&text).with_kind("tool_error"));
        return (Some(text), error);
    }
    let are_parts = |items: &[Json<'_>]| items.iter().all(|part| !part.str("type").is_empty());
    let text = match result.as_ref() {
        Json::Array(parts) if are_parts(parts) => result_text(&result),
        // JSON in a text stays as written.
        _ => result_text(&Json::Text(value::text_of(value))),
    };
    (Some(Room::new(limit).whole(&text)), None)
}

/// Returns the text of the last message that has one, without thoughts. If none has one, returns the JSON of all messages.
fn last_text(value: &Json<'_>, limit: usize) -> String {
    let given = structure(value);
    let messages = value::messages(&given).unwrap_or_default();
    let text_of = |message: &Json<'_>| {
        let (mut parts, mut room, mut messages) = (Parts::default(), Room::new(limit), Vec::new());
        message::read(message, &mut Turn::new(&mut parts, &mut room));
        parts.into_messages(false, &mut messages);
        let texts = messages.into_iter().filter(|message| message.role != "reasoning");
        texts.map(|message| message.content).rfind(|text| !text.is_empty())
    };
    match messages.iter().rev().find_map(text_of) {
        Some(text) => text,
        None if value.is_null() => String::new(),
        None => Room::new(limit).whole(&value::text_of(value)),
    }
}
