//! The panel of a span: messages, documents, texts, the prompt, metrics, tags, evaluations, the error, the event.

use llmobs_providers::json::Json;
use maud::{Markup, html};
use serde_json::Number;

use super::conversation::{ITEMS, ToolSpans, align, history, json, messages, more, newest, plain, text};
use super::format;
use super::json::{indented, inside};
use super::layout::{badge, kind, status};
use super::{path_segment, span_url};
use crate::intake::left_out;
use crate::query::filter;
use crate::traces::{Node, SpanEvaluation};

/// The most bytes of the raw event to show.
const RAW_BYTES: usize = 512 * 1024;
/// The prefix of the paths of metrics.
const METRICS: &str = "metrics.";

/// A span with everything that the panel shows.
#[derive(Debug)]
pub(crate) struct SpanDetails<'a> {
    pub(crate) trace_id: &'a str,
    pub(crate) node: &'a Node,
    pub(crate) self_ns: i64,
    pub(crate) evaluations: &'a [SpanEvaluation],
    /// The parsed event.
    pub(crate) event: &'a Json<'a>,
}

/// The tool spans in the trace of an LLM call.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    /// The spans before the call. They ran the tool calls in its input.
    pub(crate) before: ToolSpans,
    /// The spans after the call. They ran the tool calls in its output.
    pub(crate) after: ToolSpans,
}

/// A span in two parts, which are side by side on a wide page.
#[derive(Debug, Default)]
pub(crate) struct Panel {
    /// Input and output.
    pub(crate) content: Markup,
    /// The rest.
    pub(crate) details: Markup,
}

/// Renders the panel.
pub(crate) fn panel(span: &SpanDetails<'_>, mut tools: Tools) -> Panel {
    let SpanDetails { trace_id, node, event, .. } = span;
    let meta = event.get("meta");
    let (input, output) = (meta.get("input"), meta.get("output"));
    align(&mut tools.before, newest(input.list("messages")).1);
    let address =
        format!("/traces/{}/spans/{}/event.json", path_segment(trace_id), path_segment(&node.span_id));
    let content = html! {
        h2 { (kind(&node.kind)) " " (node.name) " " (status(node.failed)) }
        (facts(span))
        @if node.failed { (error(meta)) }
        @if let Some(intent) = meta.get("intent").as_str() { section { h3 { "Intent" } (plain(intent)) } }
        (side("Input", input, &mut tools.before))
        (side("Output", output, &mut tools.after))
        @if let Some(expected) = meta.field("expected_output") { section { h3 { "Expected output" } (json(expected)) } }
        details.raw {
            summary { "Raw event" }
            p { a href=(address) { "As JSON" } }
            (raw(event))
        }
    };
    let details = html! {
        @if !span.evaluations.is_empty() { (evaluations(span.evaluations)) }
        @if input.get("prompt").is_object() { (prompt(input.get("prompt"))) }
        (table("Metrics", event.get("metrics"), Some(METRICS)))
        (table("Metadata", meta.get("metadata"), Some("meta.metadata.")))
        @if !meta.list("tool_definitions").is_empty() { (tool_definitions(meta.list("tool_definitions"))) }
        (tags(event))
        (links(event))
    };
    Panel { content, details }
}

/// Shows the event as it arrived, or its beginning.
fn raw(event: &Json<'_>) -> Markup {
    let text = indented(event);
    let cut = text.char_indices().map(|(at, _)| at).find(|at| *at >= RAW_BYTES);
    html! {
        pre { (text.get(..cut.unwrap_or(text.len())).unwrap_or_default()) }
        @if let Some(cut) = cut {
            p.quiet { (format::things(text.len() - cut, "more byte")) " in the event as JSON." }
        }
    }
}

fn facts(details: &SpanDetails<'_>) -> Markup {
    let SpanDetails { node, event, self_ns, .. } = details;
    let provider = event.get("meta").get("model_provider").as_str();
    let cost = |metric: &str| format::cost(metric, &event.get("metrics").label(metric));
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
            @if let Some(cost) = cost("total_cost") { div { dt { "Cost" } dd { (cost) } } }
            @else if let Some(cost) = cost("estimated_total_cost") { div { dt { "Cost" } dd { (cost) " " small { "estimated" } } } }
            @let errors = event.list("collection_errors");
            @let left_out = left_out(event);
            @if !errors.is_empty() || left_out.is_some() {
                div { dt { "Incomplete" } dd {
                    @for error in errors.iter().filter_map(Json::as_str).take(ITEMS).chain(left_out) { code { (error) } " " }
                } }
            }
            div { dt { "Span" } dd { code.id { (event.label("span_id")) } } }
        }
    }
}

