//! Messages as a conversation: roles, tool calls and their results, reasoning, and media.

use std::collections::{HashMap, VecDeque};

use maud::{Markup, html};
use serde_json::Value;

use super::format;
use super::markdown::markdown;

/// Longer texts are folded after this many characters.
const FOLD: usize = 6_000;
/// Image types that browsers show and that cannot contain scripts.
const PICTURES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// The URLs of the tool spans, by the name of the tool, in order.
pub(crate) type ToolSpans = HashMap<String, VecDeque<String>>;

/// Matches the tool spans before an LLM call with the tool calls in its input, from the last backwards. The first calls in the input
/// may be from earlier traces, which have no span here.
pub(crate) fn align(tools: &mut ToolSpans, messages: &[Value]) {
    let calls = messages.iter().filter_map(|message| message.get("tool_calls")?.as_array()).flatten();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in calls.filter_map(|call| call.get("name")?.as_str()) {
        *counts.entry(name).or_default() += 1;
    }
    for (name, count) in counts {
        let spans = tools.entry(name.to_owned()).or_default();
        spans.drain(..spans.len().saturating_sub(count));
        while spans.len() < count {
            spans.push_front(String::new());
        }
    }
}

/// A list of messages.
pub(crate) fn messages(messages: &[Value], tools: &mut ToolSpans) -> Markup {
    html! { ol.chat { @for item in messages { (message(item, tools)) } } }
}

fn message(message: &Value, tools: &mut ToolSpans) -> Markup {
    let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
    let class = match role {
        "user" | "system" | "assistant" | "tool" => role,
        "developer" => "system",
        "reasoning" | "thinking" => "thought",
        _ => "other",
    };
    let content = message.get("content");
    let list = |key| message.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (thought, rest) = content.and_then(Value::as_str).map_or((None, None), split_thought);
    html! {
        li class={ "message " (class) } {
            p.role { @if role.is_empty() { "message" } @else { (role) } }
            @if class == "thought" {
                details.thought { summary { "Reasoning" } (text(content.and_then(Value::as_str).unwrap_or_default())) }
            } @else {
                @if let Some(thought) = thought { details.thought { summary { "Reasoning" } (text(thought)) } }
                @if let Some(rest) = rest { @if !rest.is_empty() { (text(rest)) } }
                @else if let Some(content) = content.filter(|content| !content.is_null()) { (json(content)) }
            }
            @for call in list("tool_calls") { (tool_call(call, tools)) }
            @for result in list("tool_results") { (tool_result(result)) }
            @for part in list("image_parts") { (picture(part)) }
            @for part in list("audio_parts") { (sound(part)) }
        }
    }
}

/// Splits the reasoning of a model off its answer, if both are in one text.
fn split_thought(text: &str) -> (Option<&str>, Option<&str>) {
    let thought = text.trim_start().strip_prefix("<think>").and_then(|rest| rest.split_once("</think>"));
    match thought {
        Some((thought, rest)) => (Some(thought.trim()), Some(rest.trim_start())),
        None => (None, Some(text)),
    }
}

fn tool_call(call: &Value, tools: &mut ToolSpans) -> Markup {
    let name = call.get("name").and_then(Value::as_str).unwrap_or("tool");
    let id = call.get("tool_id").and_then(Value::as_str);
    let span = tools.get_mut(name).and_then(VecDeque::pop_front).filter(|span| !span.is_empty());
    html! {
        section.tool {
            p.role {
                "calls " b { (name) }
                @if let Some(id) = id { " " code.id { (id) } }
                @if let Some(span) = span { " " a href=(span) { "the span that ran it" } }
            }
            @if let Some(arguments) = call.get("arguments") { (json(arguments)) }
        }
    }
}

fn tool_result(result: &Value) -> Markup {
    let get = |key| result.get(key).and_then(Value::as_str);
    html! {
        section.tool {
            p.role {
                "result" @if let Some(name) = get("name") { " of " b { (name) } }
                @if let Some(id) = get("tool_id") { " " code.id { (id) } }
            }
            @if let Some(value) = get("result") { (plain(value)) }
        }
    }
}

fn picture(part: &Value) -> Markup {
    let (mime, content) = media(part);
    html! {
        @match content.filter(|_| PICTURES.contains(&mime)) {
            Some(content) => { img.part src={ "data:" (mime) ";base64," (content) } alt={ "Picture of a message, " (mime) }; }
            None => { p.quiet { "Picture, " (mime) (attachment(part)) } }
        }
    }
}

fn sound(part: &Value) -> Markup {
    let (mime, content) = media(part);
    html! {
        @match content.filter(|_| mime.starts_with("audio/")) {
            Some(content) => { audio controls preload="none" src={ "data:" (mime) ";base64," (content) } {} }
            None => { p.quiet { "Sound, " (mime) (attachment(part)) } }
        }
    }
}

/// The type of a part, and the content if it has only characters of base64.
fn media(part: &Value) -> (&str, Option<&str>) {
    let mime = part.get("mime_type").and_then(Value::as_str).unwrap_or("unknown type");
    let base64 =
        |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte));
    (mime, part.get("content").and_then(Value::as_str).filter(|text| !text.is_empty()).filter(base64))
}

fn attachment(part: &Value) -> String {
    part.get("attachment_key")
        .and_then(Value::as_str)
        .map(|key| format!(", kept as {key}"))
        .unwrap_or_default()
}

/// A text: as JSON if it is an object or a list, otherwise as Markdown.
pub(crate) fn text(text: &str) -> Markup {
    if text.starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        return json(&value);
    }
    match markdown(text).filter(|_| text.len() <= FOLD) {
        Some(markdown) => html! { div.text { (markdown) } },
        None => plain(text),
    }
}

/// Plain text, folded if it is long.
pub(crate) fn plain(text: &str) -> Markup {
    match text.char_indices().nth(FOLD) {
        None => html! { pre.text { (text) } },
        Some((cut, _)) => {
            let (shown, folded) = text.split_at(cut);
            let left = format::count(folded.chars().count() as u64);
            html! {
                pre.text { (shown) }
                details.rest { summary { "Show " (left) " more characters" } pre.text { (folded) } }
            }
        }
    }
}

/// A value as indented JSON, or plain text for a string.
pub(crate) fn json(value: &Value) -> Markup {
    match value {
        Value::String(text) => plain(text),
        value => html! { div.json { (plain(&serde_json::to_string_pretty(value).unwrap_or_default())) } },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spans(names: &[(&str, &[&str])]) -> ToolSpans {
        let spans = |list: &[&str]| list.iter().map(|span| (*span).to_owned()).collect();
        names.iter().map(|(name, list)| ((*name).to_owned(), spans(list))).collect()
    }

    #[test]
    fn calls_that_an_input_repeats_are_laid_beside_the_last_spans_before_it() {
        let calls = |names: &[&str]| {
            let calls: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "role": "assistant", "tool_calls": calls })
        };
        let history = [calls(&["a", "b"]), json!({ "content": "a" }), calls(&["a"])];
        let mut tools = spans(&[("a", &["/1", "/2", "/3"]), ("c", &["/4"])]);
        align(&mut tools, &history);
        assert_eq!(tools, spans(&[("a", &["/2", "/3"]), ("b", &[""]), ("c", &["/4"])]));

        let page = messages(&history, &mut tools).into_string();
        let links: Vec<_> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(links, ["/2", "/3"]);
    }
}
