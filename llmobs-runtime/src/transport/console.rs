//! Finished traces as readable trees on standard error.

use std::collections::{HashSet, VecDeque};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use serde_json::Value;

use super::{Event, Intake, Refused, Transport};
use crate::id::SpanId;
use crate::tree::{self, Content, Line};

/// What is held is printed as it is once it takes this many bytes together.
const MAX_HELD_BYTES: usize = 16 * 1024 * 1024;
/// How many outermost spans are remembered for what ends after them.
const MAX_ENDED: usize = 1000;
/// As much of an input or output as fits on a line, in characters.
const PREVIEW: usize = 100;

/// Holds spans until the outermost span of this program around them has ended, or was dropped.
#[derive(Debug)]
pub(crate) struct Console {
    style: Style,
    held: Vec<Held>,
    /// The outermost spans that ended last: what comes later from inside them is printed as it comes.
    ended: VecDeque<SpanId>,
}

#[derive(Debug)]
struct Held {
    root: Option<SpanId>,
    event: Value,
    bytes: usize,
}

impl Console {
    pub(crate) fn new() -> Self {
        let colour =
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        Self { style: Style { colour }, held: Vec::new(), ended: VecDeque::new() }
    }

    fn hold(&mut self, events: &[Event]) {
        let read = |Event { json, root }: &Event| {
            let event = serde_json::from_str(json).ok()?;
            Some(Held { root: *root, event, bytes: json.len() })
        };
        self.held.extend(events.iter().filter_map(read));
    }

    /// Gives what is to be printed now that these outermost spans have ended.
    fn release(&mut self, roots: &[SpanId]) -> Vec<Value> {
        self.ended.extend(roots);
        let ended: HashSet<SpanId> = self.ended.iter().copied().collect();
        let (mut due, held): (Vec<Held>, _) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| held.root.is_none_or(|root| ended.contains(&root)));
        self.held = held;
        let old = self.ended.len().saturating_sub(MAX_ENDED);
        self.ended.drain(..old);
        if self.held.iter().map(|held| held.bytes).sum::<usize>() > MAX_HELD_BYTES {
            due.append(&mut self.held);
        }
        due.into_iter().map(|held| held.event).collect()
    }

    fn print(&self, events: &[Value]) {
        write(&render(events, self.style));
    }
}

impl Transport for Console {
    fn send(&mut self, intake: Intake, events: &[Event]) -> Result<(), Refused> {
        match intake {
            Intake::Spans => self.hold(events),
            Intake::Evaluations => {
                let lines = events.iter().map(|event| evaluation(&event.json, self.style));
                write(&lines.collect::<String>());
            }
        }
        Ok(())
    }

    fn ended(&mut self, roots: &[SpanId]) {
        let due = self.release(roots);
        self.print(&due);
    }

    fn close(&mut self) {
        let held: Vec<Value> = self.held.drain(..).map(|held| held.event).collect();
        self.print(&held);
    }
}

fn write(text: &str) {
    // Where standard error is closed or full there is nobody to tell.
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
fn render(events: &[Value], style: Style) -> String {
    let mut out = String::new();
    for (index, line) in tree::lines(events).iter().enumerate() {
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

/// `evaluation faithfulness 0.93  of span 123  pass`, and below it why.
fn evaluation(event: &str, style: Style) -> String {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    let shown = |text: &str| preview(&tree::one_line(text));
    let value = event.get(format!("{}_value", tree::text(&event, "metric_type")));
    let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let target = target(&event).map(|target| style.dim(&format!("of {}", shown(&target))));
    let assessment = Some(tree::text(&event, "assessment")).filter(|text| !text.is_empty());
    let assessment = assessment.map(|text| style.paint(if text == "pass" { "32" } else { "31" }, text));
    let mut line = format!(
        "{} {} {}",
        style.paint("36", tree::text(&event, "event_kind")),
        style.paint("1", &shown(tree::text(&event, "label"))),
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

/// What was judged, in the words of whoever judged it.
fn target(event: &Value) -> Option<String> {
    if let Some(tag) = event.pointer("/join_on/tag") {
        return Some(format!("tag {}:{}", tree::text(tag, "key"), tree::text(tag, "value")));
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
    let event = line.event;
    let error = tree::error(event);
    let title = tree::title(event);
    let (kind, name) = title.split_once(' ').unwrap_or((&title, ""));
    let name = style.paint(if error.is_some() { "1;31" } else { "1" }, name);
    let nanos = event.get("duration").and_then(Value::as_u64).unwrap_or_default();
    let facts = [Some(duration(Duration::from_nanos(nanos))), model(event), tokens(event)];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join("  ");
    out.push_str(&format!(
        "{}{} {name}  {}\n",
        style.dim(&line.lead),
        style.paint("36", kind),
        style.dim(&facts)
    ));
    // The branch to the children goes on beside the texts of their parent.
    let mut push = |label: &str, text: Option<String>| {
        if let Some(text) = text {
            out.push_str(&format!("{}{} {}\n", style.dim(&line.rest), style.dim(label), text));
        }
    };
    let content = |side| tree::content(event, side).map(|content| preview(&most_telling(content)));
    push("  in ", content("input"));
    push("  out", content("output"));
    push("  err", error.map(|error| style.paint("31", &preview(&error))));
    for cause in tree::causes(event) {
        push("     ", Some(style.paint("31", &preview(&cause))));
    }
    push("  ...", tree::has_tag(event, "cancelled:true").then(|| "cancelled".to_owned()));
}

/// Of several messages the last, of several documents the first, with how many there are.
fn most_telling(content: Content) -> String {
    let (count, one) = match &content {
        Content::Messages(items) => (items.len(), items.last()),
        Content::Documents(items) => (items.len(), items.first()),
        Content::Text(_) => (1, None),
    };
    match one {
        Some(one) if count > 1 => format!("({count}) {one}"),
        _ => content.join(),
    }
}

fn preview(text: &str) -> String {
    match text.char_indices().nth(PREVIEW) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn model(event: &Value) -> Option<String> {
    event.pointer("/meta/model_name")?.as_str().filter(|name| *name != "unknown").map(tree::one_line)
}

/// `12 in + 34 out tokens`, from what was annotated.
fn tokens(event: &Value) -> Option<String> {
    let metrics = event.get("metrics")?;
    let counts = [("input_tokens", "in"), ("output_tokens", "out")];
    let known = counts.map(|(key, label)| Some(format!("{} {label}", metrics.get(key)?)));
    let known: Vec<String> = known.into_iter().flatten().collect();
    (!known.is_empty()).then(|| format!("{} tokens", known.join(" + ")))
}

fn duration(duration: Duration) -> String {
    format!("{duration:.1?}")
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
