//! The panel of a span: messages, documents, texts, the prompt, metrics, tags, evaluations, the error, the event.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::conversation::{ToolSpans, align, json, messages, plain, text};
use super::format;
use super::layout::{badge, kind, status};
use super::path_segment;
use crate::query::filter;
use crate::store::evaluations::SpanEvaluation;
use crate::store::trace::Node;

/// A span with all that the panel shows of it.
#[derive(Debug)]
pub(crate) struct SpanDetails<'a> {
    pub(crate) trace_id: &'a str,
    pub(crate) node: &'a Node,
    pub(crate) self_ns: i64,
    pub(crate) evaluations: &'a [SpanEvaluation],
    /// The parsed event.
    pub(crate) event: &'a Value,
}

/// The tool spans in the trace of an LLM call.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    /// The spans before the call. They ran the tool calls in its input.
    pub(crate) before: ToolSpans,
    /// The spans after the call. They ran the tool calls in its output.
    pub(crate) after: ToolSpans,
}

/// The panel.
pub(crate) fn panel(details: &SpanDetails<'_>, mut tools: Tools) -> Markup {
    let SpanDetails { trace_id, node, event, .. } = details;
    let meta = &event["meta"];
    if let Some(history) = meta.pointer("/input/messages").and_then(Value::as_array) {
        align(&mut tools.before, history);
    }
    let raw = format!("/traces/{}/spans/{}/event.json", path_segment(trace_id), path_segment(&node.span_id));
    html! {
        h2 { (kind(&node.kind)) " " (node.name) " " (status(node.failed)) }
        (facts(details))
        @if node.failed { (error(meta)) }
        @if !details.evaluations.is_empty() { (evaluations(details.evaluations)) }
        @if let Some(intent) = meta["intent"].as_str() { section { h3 { "Intent" } (plain(intent)) } }
        (side("Input", &meta["input"], &mut tools.before))
        (side("Output", &meta["output"], &mut tools.after))
        @if let Some(expected) = meta.get("expected_output") { section { h3 { "Expected output" } (json(expected)) } }
        @if let Some(prompt) = meta.pointer("/input/prompt").and_then(Value::as_object) { (self::prompt(prompt)) }
        (table("Metrics", &event["metrics"], Some("metrics.")))
        (table("Metadata", &meta["metadata"], Some("meta.metadata.")))
        @if let Some(definitions) = meta["tool_definitions"].as_array() { (tool_definitions(definitions)) }
        (tags(event))
        (links(event))
        details.raw {
            summary { "Raw event" }
            p { a href=(raw) { "As JSON" } }
            pre { (serde_json::to_string_pretty(event).unwrap_or_default()) }
        }
    }
}

fn facts(details: &SpanDetails<'_>) -> Markup {
    let SpanDetails { node, event, self_ns, .. } = details;
    let provider = event.pointer("/meta/model_provider").and_then(Value::as_str);
    let cost = |key: &str| event["metrics"].get(key).and_then(Value::as_f64);
    html! {
        dl.facts {
            div { dt { "Started" } dd { time datetime=(format::iso(node.start_ns)) { (format::time(node.start_ns)) } } }
            div { dt { "Duration" } dd { (format::duration(node.duration_ns)) } }
            div { dt { "Self" } dd { (format::duration(*self_ns)) } }
            @if let Some(seconds) = node.time_to_first_token { div { dt { "First token" } dd { (format::seconds(seconds)) } } }
            @if let Some(model) = &node.model_name {
                div { dt { "Model" } dd { (model) @if let Some(provider) = provider { " " small { (provider) } } } }
            }
            @for (name, count) in [("Tokens in", node.tokens.input), ("Tokens out", node.tokens.output), ("Cached", node.tokens.cached)] {
                @if let Some(count) = count { div { dt { (name) } dd { (format::count(count)) } } }
            }
            @if let Some(dollars) = cost("total_cost") { div { dt { "Cost" } dd { "$" (format::number(dollars)) } } }
            @if let Some(errors) = event["collection_errors"].as_array() {
                div { dt { "Incomplete" } dd { @for error in errors { code { (error.as_str().unwrap_or_default()) } " " } } }
            }
            div { dt { "Span" } dd { code.id { (node.span_id) } } }
        }
    }
}

