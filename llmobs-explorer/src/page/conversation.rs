//! Messages as a conversation: roles, tool calls and their results, reasoning, and media.

use std::collections::{HashMap, VecDeque};

use llmobs_providers::json::Json;
use maud::{Markup, html};

use super::format;
use super::json::{inside, opened};
use super::markdown::markdown;
use super::sql;

/// Longer texts are folded after this many characters.
const FOLD: usize = 6_000;
/// The most characters of a text to show.
const CHARS: usize = 1_000_000;
/// The number of messages of a folded history to show.
const NEWEST: usize = 2;
/// The most messages to show.
const MOST: usize = 1_000;
/// The most parts of a message, or items of any other list, to show.
pub(crate) const ITEMS: usize = 500;
/// Histories with more messages are folded.
const HISTORY: usize = 6;
/// Image types that browsers show and that cannot contain scripts.
const PICTURES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// The URLs of the tool spans, by the name of the tool, in order.
pub(crate) type ToolSpans = HashMap<String, VecDeque<String>>;

/// Matches the tool spans before an LLM call with the tool calls in its input, from the last one backwards. The first calls in the input
/// may be from earlier traces, and have no span here.
pub(crate) fn align(tools: &mut ToolSpans, messages: &[Json<'_>]) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for call in messages.iter().flat_map(|message| message.list("tool_calls")) {
        if let Some(name) = function(call).get("name").as_str() {
            *counts.entry(name).or_default() += 1;
        }
    }
    for (name, count) in counts {
        let spans = tools.entry(name.to_owned()).or_default();
        spans.drain(..spans.len().saturating_sub(count));
        while spans.len() < count {
            spans.push_front(String::new());
        }
    }
}

/// Returns the number of hidden messages, and the newest messages to show.
pub(crate) fn newest<'a, 'b>(all: &'a [Json<'b>]) -> (usize, &'a [Json<'b>]) {
    let left_out = all.len().saturating_sub(MOST);
    (left_out, all.get(left_out..).unwrap_or_default())
}

/// Shows the input messages of a model. If there are many, shows the newest and folds the others.
pub(crate) fn history(all: &[Json<'_>], tools: &mut ToolSpans) -> Markup {
    let (left_out, all) = newest(all);
    let folded = if all.len() > HISTORY { all.len() - NEWEST } else { 0 };
    let (earlier, newest) = all.split_at(folded);
    html! {
        @if !earlier.is_empty() {
            details.earlier {
                summary { (format::things(earlier.len(), "earlier message")) }
                @if left_out > 0 {
                    p.quiet { (format::things(left_out, "message")) " before these in the raw event, as JSON." }
                }
                (messages(earlier, tools))
            }
        }
        (messages(newest, tools))
    }
}

/// Shows the number of hidden items of a list.
pub(crate) fn more(all: usize, thing: &str) -> Markup {
    html! {
        @if all > ITEMS {
            p.quiet { (format::things(all - ITEMS, &format!("more {thing}"))) " in the raw event, as JSON." }
        }
    }
}

/// Shows a list of messages.
pub(crate) fn messages(messages: &[Json<'_>], tools: &mut ToolSpans) -> Markup {
    html! { ol.chat { @for item in messages { (message(item, tools)) } } }
}

fn message(message: &Json<'_>, tools: &mut ToolSpans) -> Markup {
    let role = message.str("role");
    let class = match role {
        "user" | "system" | "assistant" | "tool" => role,
        "developer" => "system",
        "reasoning" | "thinking" => "thought",
        _ => "other",
    };
    let content = message.get("content");
    // In a message of a tool, one of these fields names the call that it answers.
    let id = [message.str("tool_id"), message.str("tool_call_id")].into_iter().find(|id| !id.is_empty());
    html! {
        li class={ "message " (class) } {
            p.role {
                @if role.is_empty() { "message" } @else { (role) }
                @if let Some(id) = id { " " code.id { (id) } }
            }
            @if class == "thought" {
                details.thought { summary { "Reasoning" } (text(content.as_str().unwrap_or_default())) }
            } @else {
                (self::content(content))
            }
            @for call in message.list("tool_calls").iter().take(ITEMS) { (tool_call(call, tools)) }
            (more(message.list("tool_calls").len(), "tool call"))
            @for result in message.list("tool_results").iter().take(ITEMS) { (tool_result(result)) }
            (more(message.list("tool_results").len(), "result"))
            @for part in message.list("image_parts").iter().take(ITEMS) { (picture(part)) }
            (more(message.list("image_parts").len(), "picture"))
            @for part in message.list("audio_parts").iter().take(ITEMS) { (sound(part)) }
            (more(message.list("audio_parts").len(), "sound"))
        }
    }
}

/// Shows the content of a message: a text, or a list of parts.
fn content(content: &Json<'_>) -> Markup {
    match content {
        Json::Null => Markup::default(),
        Json::Text(whole) => {
            let (thought, rest) = split_thought(whole);
            html! {
                @if let Some(thought) = thought { details.thought { summary { "Reasoning" } (text(thought)) } }
                @if !rest.is_empty() { (text(rest)) }
            }
        }
        Json::Array(parts) => html! {
            @for part in parts.iter().take(ITEMS) {
                @match part.as_str().or_else(|| part.get("text").as_str()) {
                    Some(content) => (text(content)),
                    None => (json(part)),
                }
            }
            (more(parts.len(), "part"))
        },
        other => json(other),
    }
}

/// Separates the reasoning of a model from its answer, if both are in one text.
fn split_thought(text: &str) -> (Option<&str>, &str) {
    let thought = text.trim_start().strip_prefix("<think>").and_then(|rest| rest.split_once("</think>"));
    match thought {
        Some((thought, rest)) => (Some(thought.trim()), rest.trim_start()),
        None => (None, text),
    }
}

/// Returns the object with the name and the arguments of a tool call: `function` in OpenAI's format, otherwise the call.
fn function<'a>(call: &'a Json<'a>) -> &'a Json<'a> {
    call.field("function").filter(|function| function.is_object()).unwrap_or(call)
}

fn tool_call(call: &Json<'_>, tools: &mut ToolSpans) -> Markup {
    let function = function(call);
    let name = function.get("name").as_str().unwrap_or("tool");
    let id = call.get("tool_id").as_str().or_else(|| call.get("id").as_str());
    let span = tools.get_mut(name).and_then(VecDeque::pop_front).filter(|span| !span.is_empty());
    html! {
        section.tool {
            p.role {
                "calls " b { (name) }
                @if let Some(id) = id { " " code.id { (id) } }
                @if let Some(span) = span { " " a href=(span) { "the span that ran it" } }
            }
            @if let Some(arguments) = function.field("arguments") { (json(arguments)) }
        }
    }
}

fn tool_result(result: &Json<'_>) -> Markup {
    html! {
        section.tool {
            p.role {
                "result" @if let Some(name) = result.get("name").as_str() { " of " b { (name) } }
                @if let Some(id) = result.get("tool_id").as_str() { " " code.id { (id) } }
            }
            @if let Some(value) = result.field("result") { (json(value)) }
        }
    }
}

fn picture(part: &Json<'_>) -> Markup {
    let (mime, content) = media(part);
    html! {
        @match content.filter(|_| PICTURES.contains(&mime)) {
            Some(content) => { img.part src={ "data:" (mime) ";base64," (content) } alt={ "Picture of a message, " (mime) }; }
            None => { p.quiet { "Picture, " (mime) (attachment(part)) } }
        }
    }
}

fn sound(part: &Json<'_>) -> Markup {
    let (mime, content) = media(part);
    html! {
        @match content.filter(|_| mime.starts_with("audio/")) {
            Some(content) => { audio controls preload="none" src={ "data:" (mime) ";base64," (content) } {} }
            None => { p.quiet { "Sound, " (mime) (attachment(part)) } }
        }
    }
}

/// Returns the type of a part, and its content if that consists of base64 characters.
fn media<'a>(part: &'a Json<'_>) -> (&'a str, Option<&'a str>) {
    let mime = part.get("mime_type").as_str().unwrap_or("unknown type");
    let base64 =
        |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte));
    (mime, part.get("content").as_str().filter(|text| !text.is_empty()).filter(base64))
}

