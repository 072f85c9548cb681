//! Converts steps to events of LLM Observability.

use llmobs_providers::json::Json;
use llmobs_providers::{Attributes, Document, Message, Request};
use serde_json::{Map, Value, json};

use super::span::{Link, OtlpSpan, Source};
use super::{kind, messages, warnings};
use crate::intake::field::{self, Object};

/// The most bytes of the input and of the output to keep: the size of the largest body.
const CONTENT_BYTES: usize = 16 * 1024 * 1024;
/// The longest tag, in bytes.
const TAG_BYTES: usize = 256;

/// Attributes of Langfuse, and the equivalent attributes.
const ALIASES: [(&str, &str); 3] = [
    ("langfuse.observation.model.name", "gen_ai.request.model"),
    ("langfuse.observation.input", "input.value"),
    ("langfuse.observation.output", "output.value"),
];
const SESSIONS: [&str; 4] = [
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "traceloop.association.properties.session_id",
];
const USERS: [&str; 4] =
    ["user.id", "enduser.id", "langfuse.user.id", "traceloop.association.properties.user_id"];
const NAMES: [&str; 2] = ["gen_ai.tool.name", "tool.name"];

/// Prefixes of attributes that have fields in the event.
const PLACED: [&str; 14] = [
    "_dd.",
    "embedding.",
    "error.",
    "gen_ai.",
    "input.",
    "langfuse.observation.",
    "llm.",
    "metadata",
    "openinference.",
    "output.",
    "reranker.",
    "retrieval.",
    "tool.",
    "traceloop.entity.",
];
/// The same for attributes with the prefix `gen_ai.`. The others become tags.
const PLACED_GEN_AI: [&str; 16] = [
    "agent.description",
    "completion",
    "conversation.",
    "evaluation.",
    "input.",
    "memory.",
    "operation.",
    "output.",
    "prompt",
    "provider.",
    "request.",
    "response.",
    "retrieval.",
    "system",
    "tool.",
    "usage.",
];

