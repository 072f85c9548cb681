//! Wire events as a tree of text, for tests and for the console.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// One span at its place in the tree.
pub(crate) struct Line<'a> {
    pub(crate) event: &'a Value,
    /// What stands before the first line of the span.
    pub(crate) lead: String,
    /// What stands before further lines of the span.
    pub(crate) rest: String,
}

/// The spans in the order in which a reader meets them: parents before children, siblings by their start. A span whose
/// parent is not among the events is a root.
///
/// Iterative, since the depth of a trace is up to the program.
pub(crate) fn lines(events: &[Value]) -> Vec<Line<'_>> {
    let known: HashSet<&str> = events.iter().map(|event| text(event, "span_id")).collect();
    let mut children: HashMap<&str, Vec<&Value>> = HashMap::new();
    for event in events {
        let parent = text(event, "parent_id");
        children.entry(if known.contains(parent) { parent } else { "" }).or_default().push(event);
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|event| start(event));
    }
    let root = |event| Line { event, lead: String::new(), rest: String::new() };
    let mut stack: Vec<Line<'_>> = children.remove("").into_iter().flatten().rev().map(root).collect();
    let mut lines = Vec::new();
    while let Some(line) = stack.pop() {
        let below = children.remove(text(line.event, "span_id")).unwrap_or_default();
        for (from_last, event) in below.into_iter().rev().enumerate() {
            let (lead, rest) = if from_last == 0 { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let [lead, rest] = [lead, rest].map(|branch| format!("{}{branch}", line.rest));
            stack.push(Line { event, lead, rest });
        }
        lines.push(line);
    }
    lines
}

pub(crate) fn start(event: &Value) -> u64 {
    event.get("start_ns").and_then(Value::as_u64).unwrap_or_default()
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// `kind name` of a span.
pub(crate) fn title(event: &Value) -> String {
    let kind = event.pointer("/meta/span/kind").and_then(Value::as_str).unwrap_or_default();
    format!("{kind} {}", one_line(text(event, "name")))
}

/// The input or output of a span, each text on one line.
pub(crate) enum Content {
    Text(String),
    Messages(Vec<String>),
    Documents(Vec<String>),
}

impl Content {
    /// All of it on one line.
    pub(crate) fn join(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Messages(items) | Self::Documents(items) => items.join(" | "),
        }
    }
}

/// The input or output of a span.
pub(crate) fn content(event: &Value, side: &str) -> Option<Content> {
    let content = event.get("meta")?.get(side)?;
    let items = |key: &str, show: fn(&Value) -> String| {
        let items = content.get(key)?.as_array()?;
        Some(items.iter().map(|item| one_line(&show(item))).collect())
    };
    items("messages", message)
        .map(Content::Messages)
        .or_else(|| items("documents", |document| text(document, "text").to_owned()).map(Content::Documents))
        .or_else(|| Some(Content::Text(one_line(content.get("value")?.as_str()?))))
}

fn message(message: &Value) -> String {
    let mut shown = match text(message, "role") {
        "" => String::new(),
        role => format!("{role}: "),
    };
    shown.push_str(text(message, "content"));
    for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        let arguments = call.get("arguments").map(ToString::to_string).unwrap_or_default();
        shown.push_str(&format!(" call {}({arguments})", text(call, "name")));
    }
    for result in message.get("tool_results").and_then(Value::as_array).into_iter().flatten() {
        shown.push_str(&format!(" result {}", text(result, "result")));
    }
    shown
}

/// `type: message` of the error of a span.
pub(crate) fn error(event: &Value) -> Option<String> {
    let error = event.pointer("/meta/error")?;
    Some(one_line(&format!("{}: {}", text(error, "type"), text(error, "message"))))
}

/// The sources of the error of a span, which its stack holds after the first line.
pub(crate) fn causes(event: &Value) -> Vec<String> {
    let stack = event.pointer("/meta/error/stack").and_then(Value::as_str).unwrap_or_default();
    stack.lines().filter(|line| line.starts_with("Caused by: ")).map(one_line).collect()
}

pub(crate) fn has_tag(event: &Value, tag: &str) -> bool {
    event.get("tags").and_then(Value::as_array).is_some_and(|tags| tags.iter().any(|other| other == tag))
}

/// Control characters would let the text of a prompt move the cursor of a terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, char| {
        if char.is_control() {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
        line
    })
}
