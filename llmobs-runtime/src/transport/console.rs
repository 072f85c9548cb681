//! Finished traces as readable trees on standard error.

use std::collections::{HashSet, VecDeque};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use serde_json::Value;

use super::{Intake, Refused, Transport};
use crate::tree::{self, Content, Line};

/// Traces whose root has not ended are printed as they are once they hold this many bytes together.
const MAX_HELD_BYTES: usize = 16 * 1024 * 1024;
/// How many traces are remembered for what comes after their root.
const MAX_PRINTED: usize = 1000;
/// As much of an input or output as fits on a line, in characters.
const PREVIEW: usize = 100;

/// Holds the spans of a trace until its root has ended.
#[derive(Debug)]
pub(crate) struct Console {
    style: Style,
    held: Vec<Held>,
    /// The traces whose roots were printed last: what comes later of them is printed as it comes.
    printed: VecDeque<String>,
}

#[derive(Debug)]
struct Held {
    event: Value,
    bytes: usize,
}

impl Console {
    pub(crate) fn new() -> Self {
        let colour =
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        Self { style: Style { colour }, held: Vec::new(), printed: VecDeque::new() }
    }

    /// Takes events, and gives those that are to be printed now.
    fn receive(&mut self, events: &[String]) -> Vec<Value> {
        let read = |text: &String| {
            let event = serde_json::from_str(text).ok()?;
            let bytes = text.len();
            Some(Held { event, bytes })
        };
        self.held.extend(events.iter().filter_map(read));
        for held in &self.held {
            if tree::text(&held.event, "parent_id") == "undefined" {
                self.printed.push_back(tree::text(&held.event, "trace_id").to_owned());
            }
        }
        let ended: HashSet<&str> = self.printed.iter().map(String::as_str).collect();
        let (mut due, held): (Vec<Held>, _) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| ended.contains(tree::text(&held.event, "trace_id")));
        self.held = held;
        let old = self.printed.len().saturating_sub(MAX_PRINTED);
        self.printed.drain(..old);
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
    fn send(&mut self, intake: Intake, events: &[String]) -> Result<(), Refused> {
        match intake {
            Intake::Spans => {
                let due = self.receive(events);
                self.print(&due);
            }
            Intake::Evaluations => {
                let lines = events.iter().map(|event| evaluation(event, self.style));
                write(&lines.collect::<String>());
            }
        }
        Ok(())
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

/// `evaluation faithfulness 0.93  of span 123`, on a line of its own.
fn evaluation(event: &str, style: Style) -> String {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    let value = event.get(format!("{}_value", tree::text(&event, "metric_type")));
    let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let targets = ["/join_on/span/span_id", "/span_id", "/trace_id", "/session_id", "/feedback_join_key"];
    let target = targets.into_iter().find_map(|path| event.pointer(path)?.as_str());
    let of = target.map(|target| format!("  of {}", tree::one_line(target))).unwrap_or_default();
    format!(
        "{} {} {}{}\n\n",
        style.paint("36", tree::text(&event, "event_kind")),
        style.paint("1", &tree::one_line(tree::text(&event, "label"))),
        tree::one_line(&value.unwrap_or_default()),
        style.dim(&of),
    )
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