/// The error in its nested and in its flat form.
fn error(meta: &Value) -> Markup {
    let get = |key: &str| {
        let nested = meta["error"].get(key).and_then(Value::as_str);
        nested.or_else(|| meta[format!("error.{key}")].as_str()).filter(|text| !text.is_empty())
    };
    html! {
        section.error {
            h3 { "Error" }
            @if let Some(kind) = get("type") { p { code { (kind) } } }
            @if let Some(message) = get("message") { (plain(message)) }
            @if let Some(stack) = get("stack") { details { summary { "Stack" } pre { (stack) } } }
        }
    }
}

fn evaluations(evaluations: &[SpanEvaluation]) -> Markup {
    html! {
        section {
            h3 { "Evaluations" }
            ul.said {
                @for one in evaluations {
                    li {
                        (badge(&one.label, &one.value, one.assessment.as_deref())) " "
                        small { @if one.feedback { "feedback" } @else { (one.metric_type) } ", " (format::time(one.timestamp_ms.saturating_mul(1_000_000))) }
                        @if let Some(reasoning) = &one.reasoning { (plain(reasoning)) }
                        @if one.value.chars().count() > 24 { (text(&one.value)) }
                    }
                }
            }
        }
    }
}

/// An input or an output, in all known forms.
fn side(name: &str, value: &Value, tools: &mut ToolSpans) -> Markup {
    let list = |key: &str| value[key].as_array().filter(|list| !list.is_empty());
    let known = ["messages", "documents", "value", "prompt", "parameters"];
    // An unknown form is shown as JSON.
    let other: Option<Value> = match value {
        Value::Null => None,
        Value::Object(fields) => {
            let rest: Map<_, _> = fields
                .iter()
                .filter(|(key, _)| !known.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            (!rest.is_empty()).then_some(Value::Object(rest))
        }
        value => Some(value.clone()),
    };
    let messages_list = list("messages");
    let documents_list = list("documents");
    let text_value = value.get("value").filter(|value| !value.is_null());
    let parameters = value["parameters"].as_object().filter(|map| !map.is_empty());
    if messages_list.is_none()
        && documents_list.is_none()
        && text_value.is_none()
        && other.is_none()
        && parameters.is_none()
    {
        return Markup::default();
    }
    html! {
        section.side {
            h3 { (name) }
            @if let Some(list) = messages_list { (messages(list, tools)) }
            @if let Some(list) = documents_list { (documents(list)) }
            @if let Some(value) = text_value {
                @match value.as_str() { Some(value) => (text(value)), None => (json(value)) }
            }
            @if parameters.is_some() { h4 { "Parameters" } (json(&value["parameters"])) }
            @if let Some(other) = other { (json(&other)) }
        }
    }
}

fn documents(documents: &[Value]) -> Markup {
    let scores: Vec<Option<f64>> = documents.iter().map(|document| document["score"].as_f64()).collect();
    let best = scores.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    html! {
        ol.documents {
            @for (document, score) in documents.iter().zip(scores) {
                li {
                    p.role {
                        @if let Some(name) = document["name"].as_str() { b { (name) } " " }
                        @if let Some(id) = document["id"].as_str() { code.id { (id) } " " }
                        @if let Some(score) = score {
                            span.score {
                                "score " (format::number(score)) " "
                                svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
                                    rect.back x="0" y="0" width="100" height="6" {}
                                    rect x="0" y="0" width=(format::number((score / best * 100.0).clamp(0.0, 100.0))) height="6" {}
                                }
                            }
                        }
                    }
                    @if let Some(value) = document["text"].as_str() { (text(value)) }
                }
            }
        }
    }
}

