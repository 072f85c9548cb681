//! Spans as a tree of text, for tests and for the console.

use std::collections::{HashMap, HashSet};

use llmobs_providers::Message;

use crate::model::content::Content;
use crate::model::failure::Failure;
use crate::model::span_data::SpanData;

/// One span at its place in the tree.
pub(crate) struct Line<'a> {
    pub(crate) span: &'a SpanData,
    /// The lines of the tree before the first line of the span.
    pub(crate) lead: String,
    /// The lines of the tree before further lines of the span.
    pub(crate) rest: String,
}

/// Returns the spans in reading order: parents before children, siblings by their start. A span whose parent is not among them is a root.
///
/// This is iterative, because a program decides how deep a trace is.
pub(crate) fn lines(spans: &[SpanData]) -> Vec<Line<'_>> {
    let known: HashSet<&str> = spans.iter().map(SpanData::span_id).collect();
    let mut children: HashMap<Option<&str>, Vec<&SpanData>> = HashMap::new();
    for span in spans {
        children.entry(span.parent_id().filter(|parent| known.contains(parent))).or_default().push(span);
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|span| span.start_time());
    }
    let root = |span| Line { span, lead: String::new(), rest: String::new() };
    let mut stack: Vec<Line<'_>> = children.remove(&None).into_iter().flatten().rev().map(root).collect();
    let mut lines = Vec::new();
    while let Some(line) = stack.pop() {
        let below = children.remove(&Some(line.span.span_id())).unwrap_or_default();
        for (from_last, span) in below.into_iter().rev().enumerate() {
            let (lead, rest) = if from_last == 0 { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let [lead, rest] = [lead, rest].map(|branch| format!("{}{branch}", line.rest));
            stack.push(Line { span, lead, rest });
        }
        lines.push(line);
    }
    lines
}

/// `kind name` of a span.
pub(crate) fn title(span: &SpanData) -> String {
    format!("{} {}", span.kind(), one_line(&span.name))
}

/// An input or output on one line.
pub(crate) fn content(content: &Content) -> String {
    items(content).join(" | ")
}

/// Each part of an input or output on one line: a text, the messages, or the documents.
pub(crate) fn items(content: &Content) -> Vec<String> {
    match content {
        Content::Text(text) => vec![one_line(text)],
        Content::Messages(messages) => messages.iter().map(|item| one_line(&message(item))).collect(),
        Content::Documents(documents) => documents.iter().map(|document| one_line(&document.text)).collect(),
    }
}

fn message(message: &Message) -> String {
    let mut shown = match message.role.as_str() {
        "" => String::new(),
        role => format!("{role}: "),
    };
    shown.push_str(&message.content);
    for call in &message.tool_calls {
        let arguments = serde_json::to_string(&call.arguments).unwrap_or_default();
        shown.push_str(&format!(" call {}({arguments})", call.name));
    }
    for result in &message.tool_results {
        shown.push_str(&format!(" result {}", result.result));
    }
    shown
}

/// `type: message` of a failure, or its type alone if there is no message.
pub(crate) fn failure(failure: &Failure) -> String {
    if failure.message.is_empty() {
        return one_line(&failure.kind);
    }
    one_line(&format!("{}: {}", failure.kind, failure.message))
}

/// The sources of a failure, which follow the first line of its stack.
pub(crate) fn causes(failure: &Failure) -> Vec<String> {
    failure.stack.lines().filter(|line| line.starts_with("Caused by: ")).map(one_line).collect()
}

/// Whether the work was cancelled.
pub(crate) fn is_cancelled(span: &SpanData) -> bool {
    span.tags.get("cancelled").is_some_and(|cancelled| cancelled == "true")
}

/// The text in one line. Control characters are escaped, because they could move the cursor of a terminal.
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
