//! The fields of `meta` other than input and output: metadata, model, tools, and the error.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Event, MAX_META_DEPTH, json};
use llmobs_providers::ToolDefinition;

use crate::base::kind::Kind;
use crate::model::agent::{AgentManifest, AgentTool};
use crate::model::captured::Captured;
use crate::model::failure::FailureView;

/// Facts about how the step ran, by name.
#[derive(Clone, Copy)]
pub(crate) enum Metadata<'a> {
    /// Captured JSON texts.
    Captured(&'a BTreeMap<String, Captured>),
    /// JSON values.
    Values(&'a Map<String, Value>),
}

/// The name of a model or provider that was not given.
const UNKNOWN: &str = "unknown";

/// The metadata key that is reserved for Datadog.
pub(super) const RESERVED: &str = "_dd";

/// Closes the object before, and appends `meta` without `input` and `output`, left open.
pub(super) fn push(event: &Event<'_>, out: &mut String) {
    out.push_str("},\"meta\":{\"span\":{\"kind\":\"");
    out.push_str(event.kind.as_str());
    out.push_str("\"},\"metadata\":{");
    push_metadata(event, out);
    out.push('}');
    if event.kind.has_model() {
        push_model(event, out);
    }
    if event.kind == Kind::Llm && !event.tool_definitions.is_empty() {
        json::push_key("tool_definitions", out);
        json::push_array(event.tool_definitions, out, push_tool_definition);
    }
    if event.kind == Kind::Tool {
        if let Some(version) = event.tool_version {
            out.push_str(",\"tool\":{\"version\":");
            json::push_string(version, out);
            out.push('}');
        }
        if let Some(intent) = event.intent {
            json::push_field("intent", intent, out);
        }
    }
    if let Some((name, span_id)) = event.agent {
        out.push_str(",\"agent_attribution\":{\"pagent_span_id\":\"");
        json::push_u64(span_id.to_u64(), out);
        out.push_str("\",\"pagent_name\":");
        match name {
            Some(name) => json::push_string(name, out),
            None => out.push_str("null"),
        }
        out.push('}');
    }
    if let Some(failure) = &event.failure {
        push_error(failure, out);
    }
}

/// How many levels of arrays and objects metadata values may have, inside `meta` and `metadata`.
pub(super) const METADATA_LEVELS: usize = MAX_META_DEPTH - 2;

fn push_metadata(event: &Event<'_>, out: &mut String) {
    match event.metadata {
        Metadata::Captured(captured) => {
            for (name, value) in captured.iter().filter(|(name, _)| *name != RESERVED) {
                json::push_name(name, out);
                json::push_captured(value.json(), METADATA_LEVELS, out);
            }
        }
        Metadata::Values(values) => {
            for (name, value) in values.iter().filter(|(name, _)| *name != RESERVED) {
                json::push_name(name, out);
                json::push_value(value, METADATA_LEVELS, out);
            }
        }
    }
    if event.agent_manifest.is_none() && event.cost_tags.is_empty() {
        return;
    }
    let before = out.len();
    json::push_key(RESERVED, out);
    out.push('{');
    let empty = out.len();
    if let Some(manifest) = event.agent_manifest {
        push_manifest(manifest, event.name, out);
    }
    if !event.cost_tags.is_empty() {
        json::push_key("cost_tags", out);
        json::push_strings(event.cost_tags, out);
    }
    if out.len() == empty {
        out.truncate(before);
    } else {
        out.push('}');
    }
}

pub(super) fn push_manifest(manifest: &AgentManifest, span_name: &str, out: &mut String) {
    let texts = [&manifest.name, &manifest.instructions, &manifest.model];
    let [name, instructions, model] = texts.map(|text| text.as_deref().filter(|text| !text.is_empty()));
    let settings = &manifest.model_settings;
    let says_nothing = [name, instructions, model].iter().all(Option::is_none);
    if says_nothing && settings.is_empty() && manifest.tools.is_empty() {
        return;
    }
    json::push_key("agent_manifest", out);
    out.push_str("{\"framework\":\"manual\"");
    json::push_field("name", name.unwrap_or(span_name), out);
    json::push_given("instructions", instructions, out);
    json::push_given("model", model, out);
    if !settings.is_empty() {
        json::push_key("model_settings", out);
        // Below meta, metadata, `_dd`, the manifest, and its settings.
        json::push_object(settings, MAX_META_DEPTH - 5, out);
    }
    if !manifest.tools.is_empty() {
        json::push_key("tools", out);
        json::push_array(&manifest.tools, out, push_agent_tool);
    }
    out.push('}');
}

fn push_agent_tool(tool: &AgentTool, out: &mut String) {
    out.push('{');
    json::push_given("name", Some(&tool.name), out);
    json::push_given("description", tool.description.as_deref(), out);
    if !tool.parameters.is_empty() {
        json::push_key("parameters", out);
        // Below meta, metadata, `_dd`, the manifest, its tools, the tool, and its parameters.
        json::push_object(&tool.parameters, MAX_META_DEPTH - 7, out);
    }
    out.push('}');
}

pub(super) fn push_tool_definition(tool: &ToolDefinition, out: &mut String) {
    out.push('{');
    json::push_given("name", Some(&tool.name), out);
    json::push_given("description", tool.description.as_deref(), out);
    if let Some(schema) = &tool.schema {
        json::push_key("schema", out);
        // Below meta, the definitions, the tool, and its schema.
        json::push_object(schema, MAX_META_DEPTH - 4, out);
    }
    json::push_given("version", tool.version.as_deref(), out);
    out.push('}');
}

fn push_model(event: &Event<'_>, out: &mut String) {
    let [name, provider] = [event.model_name, event.model_provider]
        .map(|text| text.filter(|text| !text.is_empty()).unwrap_or(UNKNOWN));
    out.push_str(",\"model_name\":");
    json::push_string(name, out);
    out.push_str(",\"model_provider\":");
    if provider.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        json::push_string(provider, out);
    } else {
        json::push_string(&provider.to_lowercase(), out);
    }
}

pub(super) fn push_error(failure: &FailureView<'_>, out: &mut String) {
    out.push_str(",\"error\":{\"type\":");
    json::push_string(failure.kind, out);
    out.push_str(",\"message\":");
    json::push_string(failure.message, out);
    out.push_str(",\"stack\":\"");
    for part in failure.stack_parts() {
        json::push_escaped(&part, out);
    }
    out.push_str("\"}");
}
