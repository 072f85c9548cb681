//! The output on a developer's terminal.

use serde_json::{Value, json};

use super::{Console, MAX_ENDED, MAX_HELD_BYTES, Style, evaluation, render};
use crate::Annotation;
use crate::base::id::SpanId;
use crate::base::kind::Kind;
use crate::content::{Document, Message, ToolCall, ToolResult};
use crate::deliver::transport::{Payload, Transport as _};
use crate::model::content::Content;
use crate::model::failure::Failure;
use crate::model::sample::Sample;
use crate::model::span_data::SpanData;
use crate::model::tags::Identity;

const PLAIN: Style = Style { colour: false };

/// Returns the id with this number, or none for 0.
fn id(number: u64) -> Option<SpanId> {
    SpanId::from_decimal(&number.to_string())
}

/// Returns a span that took `micros`, with its own number and that of its parent.
fn span(ids: [u64; 2], kind: Kind, name: &str, start: u64, micros: u64) -> Sample {
    Sample {
        span_id: id(ids[0]).unwrap(),
        parent_id: id(ids[1]),
        start_nanos: start,
        duration_nanos: micros * 1000,
        ..Sample::new(kind, name.to_owned())
    }
}

fn data(span: &Sample) -> SpanData {
    span.data(&Identity::default())
}

/// Returns the spans of two traces in a possible order of their ends.
fn forest() -> Vec<SpanData> {
    let annotate = |note: &mut Annotation| {
        let call = ToolCall::new("look", json!({ "at": ["it"] }));
        note.model_name("gpt-4o")
            .model_provider("openai")
            .input([Message::system("Be brief."), Message::user("Why?\nReally?")])
            .output(Message::assistant("").tool_call(call).tool_result(ToolResult::new("seen")))
            .metrics([("input_tokens", 12), ("output_tokens", 34), ("total_tokens", 46)]);
    };
    let found = [Document::new("first"), Document::new("second").score(0.5)];
    let spans = [
        span([4, 3], Kind::Llm, "complete", 30, 1_234_567).annotate(annotate),
        span([5, 3], Kind::Task, "wait", 40, 0).annotate(|note| {
            note.tag("cancelled", true);
        }),
        span([3, 1], Kind::Agent, "plan", 25, 2_000_000).annotate(|note| {
            note.input("go");
        }),
        span([2, 1], Kind::Retrieval, "search", 20, 999).annotate(|note| {
            note.input("q").output(found);
        }),
        span([6, 1], Kind::Tool, "call", 50, 1).annotate(|note| {
            note.failure("my::Error", "broke\u{1b}[2J");
        }),
        span([1, 0], Kind::Workflow, "answer", 10, 61_000_000).annotate(|note| {
            note.output("done");
        }),
        span([7, 9], Kind::Embedding, "embed", 60, 15).annotate(|note| {
            note.metric("input_tokens", 3);
        }),
    ];
    spans.iter().map(data).collect()
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
    // In each order of arrival.
    let mut backwards = forest();
    backwards.reverse();
    assert_eq!(render(&backwards, PLAIN), expected);
    assert_eq!(render(&[], PLAIN), "");
}

#[test]
fn colours_do_not_change_the_text() {
    let coloured = render(&forest(), Style { colour: true });
    let mut plain = String::new();
    let mut parts = coloured.split('\u{1b}');
    plain.push_str(parts.next().unwrap());
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    assert_eq!(plain, render(&forest(), PLAIN));
    // Each line resets the terminal.
    for line in coloured.lines() {
        let opened = line.matches("\u{1b}[").count() - line.matches("\u{1b}[0m").count();
        assert_eq!(opened, line.matches("\u{1b}[0m").count(), "{line:?}");
    }
    assert!(coloured.contains("\u{1b}[1;31mcall\u{1b}[0m"), "{coloured}");
    assert!(coloured.contains("\u{1b}[31mmy::Error: broke\\u{1b}[2J\u{1b}[0m"), "{coloured}");
}

/// Returns the output for one span that took a microsecond, after `edit`.
type Edit<'a> = &'a dyn Fn(&mut SpanData);

