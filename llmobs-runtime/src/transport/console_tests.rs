//! What a developer sees on the terminal.

use serde_json::{Value, json};

use super::{Console, MAX_HELD_BYTES, Style, evaluation, render};
use crate::id::SpanId;
use crate::transport::Event;

const PLAIN: Style = Style { colour: false };

/// A span that took `micros`, with what is put into `meta` beside its kind.
fn span(ids: [&str; 2], title: &str, start: u64, micros: u64, meta: &Value) -> Value {
    let (kind, name) = title.split_once(' ').unwrap();
    let mut event = json!({
        "trace_id": "t",
        "span_id": ids[0],
        "parent_id": ids[1],
        "name": name,
        "start_ns": start,
        "duration": micros * 1000,
        "status": "ok",
        "tags": ["error:0"],
        "metrics": {},
        "meta": { "span": { "kind": kind }, "metadata": {} },
    });
    for (key, value) in meta.as_object().unwrap() {
        event["meta"][key] = value.clone();
    }
    event
}

fn value(text: &str) -> Value {
    json!({ "value": text })
}

/// Two traces, their spans in the order in which they might have finished.
fn forest() -> Vec<Value> {
    let mut llm = span(
        ["4", "3"],
        "llm complete",
        30,
        1_234_567,
        &json!({
            "model_name": "gpt-4o", "model_provider": "openai",
            "input": { "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Why?\nReally?" },
            ] },
            "output": { "messages": [{ "role": "assistant", "content": "", "tool_calls": [
                { "name": "look", "arguments": { "at": ["it"] } },
            ], "tool_results": [{ "result": "seen" }] }] },
        }),
    );
    llm["metrics"] = json!({ "input_tokens": 12, "output_tokens": 34, "total_tokens": 46 });
    let mut cancelled = span(["5", "3"], "task wait", 40, 0, &json!({}));
    cancelled["tags"] = json!(["cancelled:true", "error:0"]);
    let error = json!({ "type": "my::Error", "message": "broke\u{1b}[2J", "stack": "" });
    let found = json!({ "documents": [{ "text": "first" }, { "text": "second", "score": 0.5 }] });
    let unknown = json!({ "model_name": "unknown", "model_provider": "unknown" });
    let mut embedding = span(["7", "9"], "embedding embed", 60, 15, &unknown);
    embedding["metrics"] = json!({ "input_tokens": 3 });
    vec![
        llm,
        cancelled,
        span(["3", "1"], "agent plan", 25, 2_000_000, &json!({ "input": value("go") })),
        span(["2", "1"], "retrieval search", 20, 999, &json!({ "input": value("q"), "output": found })),
        span(["6", "1"], "tool call", 50, 1, &json!({ "error": error })),
        span(["1", "undefined"], "workflow answer", 10, 61_000_000, &json!({ "output": value("done") })),
        embedding,
    ]
}