fn attachment(part: &Json<'_>) -> String {
    part.get("attachment_key").as_str().map(|key| format!(", kept as {key}")).unwrap_or_default()
}

/// Shows a text as JSON if it is an object or a list, as SQL if it is a statement, and otherwise as Markdown.
pub(crate) fn text(text: &str) -> Markup {
    if let Some(value) = inside(text) {
        return json(&value);
    }
    if let Some(statement) = sql::formatted(text) {
        return plain(&statement);
    }
    match markdown(text).filter(|_| text.len() <= FOLD) {
        Some(markdown) => html! { div.text dir="auto" { (markdown) } },
        None => plain(text),
    }
}

/// Shows plain text, folded if it is long.
pub(crate) fn plain(text: &str) -> Markup {
    match text.char_indices().nth(FOLD) {
        None => html! { pre.text dir="auto" { (text) } },
        Some((cut, _)) => {
            let (shown, folded) = text.split_at(cut);
            let end = folded.char_indices().nth(CHARS - FOLD).map_or(folded.len(), |(end, _)| end);
            let (folded, left_out) = folded.split_at(end);
            let left = format::count(folded.chars().count());
            html! {
                pre.text dir="auto" { (shown) }
                details.rest {
                    summary { "Show " (left) " more characters" }
                    pre.text dir="auto" { (folded) }
                    @if !left_out.is_empty() {
                        p.quiet { (format::things(left_out.chars().count(), "character")) " after these in the raw event, as JSON." }
                    }
                }
            }
        }
    }
}

/// Shows a value as indented JSON, and parses JSON in texts. Shows a text as plain text, unless it is JSON.
pub(crate) fn json(value: &Json<'_>) -> Markup {
    match value {
        Json::Text(text) => match inside(text) {
            Some(value) => json(&value),
            None => plain(sql::formatted(text).as_deref().unwrap_or(text)),
        },
        value => html! { div.json { (plain(&opened(value))) } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(names: &[(&str, &[&str])]) -> ToolSpans {
        let spans = |list: &[&str]| list.iter().map(|span| (*span).to_owned()).collect();
        names.iter().map(|(name, list)| ((*name).to_owned(), spans(list))).collect()
    }

    #[test]
    fn repeated_calls_match_the_last_spans_before_the_input() {
        let history = r#"[
            { "role": "assistant", "tool_calls": [{ "name": "a" }, { "function": { "name": "b" } }] },
            { "content": "a" },
            { "role": "assistant", "tool_calls": [{ "name": "a" }] }
        ]"#;
        let history = Json::read(history).unwrap();
        let mut tools = spans(&[("a", &["/1", "/2", "/3"]), ("c", &["/4"])]);
        align(&mut tools, history.items());
        assert_eq!(tools, spans(&[("a", &["/2", "/3"]), ("b", &[""]), ("c", &["/4"])]));

        let page = messages(history.items(), &mut tools).into_string();
        let links: Vec<_> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(links, ["/2", "/3"]);
    }
}
