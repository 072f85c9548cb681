//! Wire events without the parts that differ between runs.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Returns events in the order in which their spans started.
pub fn by_start(mut events: Vec<Value>) -> Vec<Value> {
    events.sort_by_key(|event| event["start_ns"].as_u64());
    events
}

/// Returns `kind name` of each span on a separate line, indented below its parent.
pub fn skeleton(events: &[Value]) -> String {
    fn below(parent: &Value, depth: usize, events: &[Value], lines: &mut String) {
        for event in events.iter().filter(|event| event["parent_id"] == *parent) {
            let kind = event["meta"]["span"]["kind"].as_str().expect("a kind");
            let name = event["name"].as_str().expect("a name");
            lines.push_str(&format!("{}{kind} {name}\n", "  ".repeat(depth)));
            below(&event["span_id"], depth + 1, events, lines);
        }
    }
    let mut lines = String::new();
    below(&json!("undefined"), 0, events, &mut lines);
    lines
}

/// Replaces ids by names in the order of the events (`S1`, `T1`, `A1` …), times by zero, stacks, and the tags of
/// language and version.
pub fn masked(mut events: Vec<Value>) -> Vec<Value> {
    let mut names = Names::default();
    for event in &mut events {
        names.rename(&mut event["span_id"], "S");
        names.rename(&mut event["_dd"]["span_id"], "S");
        names.rename(&mut event["trace_id"], "T");
        names.rename(&mut event["_dd"]["trace_id"], "A");
        names.rename(&mut event["_dd"]["apm_trace_id"], "A");
    }
    // Parents come last, because a parent that is not among the events gets the next name.
    for event in &mut events {
        if event["parent_id"] != "undefined" {
            names.rename(&mut event["parent_id"], "S");
        }
        if let Some(agent) = event.pointer_mut("/meta/agent_attribution/pagent_span_id") {
            names.rename(agent, "S");
        }
        for link in event.get_mut("span_links").and_then(Value::as_array_mut).into_iter().flatten() {
            names.rename(&mut link["span_id"], "S");
            names.rename(&mut link["trace_id"], "T");
        }
        event["start_ns"] = json!(0);
        event["duration"] = json!(0);
        if let Some(seconds) =
            event.pointer_mut("/metrics/time_to_first_token").filter(|seconds| seconds.is_f64())
        {
            *seconds = json!("<seconds>");
        }
        if let Some(stack) = event.pointer_mut("/meta/error/stack") {
            *stack = json!("<stack>");
        }
        for tag in event["tags"].as_array_mut().into_iter().flatten() {
            for (key, mask) in [("ddtrace.version", "<v>"), ("language", "<lang>")] {
                if tag.as_str().is_some_and(|tag| tag.starts_with(&format!("{key}:"))) {
                    *tag = json!(format!("{key}:{mask}"));
                }
            }
        }
    }
    events
}

#[derive(Default)]
struct Names {
    known: HashMap<(&'static str, String), String>,
    counts: HashMap<&'static str, usize>,
}

impl Names {
    fn rename(&mut self, id: &mut Value, letter: &'static str) {
        let original = id.as_str().expect("an id is a string").to_owned();
        let name = self.known.entry((letter, original)).or_insert_with(|| {
            let count = self.counts.entry(letter).or_default();
            *count += 1;
            format!("{letter}{count}")
        });
        *id = json!(name);
    }
}
