//! Shared code of the tests of examples: runs of programs, their traces, and the README. `examples/tracing` also uses it.

pub mod readme;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use serde_json::Value;

/// A file to which a program writes its spans.
#[derive(Debug)]
pub struct Spans(PathBuf);

impl Spans {
    /// Creates the path of a file that no other test uses.
    #[expect(clippy::new_without_default, reason = "each has another file")]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(env::temp_dir().join(format!("llmobs-examples-{}-{number}.jsonl", process::id())))
    }

    /// Returns a command that runs a program with an otherwise empty environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LLMOBS_EXPORTER", format!("file:{}", self.0.display()));
        command
    }

    /// The spans so far.
    pub fn read(&self) -> Vec<Value> {
        let lines = fs::read_to_string(&self.0).unwrap_or_default();
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["spans"][0].take()).collect()
    }
}

impl Drop for Spans {
    fn drop(&mut self) {
        // A program without llmobs writes no file.
        let _ = fs::remove_file(&self.0);
    }
}

/// Runs a program to its end. Returns its standard output, and its trace.
pub fn run(program: &str, variables: &[(&str, &str)]) -> (String, String) {
    let spans = Spans::new();
    let output = spans.command(program).envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (String::from_utf8(output.stdout).unwrap(), tree(spans.read()))
}

/// Runs a program to its end. Returns its standard error, without the time of each log line.
pub fn logged(program: &str, variables: &[(&str, &str)]) -> String {
    let spans = Spans::new();
    let output =
        spans.command(program).env("NO_COLOR", "1").envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let is_digit = |character: char| character.is_ascii_digit();
    let line = |line: &str| match line.split_once(' ') {
        Some((time, rest)) if time.starts_with(is_digit) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    String::from_utf8(output.stderr).unwrap().lines().map(line).collect()
}

/// Returns traces as text: each span below its parent, with input and output, in which long values are shortened.
pub fn tree(mut spans: Vec<Value>) -> String {
    spans.sort_by_key(|span| span["start_ns"].as_u64());
    let mut lines = String::new();
    let roots: Vec<&Value> = spans.iter().filter(|span| span["parent_id"] == "undefined").collect();
    for root in roots {
        lines.push_str(&lines_of(root));
        add_below(root, "", &spans, &mut lines);
    }
    lines
}

fn add_below(parent: &Value, indent: &str, spans: &[Value], lines: &mut String) {
    let children: Vec<&Value> = spans.iter().filter(|span| span["parent_id"] == parent["span_id"]).collect();
    for (at, child) in children.iter().enumerate() {
        assert_eq!(child["trace_id"], parent["trace_id"]);
        let is_last = at + 1 == children.len();
        let (first, others) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        for (at, line) in lines_of(child).lines().enumerate() {
            lines.push_str(&format!("{indent}{}{line}\n", if at == 0 { first } else { others }));
        }
        add_below(child, &format!("{indent}{others}"), spans, lines);
    }
}

/// A span: kind and name, model and tokens, tags and errors, input and output.
fn lines_of(span: &Value) -> String {
    let meta = &span["meta"];
    let mut line = format!("{} {}", text(&meta["span"]["kind"]), text(&span["name"]));
    if meta["model_name"].is_string() {
        line.push_str(&format!("  {}", text(&meta["model_name"])));
    }
    if span["metrics"]["total_tokens"].is_number() {
        let metrics = &span["metrics"];
        line.push_str(&format!("  {} in + {} out tokens", metrics["input_tokens"], metrics["output_tokens"]));
    }
    if span["tags"].as_array().unwrap().iter().any(|tag| tag == "cancelled:true") {
        line.push_str("  cancelled");
    }
    if span["status"] == "error" {
        line.push_str(&format!("  error {}", text(&meta["error"]["type"])));
    }
    line.push('\n');
    for (name, content) in [("in ", &meta["input"]), ("out", &meta["output"])] {
        if content["value"].is_string() {
            line.push_str(&format!("  {name} {}\n", shortened(text(&content["value"]))));
        }
        for message in content["messages"].as_array().into_iter().flatten() {
            line.push_str(&format!("  {name} {}: {}\n", text(&message["role"]), content_of(message)));
        }
    }
    line
}

/// The text, the calls or the tool results of a message.
fn content_of(message: &Value) -> String {
    let list = |name: &str| message[name].as_array().cloned().unwrap_or_default();
    let content = [text(&message["content"]).to_owned()].into_iter().filter(|content| !content.is_empty());
    let calls = list("tool_calls");
    let calls = calls.iter().map(|call| format!("calls {}({})", text(&call["name"]), call["arguments"]));
    let results = list("tool_results");
    let results = results.iter().map(|result| text(&result["result"]).to_owned());
    content.chain(calls).chain(results).collect::<Vec<_>>().join(", ")
}

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