fn shown(style: Style, kind: Kind, name: &str, edit: Edit<'_>) -> String {
    let mut span = data(&span([1, 0], kind, name, 1, 1));
    edit(&mut span);
    render(&[span], style)
}

fn failure(kind: &str, message: &str, stack: &str) -> Failure {
    let [kind, message, stack] = [kind, message, stack].map(str::to_owned);
    Failure { kind, message, stack }
}

#[test]
fn control_characters_of_spans_are_not_printed() {
    let bad = "a\u{1b}]0;x\u{7}\r\n\t\u{9b}31m\u{7f}b";
    let escaped = "a\\u{1b}]0;x\\u{7}\\r\\n\\t\\u{9b}31m\\u{7f}b";
    let text = || Some(Content::Text(bad.to_owned()));
    let message = || {
        let call = ToolCall::new(bad, json!({ "k": bad }));
        Message::new(bad, bad).tool_call(call).tool_result(ToolResult::new(bad))
    };
    let edits: [(&str, Edit<'_>); 7] = [
        ("name", &|span| span.name = bad.to_owned()),
        ("model", &|span| span.model_name = Some(bad.to_owned())),
        ("text", &|span| (span.input, span.output) = (text(), text())),
        ("message", &|span| span.input = Some(Content::Messages(vec![message()]))),
        ("document", &|span| span.output = Some(Content::Documents(vec![Document::new(bad)]))),
        ("failure", &|span| span.failure = Some(failure(bad, bad, ""))),
        ("cause", &|span| span.failure = Some(failure("E", "", &format!("E: \nCaused by: {bad}")))),
    ];
    for (what, edit) in edits {
        let text = shown(PLAIN, Kind::Llm, "n", edit);
        let expected = if what == "cause" { "Caused by: a\\u{1b}]0;x\\u{7}" } else { escaped };
        assert!(text.contains(expected), "{what}: {text}");
        assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{what}: {text:?}");
        assert!(text.lines().count() <= 4, "{what}: {text:?}");
    }
}

#[test]
fn long_texts_are_cut_after_a_hundred_characters() {
    let hundred = "é".repeat(100);
    for (text, preview) in [
        (hundred.clone(), hundred.clone()),
        (format!("{hundred}!"), format!("{hundred}…")),
        ("x".repeat(1_000_000), format!("{}…", "x".repeat(100))),
    ] {
        let both = |span: &mut SpanData| {
            span.input = Some(Content::Text(text.clone()));
            span.output = span.input.clone();
        };
        let expected = format!("tool t  1.0µs\n  in  {preview}\n  out {preview}\n\n");
        assert_eq!(shown(PLAIN, Kind::Tool, "t", &both), expected);
    }
    let failed = |span: &mut SpanData| span.failure = Some(failure("E", &"x".repeat(200), ""));
    let preview = format!("E: {}…", "x".repeat(97));
    assert_eq!(shown(PLAIN, Kind::Tool, "t", &failed), format!("tool t  1.0µs\n  err {preview}\n\n"));
    let chain = format!("E: m\nCaused by: x\nCaused by: {}", "y".repeat(200));
    let caused = |span: &mut SpanData| span.failure = Some(failure("E", "m", &chain));
    let expected = format!("  err E: m\n      Caused by: x\n      Caused by: {}…\n\n", "y".repeat(89));
    assert_eq!(shown(PLAIN, Kind::Tool, "t", &caused), format!("tool t  1.0µs\n{expected}"));
    // The colour of a cut error is reset.
    let coloured = shown(Style { colour: true }, Kind::Tool, "t", &failed);
    assert!(coloured.contains(&format!("\u{1b}[31m{preview}\u{1b}[0m\n")), "{coloured:?}");
}

#[test]
fn only_llm_and_embedding_spans_show_a_model() {
    let model = |span: &mut SpanData| span.model_name = Some("m".to_owned());
    assert_eq!(shown(PLAIN, Kind::Embedding, "e", &model), "embedding e  1.0µs  m\n\n");
    assert_eq!(shown(PLAIN, Kind::Task, "t", &model), "task t  1.0µs\n\n");
}

/// Returns a span below an outermost one, both identified by number, with an output of this many bytes.
fn inside(root: u64, number: u64, bytes: usize) -> SpanData {
    let span = Sample { root: id(root).unwrap(), ..span([number, 0], Kind::Task, "t", 1, 1) };
    let mut span = data(&span);
    span.output = Some(Content::Text("x".repeat(bytes)));
    span
}

/// Sends these spans and the ends of outermost spans. Returns the numbers of the spans that are due to be printed.
fn printed(console: &mut Console, spans: &[(u64, u64)], ended: &[u64]) -> Vec<u64> {
    let mut spans: Vec<SpanData> = spans.iter().map(|&(root, number)| inside(root, number, 0)).collect();
    console.send(Payload::Spans(&mut spans)).unwrap();
    let ended: Vec<SpanId> = ended.iter().map(|&root| id(root).unwrap()).collect();
    let due = console.release(&ended);
    due.iter().map(|span| span.span_id().parse().unwrap()).collect()
}

#[test]
fn spans_are_held_until_the_outermost_one_has_ended() {
    let mut console = Console::new();
    let nothing: [u64; 0] = [];
    assert_eq!(printed(&mut console, &[(1, 12)], &[]), nothing);
    assert_eq!(printed(&mut console, &[(2, 25)], &[]), nothing);
    assert_eq!(printed(&mut console, &[(1, 13)], &[]), nothing);
    // The end of another trace does not release them.
    assert_eq!(printed(&mut console, &[(3, 3)], &[3]), [3]);
    assert_eq!(printed(&mut console, &[(1, 1)], &[1]), [12, 13, 1]);
    // Here the processor dropped the outermost span.
    assert_eq!(printed(&mut console, &[], &[2]), [25]);
    // A span that ends after the outermost one, for example in a spawned task, is printed at once.
    assert_eq!(printed(&mut console, &[(1, 16)], &[]), [16]);
    assert!(console.held.is_empty());
}

#[test]
fn the_number_of_ended_outermost_spans_is_limited() {
    let mut console = Console::new();
    let others: Vec<u64> = (2..=MAX_ENDED as u64).collect();
    assert_eq!(printed(&mut console, &[(1, 1)], &[1]), [1]);
    assert_eq!(printed(&mut console, &[(1, 5)], &others), [5]);
    let nothing: [u64; 0] = [];
    assert_eq!(printed(&mut console, &[], &[5000]), nothing);
    assert_eq!(printed(&mut console, &[(1, 6)], &[]), nothing);
    assert_eq!(printed(&mut console, &[(2, 7)], &[]), [7]);
}

#[test]
fn held_spans_are_limited() {
    let mut console = Console::new();
    let mut received = |root: u64, number: u64, bytes: usize| {
        console.send(Payload::Spans(&mut vec![inside(root, number, bytes)])).unwrap();
        let ended = (root == number).then(|| id(root).unwrap());
        console.release(ended.as_slice()).len()
    };
    assert_eq!(received(1, 2, 0), 0);
    let quarter = MAX_HELD_BYTES / 4;
    // Printed spans do not count: five quarters of the limit are printed while one small span is held.
    for _ in 0..5 {
        assert_eq!(received(9, 9, quarter), 1);
    }
    for number in [3, 4, 5] {
        assert_eq!(received(1, number, quarter), 0);
    }
    assert_eq!(received(1, 6, quarter), 5);
    assert!(console.held.is_empty());
}

/// Returns the output for an evaluation, given as JSON without the fields that all evaluations have.
fn line(fields: &Value) -> String {
    let mut event = json!({ "event_kind": "evaluation", "label": "l", "ml_app": "app", "tags": [] });
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    evaluation(&event.to_string(), PLAIN)
}

#[test]
fn an_evaluation_is_a_line_with_its_target_and_value() {
    let long = "x".repeat(1_000_000);
    let hundred = "x".repeat(100);
    for (fields, expected) in [
        (
            json!({
                "metric_type": "score", "score_value": 0.93, "join_on": { "span": { "span_id": "1", "trace_id": "2" } },
                "assessment": "pass", "reasoning": "Every sentence\nis in a document.",
            }),
            "evaluation l 0.93  of span 1  pass\n  why Every sentence\\nis in a document.\n\n",
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
fn a_coloured_evaluation_has_the_same_text_and_resets_the_colour() {
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