#[test]
fn a_forest_is_shown_as_trees() {
    let expected = "\
workflow answer  61.0s
  out done
├─ retrieval search  999.0µs
│    in  q
│    out (2) first
├─ agent plan  2.0s
│    in  go
│  ├─ llm complete  1.2s  gpt-4o  12 in + 34 out tokens
│  │    in  (2) user: Why?\\nReally?
│  │    out assistant:  call look({\"at\":[\"it\"]}) result seen
│  └─ task wait  0.0ns
│       ... cancelled
└─ tool call  1.0µs
     err my::Error: broke\\u{1b}[2J

embedding embed  15.0µs  3 in tokens

";
    assert_eq!(render(&forest(), PLAIN), expected);
    // In whatever order they arrive.
    let mut backwards = forest();
    backwards.reverse();
    assert_eq!(render(&backwards, PLAIN), expected);
    assert_eq!(render(&[], PLAIN), "");
}

#[test]
fn colours_add_nothing_but_colours() {
    let coloured = render(&forest(), Style { colour: true });
    let mut plain = String::new();
    let mut parts = coloured.split('\u{1b}');
    plain.push_str(parts.next().unwrap());
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    assert_eq!(plain, render(&forest(), PLAIN));
    // Each line leaves the terminal as it was.
    for line in coloured.lines() {
        let opened = line.matches("\u{1b}[").count() - line.matches("\u{1b}[0m").count();
        assert_eq!(opened, line.matches("\u{1b}[0m").count(), "{line:?}");
    }
    assert!(coloured.contains("\u{1b}[1;31mcall\u{1b}[0m"), "{coloured}");
    assert!(coloured.contains("\u{1b}[31mmy::Error: broke\\u{1b}[2J\u{1b}[0m"), "{coloured}");
}

#[test]
fn nothing_of_a_span_reaches_the_terminal_as_a_command() {
    let bad = "a\u{1b}]0;x\u{7}\r\n\t\u{9b}31m\u{7f}b";
    let escaped = "a\\u{1b}]0;x\\u{7}\\r\\n\\t\\u{9b}31m\\u{7f}b";
    let shown = |title: &str, meta: &Value| render(&[span(["1", "undefined"], title, 1, 1, meta)], PLAIN);
    let message = json!({ "messages": [{ "role": bad, "content": bad, "tool_calls": [
        { "name": bad, "arguments": { "k": bad } },
    ], "tool_results": [{ "result": bad }] }] });
    for (title, meta) in [
        (format!("llm {bad}"), json!({})),
        ("llm n".to_owned(), json!({ "model_name": bad })),
        ("llm n".to_owned(), json!({ "input": value(bad), "output": value(bad) })),
        ("llm n".to_owned(), json!({ "input": message })),
        ("llm n".to_owned(), json!({ "output": { "documents": [{ "text": bad }] } })),
        ("llm n".to_owned(), json!({ "error": { "type": bad, "message": bad } })),
    ] {
        let text = shown(&title, &meta);
        assert!(text.contains(escaped), "{meta}: {text}");
        assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{meta}: {text:?}");
        assert!(text.lines().count() <= 4, "{meta}: {text:?}");
    }
}

#[test]
fn long_texts_are_cut_after_a_hundred_characters() {
    let shown = |style, meta: &Value| render(&[span(["1", "undefined"], "tool t", 1, 1, meta)], style);
    let hundred = "é".repeat(100);
    for (text, preview) in [
        (hundred.clone(), hundred.clone()),
        (format!("{hundred}!"), format!("{hundred}…")),
        ("x".repeat(1_000_000), format!("{}…", "x".repeat(100))),
    ] {
        let meta = json!({ "input": value(&text), "output": value(&text) });
        assert_eq!(shown(PLAIN, &meta), format!("tool t  1.0µs\n  in  {preview}\n  out {preview}\n\n"));
    }
    let failed = json!({ "error": { "type": "E", "message": "x".repeat(200) } });
    let preview = format!("E: {}…", "x".repeat(97));
    assert_eq!(shown(PLAIN, &failed), format!("tool t  1.0µs\n  err {preview}\n\n"));
    let chain = "E: m\nCaused by: x\nCaused by: y";
    let caused = json!({ "error": { "type": "E", "message": "m", "stack": chain } });
    let expected = "  err E: m\n      Caused by: x\n      Caused by: y\n\n";
    assert_eq!(shown(PLAIN, &caused), format!("tool t  1.0µs\n{expected}"));
    // A cut error ends its colour too.
    let coloured = shown(Style { colour: true }, &failed);
    assert!(coloured.contains(&format!("\u{1b}[31m{preview}\u{1b}[0m\n")), "{coloured:?}");
}

/// A span of an outermost one, both by number; as large as its text, blanks included.
fn inside(root: u64, id: u64, bytes: usize) -> Event {
    let json = span([&id.to_string(), "0"], "task t", 1, 1, &json!({})).to_string();
    let blanks = " ".repeat(bytes.saturating_sub(json.len()));
    Event { json: json + &blanks, root: Some(number(root)) }
}

fn number(id: u64) -> SpanId {
    SpanId::from_decimal(&id.to_string()).unwrap()
}

/// The ids of what a console would print after these spans, of which the outermost have ended.
fn printed(console: &mut Console, spans: &[(u64, u64)], ended: &[u64]) -> Vec<u64> {
    let events: Vec<Event> = spans.iter().map(|&(root, id)| inside(root, id, 0)).collect();
    console.hold(&events);
    let ended: Vec<SpanId> = ended.iter().map(|&root| number(root)).collect();
    let due = console.release(&ended);
    due.iter().map(|event| event["span_id"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn spans_are_held_until_the_outermost_one_has_ended() {
    let mut console = Console::new();
    let nothing: [u64; 0] = [];
    assert_eq!(printed(&mut console, &[(1, 12)], &[]), nothing);
    assert_eq!(printed(&mut console, &[(2, 25)], &[]), nothing);
    assert_eq!(printed(&mut console, &[(1, 13)], &[]), nothing);
    // Another trace that is complete does not take them along.
    assert_eq!(printed(&mut console, &[(3, 3)], &[3]), [3]);
    assert_eq!(printed(&mut console, &[(1, 1)], &[1]), [12, 13, 1]);
    // One that the processor dropped has ended too.
    assert_eq!(printed(&mut console, &[], &[2]), [25]);
    // What ends after the outermost one, in a task that was spawned, has nothing to wait for.
    assert_eq!(printed(&mut console, &[(1, 16)], &[]), [16]);
    assert!(console.held.is_empty());
}

#[test]
fn what_is_held_is_bounded() {
    let mut console = Console::new();
    let mut received = |root: u64, id: u64, bytes: usize| {
        console.hold(&[inside(root, id, bytes)]);
        let ended = (root == id).then(|| number(root));
        console.release(ended.as_slice()).len()
    };
    assert_eq!(received(1, 2, 0), 0);
    let quarter = MAX_HELD_BYTES / 4;
    // What was printed does not count: five times a quarter goes by while one small span waits.
    for _ in 0..5 {
        assert_eq!(received(9, 9, quarter), 1);
    }
    for id in [3, 4, 5] {
        assert_eq!(received(1, id, quarter), 0);
    }
    assert_eq!(received(1, 6, quarter), 5);
    assert!(console.held.is_empty());
}

/// What is printed about a verdict, of which this is the whole of the JSON but for what all have.
fn line(fields: &Value) -> String {
    let mut event = json!({ "event_kind": "evaluation", "label": "l", "ml_app": "app", "tags": [] });
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    evaluation(&event.to_string(), PLAIN)
}

#[test]
fn an_evaluation_is_a_line_with_what_was_judged_and_how() {
    let long = "x".repeat(1_000_000);
    let hundred = "x".repeat(100);
    for (fields, expected) in [
        (
            json!({
                "metric_type": "score", "score_value": 0.93, "join_on": { "span": { "span_id": "1", "trace_id": "2" } },
                "assessment": "pass", "reasoning": "Every sentence\nstands in a document.",
            }),
            "evaluation l 0.93  of span 1  pass\n  why Every sentence\\nstands in a document.\n\n",
        ),
        (
            json!({
                "metric_type": "categorical", "categorical_value": "polite",
                "join_on": { "tag": { "key": "message", "value": "m-1" } }, "assessment": "fail",
            }),
            "evaluation l polite  of tag message:m-1  fail\n\n",
        ),
        (
            json!({ "event_kind": "feedback", "metric_type": "boolean", "boolean_value": true, "session_id": "chat\u{1b}" }),
            "feedback l true  of session chat\\u{1b}\n\n",
        ),
        (
            json!({ "event_kind": "feedback", "metric_type": "text", "text_value": long, "trace_id": "t" }),
            &format!("feedback l {hundred}…  of trace t\n\n"),
        ),
        (
            json!({ "event_kind": "feedback", "metric_type": "score", "score_value": 4, "span_id": "1" }),
            "feedback l 4  of span 1\n\n",
        ),
        (
            json!({ "metric_type": "json", "json_value": { "a": long }, "feedback_join_key": "k", "reasoning": long }),
            &format!("evaluation l {{\"a\":\"{}…  of key k\n  why {hundred}…\n\n", "x".repeat(94)),
        ),
    ] {
        assert_eq!(line(&fields), expected);
    }
}

#[test]
fn an_evaluation_in_colour_says_the_same_and_leaves_the_terminal_as_it_was() {
    for (assessment, colour) in [("pass", 32), ("fail", 31)] {
        let metric = json!({
            "event_kind": "evaluation", "label": "l\u{1b}", "metric_type": "score", "score_value": 1,
            "join_on": { "span": { "span_id": "7", "trace_id": "t" } }, "assessment": assessment, "reasoning": "r",
        });
        assert_eq!(
            evaluation(&metric.to_string(), Style { colour: true }),
            format!(
                "\u{1b}[36mevaluation\u{1b}[0m \u{1b}[1ml\\u{{1b}}\u{1b}[0m 1  \u{1b}[2mof span 7\u{1b}[0m  \
                 \u{1b}[{colour}m{assessment}\u{1b}[0m\n\u{1b}[2m  why\u{1b}[0m r\n\n"
            )
        );
    }
}