/// Returns the JSON text of the event of a span.
pub(super) fn event(mut span: OtlpSpan, source: &Source, ml_app: Option<&str>) -> String {
    let kind = kind::of(&span);
    let is_incomplete = span.is_incomplete();
    let attributes = gathered(&mut span);
    let text = Value::Object(attributes.clone()).to_string();
    let read = Json::read(&text).and_then(|json| Attributes::read(&json, CONTENT_BYTES));
    let mut warnings = warnings::of(kind, &attributes, read.as_ref());
    warnings.extend(is_incomplete.then_some("otel_warning_attributes_left_out"));
    let first = |names: &[&str]| names.iter().find_map(|name| field::text(&attributes, name));
    let of_resource = |name| field::text(&source.resource, name);
    let service = of_resource("service.name");
    let error = error(&span, read.as_ref());
    let mut event = json!({
        "trace_id": span.trace_id,
        "span_id": span.span_id.to_string(),
        "parent_id": span.parent_id.map_or_else(|| "undefined".to_owned(), |id| id.to_string()),
        "name": first(&NAMES).unwrap_or(&span.name),
        "start_ns": span.start_ns,
        "duration": span.end_ns.saturating_sub(span.start_ns),
        "status": if error.is_some() { "error" } else { "ok" },
        "tags": tags(&attributes, source, service, first(&USERS)),
        "meta": meta(kind, &attributes, read.as_ref(), error),
        "metrics": metrics(read.as_ref()),
    });
    let rest: Object = attributes
        .iter()
        .filter(|(name, _)| !PLACED.iter().any(|placed| name.starts_with(placed)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let more = [
        ("ml_app", ml_app.or(service).map(Value::from)),
        ("session_id", first(&SESSIONS).map(Value::from)),
        ("collection_errors", (!warnings.is_empty()).then(|| warnings.into())),
        ("span_links", (!span.links.is_empty()).then(|| span.links.iter().map(link).collect())),
        ("otel", Some(json!({ "scope": source.scope, "attributes": rest }))),
    ];
    if let Value::Object(event) = &mut event {
        event.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    event.to_string()
}

/// Collects the attributes of the span and of its events, with aliases replaced.
fn gathered(span: &mut OtlpSpan) -> Object {
    let mut attributes = std::mem::take(&mut span.attributes);
    for (name, alias) in ALIASES {
        if !attributes.contains_key(alias)
            && let Some(value) = attributes.get(name).cloned()
        {
            attributes.insert(alias.to_owned(), value);
        }
    }
    messages::add(&span.events, &mut attributes);
    for event in &span.events {
        for (name, value) in event.attributes.iter().filter(|(name, _)| name.starts_with("gen_ai.")) {
            attributes.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    attributes
}

fn meta(kind: &str, attributes: &Object, read: Option<&Attributes>, error: Option<Object>) -> Object {
    let mut meta = Map::from_iter([("span".to_owned(), json!({ "kind": kind }))]);
    let mut put = |name: &str, value: Option<Value>| {
        meta.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("error", error.map(Value::Object));
    if let Some(read) = read {
        let (request, response) = (&read.request, &read.response);
        let messages = |messages: &[Message]| (!messages.is_empty()).then(|| json!({ "messages": messages }));
        let value = |value: &Option<String>| value.as_ref().map(|value| json!({ "value": value }));
        let (input, output) = match kind {
            "llm" => (messages(&request.messages), messages(&response.messages)),
            "embedding" => (
                documents(request),
                response
                    .vectors
                    .map(|vectors| json!({ "value": format!("[{} embedding(s) returned]", vectors.count) })),
            ),
            "retrieval" => {
                (None, (!response.documents.is_empty()).then(|| json!({ "documents": response.documents })))
            }
            _ => (None, None),
        };
        put("input", input.or_else(|| value(&read.input)));
        put("output", output.or_else(|| value(&read.output)));
        put(
            "model_name",
            response.model.as_ref().or(request.model.as_ref()).map(|name| name.as_str().into()),
        );
        if matches!(kind, "llm" | "embedding") {
            put("model_provider", Some(request.provider.as_deref().unwrap_or("custom").into()));
        }
        put("tool_definitions", (!request.tools.is_empty()).then(|| json!(request.tools)));
    }
    put("metadata", Some(Value::Object(metadata(attributes, read))));
    meta
}

/// Returns the texts of an embedding, which may be messages.
fn documents(request: &Request) -> Option<Value> {
    let messages = request.messages.iter().map(|message| Document::new(message.content.as_str()));
    let documents: Vec<_> = request.documents.iter().cloned().chain(messages).collect();
    (!documents.is_empty()).then(|| json!({ "documents": documents }))
}

fn metadata(attributes: &Object, read: Option<&Attributes>) -> Object {
    let mut metadata = Object::new();
    if let Some(read) = read {
        metadata.extend(read.request.parameters.clone());
        metadata.extend(read.response.facts.clone());
        metadata.extend(read.metadata.clone());
        if !read.response.finish_reasons.is_empty() {
            metadata.insert("finish_reasons".to_owned(), json!(read.response.finish_reasons));
        }
    }
    // Metadata of Datadog's libraries takes precedence.
    if let Some(Ok(Value::Object(own))) =
        field::text(attributes, "_dd.ml_obs.metadata").map(serde_json::from_str)
    {
        metadata.extend(own.into_iter().filter(|(name, _)| name != "model_name" && name != "model_provider"));
    }
    metadata
}

fn metrics(read: Option<&Attributes>) -> Object {
    let Some(read) = read else { return Object::new() };
    let counts =
        read.response.usage.metrics().into_iter().map(|(name, count)| (name, Some(Value::from(count))));
    let dollars = [
        ("input_cost", read.cost.input),
        ("output_cost", read.cost.output),
        ("total_cost", read.cost.total),
        ("time_to_first_token", read.time_to_first_token),
    ];
    counts
        .chain(dollars.map(|(name, number)| (name, number.map(Value::from))))
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// Returns the error of a failed step. Other steps may contain errors that the program handled.
fn error(span: &OtlpSpan, read: Option<&Attributes>) -> Option<Object> {
    let stated = read.and_then(|read| read.response.error.as_ref());
    if !span.failed && stated.is_none() {
        return None;
    }
    let exception = span.events.iter().rev().find(|event| event.name == "exception");
    let of_exception = |name| exception.and_then(|event| field::text(&event.attributes, name));
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let stated = |part: fn(&llmobs_providers::ApiError) -> &str| stated.and_then(|error| some(part(error)));
    let fields = [
        ("type", of_exception("exception.type").and_then(some).or_else(|| stated(|error| &error.kind))),
        (
            "message",
            some(&span.status_message)
                .or_else(|| of_exception("exception.message").and_then(some))
                .or_else(|| stated(|error| &error.message)),
        ),
        ("stack", of_exception("exception.stacktrace").and_then(some)),
    ];
    Some(fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect())
}

fn tags(attributes: &Object, source: &Source, service: Option<&str>, user: Option<&str>) -> Vec<String> {
    let of_resource = |names: &[&str]| names.iter().find_map(|name| field::text(&source.resource, name));
    let known = [
        ("env", of_resource(&["deployment.environment.name", "deployment.environment"])),
        ("language", of_resource(&["telemetry.sdk.language"])),
        ("service", service),
        ("source", Some("otel")),
        ("user_id", user),
        ("version", of_resource(&["service.version"])),
    ];
    let known = known.into_iter().filter_map(|(key, value)| Some(format!("{key}:{}", value?)));
    let others = attributes.iter().filter_map(|(name, value)| {
        let key = name.strip_prefix("gen_ai.")?;
        let is_placed = PLACED_GEN_AI.iter().any(|placed| key.starts_with(placed));
        let text = field::scalar(value).filter(|_| !is_placed)?;
        Some(field::cut(&format!("{key}:{text}"), TAG_BYTES).to_owned())
    });
    let given = attributes.get("tag.tags").and_then(Value::as_array).into_iter().flatten();
    known.chain(others).chain(given.filter_map(Value::as_str).map(str::to_owned)).collect()
}

fn link(link: &Link) -> Value {
    let attributes: Object =
        link.attributes.iter().map(|(name, value)| (name.replace('.', "_"), value.clone())).collect();
    json!({ "trace_id": link.trace_id, "span_id": link.span_id.to_string(), "attributes": attributes })
}
