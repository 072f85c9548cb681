//! Input and output: texts, messages, documents, and the prompt that an input was made from.

use super::{MAX_META_DEPTH, json};
use llmobs_providers::{Document, MediaData, MediaPart, Message, ToolCall, ToolResult};

use crate::model::content::Content;
use crate::model::prompt::{Prompt, PromptTemplate, TemplateMessage};

/// The input or the output of a span.
#[derive(Clone, Copy)]
pub(crate) enum Io<'a> {
    /// The captured JSON text of a value that is shown as a text: a string as it is, any other value as its JSON text.
    Json(&'a str),
    /// Content in typed form.
    Content(&'a Content),
}

impl Io<'_> {
    /// A lower bound of the length of its JSON text.
    pub(super) fn min_bytes(&self) -> usize {
        match self {
            Self::Json(json) => json.len(),
            Self::Content(Content::Text(text)) => text.len(),
            Self::Content(Content::Messages(messages)) => {
                let results = |message: &Message| {
                    message.tool_results.iter().map(|result| result.result.len()).sum::<usize>()
                };
                messages.iter().map(|message| message.content.len() + results(message)).sum()
            }
            Self::Content(Content::Documents(documents)) => {
                documents.iter().map(|document| document.text.len()).sum()
            }
        }
    }

    /// Appends its only field in the wire format.
    pub(super) fn push(self, out: &mut String) {
        match self {
            Self::Json(json) => {
                out.push_str("\"value\":");
                json::push_captured_text(json, out);
            }
            Self::Content(Content::Text(text)) => {
                out.push_str("\"value\":");
                json::push_string(text, out);
            }
            Self::Content(Content::Messages(messages)) => {
                out.push_str("\"messages\":");
                json::push_array(messages, out, push_message);
            }
            Self::Content(Content::Documents(documents)) => {
                out.push_str("\"documents\":");
                json::push_array(documents, out, push_document);
            }
        }
    }
}

pub(super) fn push_message(message: &Message, out: &mut String) {
    out.push_str("{\"role\":");
    json::push_string(&message.role, out);
    out.push_str(",\"content\":");
    json::push_string(&message.content, out);
    let given = message.empty_lists;
    push_list("tool_calls", &message.tool_calls, given.tool_calls, out, push_tool_call);
    push_list("tool_results", &message.tool_results, given.tool_results, out, push_tool_result);
    push_list("audio_parts", &message.audio_parts, given.audio_parts, out, push_media_part);
    push_list("image_parts", &message.image_parts, given.image_parts, out, push_media_part);
    out.push('}');
}

/// Appends a list as a field, unless it is empty and was not given.
fn push_list<T>(key: &str, items: &[T], is_given: bool, out: &mut String, push: fn(&T, &mut String)) {
    if is_given || !items.is_empty() {
        json::push_key(key, out);
        json::push_array(items, out, push);
    }
}

fn push_tool_call(call: &ToolCall, out: &mut String) {
    out.push_str("{\"name\":");
    json::push_string(&call.name, out);
    out.push_str(",\"arguments\":");
    // Below meta, the output, the messages, the message, its calls, the call, and its arguments.
    json::push_object(&call.arguments, MAX_META_DEPTH - 7, out);
    json::push_given("tool_id", Some(&call.tool_id), out);
    json::push_given("type", Some(&call.kind), out);
    out.push('}');
}

fn push_tool_result(result: &ToolResult, out: &mut String) {
    out.push_str("{\"result\":");
    json::push_string(&result.result, out);
    json::push_given("name", Some(&result.name), out);
    json::push_given("tool_id", Some(&result.tool_id), out);
    json::push_given("type", Some(&result.kind), out);
    out.push('}');
}

fn push_media_part(part: &MediaPart, out: &mut String) {
    out.push_str("{\"mime_type\":");
    json::push_string(&part.mime_type, out);
    match &part.data {
        MediaData::Base64(content) => json::push_field("content", content, out),
        MediaData::AttachmentKey(key) => json::push_field("attachment_key", key, out),
        _ => {}
    }
    out.push('}');
}

pub(super) fn push_document(document: &Document, out: &mut String) {
    out.push_str("{\"text\":");
    json::push_string(&document.text, out);
    for (key, text) in [("name", &document.name), ("id", &document.id)] {
        if let Some(text) = text {
            json::push_field(key, text, out);
        }
    }
    if let Some(score) = &document.score {
        out.push_str(",\"score\":");
        json::push_number(score, out);
    }
    out.push('}');
}

/// Appends a prompt. `ml_app` is the application of the configuration.
pub(super) fn push_prompt(prompt: &Prompt, ml_app: &str, out: &mut String) {
    out.push('{');
    for (key, names, default) in [
        ("_dd_context_variable_keys", &prompt.context_variables, "[\"context\"]"),
        ("_dd_query_variable_keys", &prompt.query_variables, "[\"question\"]"),
    ] {
        json::push_key(key, out);
        match names {
            Some(names) => json::push_strings(names, out),
            None => out.push_str(default),
        }
    }
    if prompt.id.is_some() {
        json::push_given("id", prompt.id.as_deref(), out);
    } else {
        out.push_str(",\"id\":\"");
        json::push_escaped(ml_app, out);
        out.push_str("_unnamed-prompt\"");
    }
    json::push_given("ml_app", Some(ml_app), out);
    match &prompt.template {
        Some(PromptTemplate::Text(text)) => json::push_given("template", Some(text), out),
        Some(PromptTemplate::Chat(messages)) => {
            json::push_key("chat_template", out);
            json::push_array(messages, out, push_template_message);
        }
        None => {}
    }
    json::push_given("version", prompt.version.as_deref(), out);
    json::push_given("label", prompt.label.as_deref(), out);
    if let Some(variables) = prompt.variables.as_ref().filter(|variables| !variables.is_empty()) {
        json::push_key("variables", out);
        // Below meta, the input, the prompt, and its variables.
        json::push_object(variables, MAX_META_DEPTH - 4, out);
    }
    if let Some(tags) = &prompt.tags {
        json::push_key("tags", out);
        out.push('{');
        for (key, value) in tags {
            json::push_name(key, out);
            json::push_string(value, out);
        }
        out.push('}');
    }
    json::push_given("prompt_uuid", prompt.uuid.as_deref(), out);
    json::push_given("prompt_version_uuid", prompt.version_uuid.as_deref(), out);
    out.push('}');
}

fn push_template_message(message: &TemplateMessage, out: &mut String) {
    match message {
        TemplateMessage::Message { role, content } => {
            out.push_str("{\"role\":");
            json::push_string(role, out);
            json::push_field("content", content, out);
        }
        TemplateMessage::Placeholder(name) => {
            out.push_str("{\"type\":\"placeholder\"");
            json::push_field("name", name, out);
        }
    }
    out.push('}');
}