/// Shows the error in its nested or its flat form.
fn error(meta: &Json<'_>) -> Markup {
    let get = |key: &str| {
        let nested = meta.get("error").get(key).as_str();
        nested.or_else(|| meta.get(&format!("error.{key}")).as_str()).filter(|text| !text.is_empty())
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

/// Shows an input or an output in all known forms.
fn side(name: &str, value: &Json<'_>, tools: &mut ToolSpans) -> Markup {
    let known = ["messages", "documents", "value", "prompt", "parameters"];
    // An unknown form is shown as JSON.
    let other = match value {
        Json::Null => None,
        Json::Object(fields) => {
            let rest = fields.iter().filter(|(key, _)| !known.contains(&&**key)).cloned().collect::<Vec<_>>();
            (!rest.is_empty()).then_some(Json::Object(rest))
        }
        value => Some(value.clone()),
    };
    let parameters = value.get("parameters");
    let parts = html! {
        @if !value.list("messages").is_empty() { (history(value.list("messages"), tools)) }
        @if !value.list("documents").is_empty() { (documents(value.list("documents"))) }
        @match value.get("value") {
            Json::Null => {}
            Json::Text(content) => (text(content)),
            value => (json(value)),
        }
        @if !parameters.fields().is_empty() { h4 { "Parameters" } (json(parameters)) }
        @if let Some(other) = other { (json(&other)) }
    };
    html! { @if !parts.0.is_empty() { section.side { h3 { (name) } (parts) } } }
}

fn documents(documents: &[Json<'_>]) -> Markup {
    let scores: Vec<Option<f64>> = documents.iter().map(|document| number(document.get("score"))).collect();
    let best = scores.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    html! {
        ol.documents {
            @for (document, score) in documents.iter().zip(scores).take(ITEMS) {
                li {
                    p.role {
                        @if let Some(name) = document.get("name").as_str() { b { (name) } " " }
                        @if let Some(id) = document.get("id").as_str() { code.id { (id) } " " }
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
                    @if let Some(value) = document.get("text").as_str() { (text(value)) }
                }
            }
        }
        (more(documents.len(), "document"))
    }
}

fn number(value: &Json<'_>) -> Option<f64> {
    if let Json::Number(digits) = value { digits.parse().ok() } else { None }
}

fn prompt(prompt: &Json<'_>) -> Markup {
    html! {
        section.prompt {
            h3 { "Prompt" }
            dl.facts {
                @for (name, key) in [("Id", "id"), ("Version", "version"), ("Label", "label")] {
                    @if let Some(value) = prompt.get(key).as_str() { div { dt { (name) } dd { (value) } } }
                }
            }
            @if let Some(template) = prompt.get("template").as_str() { h4 { "Template" } (plain(template)) }
            @if !prompt.list("chat_template").is_empty() {
                h4 { "Template" }
                (messages(prompt.list("chat_template"), &mut ToolSpans::new()))
            }
            (table("Variables", prompt.get("variables"), None))
            (table("Tags of the prompt", prompt.get("tags"), None))
        }
    }
}

/// Shows an object as a table. Scalars link to the spans with the same value.
fn table(name: &str, value: &Json<'_>, path: Option<&str>) -> Markup {
    if value.fields().is_empty() {
        return Markup::default();
    }
    html! {
        section {
            h3 { (name) }
            table.facts {
                tbody {
                    @for (key, value) in value.fields().iter().take(ITEMS) {
                        tr { th scope="row" { (key) } td { (cell(key, value, path)) } }
                    }
                }
            }
            (more(value.fields().len(), "field"))
        }
    }
}

fn cell(key: &str, value: &Json<'_>, path: Option<&str>) -> Markup {
    let text = match value {
        Json::Text(text) if text.len() <= 200 && !text.contains('\n') && inside(text).is_none() => {
            text.clone().into_owned()
        }
        // In queries, numbers have the form that the intake read: `1.1` for `1.10`.
        Json::Number(digits) => serde_json::from_str::<Number>(digits)
            .map_or_else(|_| (*digits).to_owned(), |number| number.to_string()),
        Json::Bool(_) => value.to_text(),
        other => return json(other),
    };
    let cost = if path == Some(METRICS) { format::cost(key, &text) } else { None };
    let shown = cost.unwrap_or_else(|| {
        if let Json::Number(digits) = value { (*digits).to_owned() } else { text.clone() }
    });
    if let Some(path) = path {
        html! { a.value href=(spans_with(&format!("{path}{key}"), &text)) { (shown) } }
    } else {
        html! { span.value { (shown) } }
    }
}

/// Returns the URL of the list of spans with a value.
fn spans_with(path: &str, value: &str) -> String {
    let pairs = [("view", "spans"), ("q", &filter(path, value))];
    format!("/traces?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn tool_definitions(definitions: &[Json<'_>]) -> Markup {
    html! {
        section {
            h3 { "Available tools" }
            ul.plain {
                @for tool in definitions.iter().take(ITEMS) {
                    li {
                        details {
                            summary {
                                b { (tool.get("name").as_str().unwrap_or("tool")) }
                                @if let Some(version) = tool.get("version").as_str() { " " small { (version) } }
                                @if let Some(description) = tool.get("description").as_str() { " " (description) }
                            }
                            (json(tool.get("schema")))
                        }
                    }
                }
            }
            (more(definitions.len(), "tool"))
        }
    }
}

fn tags(event: &Json<'_>) -> Markup {
    let tags = event.list("tags");
    html! {
        @if !tags.is_empty() {
            section {
                h3 { "Tags" }
                ul.tags {
                    @for tag in tags.iter().filter_map(Json::as_str).take(ITEMS) {
                        @let (key, value) = tag.split_once(':').unwrap_or((tag, ""));
                        li {
                            a href=(spans_with(&format!("tag.{key}"), value)) {
                                (key) @if !value.is_empty() { ":" b { (value) } }
                            }
                        }
                    }
                }
                (more(tags.len(), "tag"))
            }
        }
    }
}

fn links(event: &Json<'_>) -> Markup {
    let links = event.list("span_links");
    html! {
        @if !links.is_empty() {
            section {
                h3 { "Links" }
                ul.plain {
                    @for link in links.iter().take(ITEMS) {
                        @let (attributes, span) = (link.get("attributes"), link.str("span_id"));
                        li {
                            (attributes.get("from").as_str().unwrap_or("from")) " → " (attributes.get("to").as_str().unwrap_or("to"))
                            " " a href=(span_url(link.str("trace_id"), span)) { code.id { (span) } }
                        }
                    }
                }
                (more(links.len(), "link"))
            }
        }
    }
}