fn prompt(prompt: &Map<String, Value>) -> Markup {
    let get = |key: &str| prompt.get(key).and_then(Value::as_str);
    html! {
        section.prompt {
            h3 { "Prompt" }
            dl.facts {
                @for (name, key) in [("Id", "id"), ("Version", "version"), ("Label", "label")] {
                    @if let Some(value) = get(key) { div { dt { (name) } dd { (value) } } }
                }
            }
            @if let Some(template) = get("template") { h4 { "Template" } (plain(template)) }
            @if let Some(template) = prompt.get("chat_template").and_then(Value::as_array) {
                h4 { "Template" }
                (messages(template, &mut ToolSpans::new()))
            }
            @if let Some(variables) = prompt.get("variables") { (table("Variables", variables, None)) }
            @if let Some(tags) = prompt.get("tags") { (table("Tags of the prompt", tags, None)) }
        }
    }
}

/// An object as a table. Scalars link to the spans with the same value.
fn table(name: &str, value: &Value, path: Option<&str>) -> Markup {
    let Some(fields) = value.as_object().filter(|fields| !fields.is_empty()) else {
        return Markup::default();
    };
    html! {
        section {
            h3 { (name) }
            table.facts {
                tbody {
                    @for (key, value) in fields {
                        tr { th scope="row" { (key) } td { (cell(key, value, path)) } }
                    }
                }
            }
        }
    }
}

fn cell(key: &str, value: &Value, path: Option<&str>) -> Markup {
    let short = match value {
        Value::String(text) if text.len() <= 200 => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        other => return json(other),
    };
    if let Some(path) = path {
        html! { a.value href=(spans_with(&format!("{path}{key}"), &short)) { (short) } }
    } else {
        html! { span.value { (short) } }
    }
}

/// The list of spans that have a value.
fn spans_with(path: &str, value: &str) -> String {
    let pairs = [("view", "spans"), ("q", &filter(path, value))];
    format!("/traces?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn tool_definitions(definitions: &[Value]) -> Markup {
    html! {
        section {
            h3 { "Tools that the model could call" }
            ul.plain {
                @for tool in definitions {
                    li {
                        details {
                            summary {
                                b { (tool["name"].as_str().unwrap_or("tool")) }
                                @if let Some(version) = tool["version"].as_str() { " " small { (version) } }
                                @if let Some(description) = tool["description"].as_str() { " " (description) }
                            }
                            (json(&tool["schema"]))
                        }
                    }
                }
            }
        }
    }
}

fn tags(event: &Value) -> Markup {
    let Some(tags) = event["tags"].as_array().filter(|tags| !tags.is_empty()) else {
        return Markup::default();
    };
    html! {
        section {
            h3 { "Tags" }
            ul.tags {
                @for tag in tags.iter().filter_map(Value::as_str) {
                    @let (key, value) = tag.split_once(':').unwrap_or((tag, ""));
                    li {
                        a href=(spans_with(&format!("tag.{key}"), value)) {
                            (key) @if !value.is_empty() { ":" b { (value) } }
                        }
                    }
                }
            }
        }
    }
}

fn links(event: &Value) -> Markup {
    let Some(links) = event["span_links"].as_array().filter(|links| !links.is_empty()) else {
        return Markup::default();
    };
    html! {
        section {
            h3 { "Links" }
            ul.plain {
                @for link in links {
                    @let span = link["span_id"].as_str().unwrap_or_default();
                    @let trace = link["trace_id"].as_str().unwrap_or_default();
                    li {
                        (link.pointer("/attributes/from").and_then(Value::as_str).unwrap_or("from")) " → " (link.pointer("/attributes/to").and_then(Value::as_str).unwrap_or("to"))
                        " " a href=(super::trace::url(trace, span)) { code.id { (span) } }
                    }
                }
            }
        }
    }
}
