//! Finished traces as readable trees on standard error.

use std::collections::{HashSet, VecDeque};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use serde_json::Value;

use super::{Failure, Framing, Payload, Transport};
use crate::base::id::SpanId;
use crate::deliver::tree::{self, Line};
use crate::model::content::Content;
use crate::model::span_data::SpanData;

/// Held spans are printed when they take about this many bytes together.
const MAX_HELD_BYTES: usize = 16 * 1024 * 1024;
/// How many finished outermost spans are remembered, for inner spans that end after them.
const MAX_ENDED: usize = 1000;
/// The most characters of an input or output in a line.
const PREVIEW: usize = 100;

/// Holds spans until the outermost span of this program around them has ended.
#[derive(Debug)]
pub(crate) struct Console {
    style: Style,
    held: Vec<SpanData>,
    /// The outermost spans that ended last. Inner spans that end later are printed at once.
    ended: VecDeque<SpanId>,
}

impl Console {
    pub(crate) fn new() -> Self {
        let colour =
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        Self { style: Style { colour }, held: Vec::new(), ended: VecDeque::new() }
    }

    /// Returns the spans to print when these outermost spans have ended.
    fn release(&mut self, roots: &[SpanId]) -> Vec<SpanData> {
        self.ended.extend(roots);
        let ended: HashSet<SpanId> = self.ended.iter().copied().collect();
        let (mut due, held): (Vec<SpanData>, _) =
            std::mem::take(&mut self.held).into_iter().partition(|span| ended.contains(&span.fixed.root));
        self.held = held;
        let old = self.ended.len().saturating_sub(MAX_ENDED);
        self.ended.drain(..old);
        if self.held.iter().map(SpanData::bytes).sum::<usize>() > MAX_HELD_BYTES {
            due.append(&mut self.held);
        }
        due
    }

    fn print(&self, spans: &[SpanData]) {
        write(&render(spans, self.style));
    }
}

impl Transport for Console {
    fn framing(&self) -> Option<Framing> {
        None
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        match payload {
            Payload::Spans(spans) => self.held.append(spans),
            Payload::Evaluations(metrics) => {
                let lines = metrics.iter().map(|metric| evaluation(metric, self.style));
                write(&lines.collect::<String>());
            }
            Payload::Events(_) => {}
        }
        Ok(())
    }

    fn ended(&mut self, roots: &[SpanId]) {
        let due = self.release(roots);
        self.print(&due);
    }

    fn close(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.print(&held);
    }
}

fn write(text: &str) {
    // If standard error is closed or full, the failure cannot be reported.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[derive(Clone, Copy, Debug)]
struct Style {
    colour: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// All the trees, each followed by an empty line.
fn render(spans: &[SpanData], style: Style) -> String {
    let mut out = String::new();
    for (index, line) in tree::lines(spans).iter().enumerate() {
        if index > 0 && line.lead.is_empty() {
            out.push('\n');
        }
        push_span(line, style, &mut out);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Returns `evaluation faithfulness 0.93  of span 123  pass`, and the reasoning on the next lines.
fn evaluation(event: &str, style: Style) -> String {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    let shown = |text: &str| preview(&tree::one_line(text));
    let value = event.get(format!("{}_value", text(&event, "metric_type")));
    let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let target = target(&event).map(|target| style.dim(&format!("of {}", shown(&target))));
    let assessment = Some(text(&event, "assessment")).filter(|text| !text.is_empty());
    let assessment = assessment.map(|text| style.paint(if text == "pass" { "32" } else { "31" }, text));
    let mut line = format!(
        "{} {} {}",
        style.paint("36", text(&event, "event_kind")),
        style.paint("1", &shown(text(&event, "label"))),
        shown(&value.unwrap_or_default()),
    );
    for fact in [target, assessment].into_iter().flatten() {
        line.push_str(&format!("  {fact}"));
    }
    if let Some(reasoning) = event.get("reasoning").and_then(Value::as_str) {
        line.push_str(&format!("\n{} {}", style.dim("  why"), shown(reasoning)));
    }
    line + "\n\n"
}

/// What the evaluation refers to, as it was submitted.
fn target(event: &Value) -> Option<String> {
    if let Some(tag) = event.pointer("/join_on/tag") {
        return Some(format!("tag {}:{}", text(tag, "key"), text(tag, "value")));
    }
    let targets = [
        ("span", "/join_on/span/span_id"),
        ("span", "/span_id"),
        ("trace", "/trace_id"),
        ("session", "/session_id"),
        ("key", "/feedback_join_key"),
    ];
    targets.into_iter().find_map(|(what, path)| Some(format!("{what} {}", event.pointer(path)?.as_str()?)))
}

fn push_span(line: &Line<'_>, style: Style, out: &mut String) {
    let span = line.span;
    let failed = span.failure.as_ref();
    let title = tree::title(span);
    let (kind, name) = title.split_once(' ').unwrap_or((&title, ""));
    let name = style.paint(if failed.is_some() { "1;31" } else { "1" }, name);
    let facts = [Some(duration(span.duration())), model(span), tokens(span)];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join("  ");
    out.push_str(&format!(
        "{}{} {name}  {}\n",
        style.dim(&line.lead),
        style.paint("36", kind),
        style.dim(&facts)
    ));
    // The line to the children continues next to the texts of their parent.
    let mut push = |label: &str, text: Option<String>| {
        if let Some(text) = text {
            out.push_str(&format!("{}{} {}\n", style.dim(&line.rest), style.dim(label), text));
        }
    };
    let content = |content: Option<&Content>| content.map(|content| preview(&most_telling(content)));
    push("  in ", content(span.input.as_ref()));
    push("  out", content(span.output.as_ref()));
    push("  err", failed.map(|failure| style.paint("31", &preview(&tree::failure(failure)))));
    for cause in failed.map(tree::causes).unwrap_or_default() {
        push("     ", Some(style.paint("31", &preview(&cause))));
    }
    push("  ...", tree::is_cancelled(span).then(|| "cancelled".to_owned()));
}

/// The last of several messages, or the first of several documents, with their number.
fn most_telling(content: &Content) -> String {
    let items = tree::items(content);
    let one = if matches!(content, Content::Messages(_)) { items.last() } else { items.first() };
    match one {
        Some(one) if items.len() > 1 => format!("({}) {one}", items.len()),
        _ => items.concat(),
    }
}

fn preview(text: &str) -> String {
    match text.char_indices().nth(PREVIEW) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn model(span: &SpanData) -> Option<String> {
    let name = span.model_name.as_deref();
    name.filter(|name| span.kind().has_model() && !name.is_empty()).map(tree::one_line)
}

/// `12 in + 34 out tokens`, from what was annotated.
fn tokens(span: &SpanData) -> Option<String> {
    let counts = [("input_tokens", "in"), ("output_tokens", "out")];
    let known = counts.map(|(key, label)| Some(format!("{} {label}", span.metrics.get(key)?)));
    let known: Vec<String> = known.into_iter().flatten().collect();
    (!known.is_empty()).then(|| format!("{} tokens", known.join(" + ")))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn duration(duration: Duration) -> String {
    format!("{duration:.1?}")
}

#[cfg(test)]
mod tests;
