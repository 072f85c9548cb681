//! Input and output: captured texts, messages with all their parts, documents.

use serde_json::{Value, json};

use llmobs_providers::{Document, MediaPart, Message, ToolCall, ToolResult};

use super::super::Encoder;
use super::{Ids, event, text_of_data};
use crate::base::kind::Kind;
use crate::model::content::Content;
use crate::model::tags::Identity;

/// Returns the event of a span whose output was set by a processor.
fn shown(ids: Ids, output: &Content, limit: usize) -> Value {
    let identity = Identity::default();
    let mut span = ids.span(Kind::Task).data(&identity);
    span.output = Some(output.clone());
    serde_json::from_str(&text_of_data(&span, &identity, limit)).unwrap()
}

#[test]
fn captured_values_become_text() {
    let ids = Ids::new();
    for (json, text) in [
        (
            "\"two\\nlines, \\\"quoted\\\", \\u0007 and \u{2028} 🦀\"",
            "two\nlines, \"quoted\", \u{7} and \u{2028} 🦀",
        ),
        (r#"{"b":"\n","a":[1.0]}"#, r#"{"b":"\n","a":[1.0]}"#),
        ("7", "7"),
    ] {
        let expected =
            ids.event(Kind::Task, &json!({ "input": { "value": text }, "output": { "value": text } }));
        assert_eq!(event(&ids.span(Kind::Task).arguments(json).returned(json)), expected);
        assert_eq!(event(&ids.span(Kind::Task).input_value(json).returned(json)), expected);
    }
    for nothing in ["null", ""] {
        let span = ids.span(Kind::Task).input_value(nothing).returned(nothing);
        assert_eq!(event(&span), ids.event(Kind::Task, &json!({})));
    }
}

#[test]
fn messages_have_tool_calls_results_audio_and_images() {
    let ids = Ids::new();
    let messages = Content::Messages(vec![
        Message::user("Why \"so\"?")
            .image(MediaPart::base64("image/png", "iVBO"))
            .audio(MediaPart::attachment("audio/wav", "key\n")),
        Message::assistant("")
            .tool_call(ToolCall::new("f", json!({ "a": [1, "x\ty"] })).tool_id("1").kind("function")),
        Message::assistant("").tool_call(ToolCall::new("g", json!({}))),
        Message::tool()
            .tool_result(ToolResult::new("4\"2").name("f").tool_id("1").kind("tool_result"))
            .tool_result(ToolResult::new("")),
        Message::new("", ""),
    ]);
    let expected = json!([
        {
            "role": "user",
            "content": "Why \"so\"?",
            "image_parts": [{ "mime_type": "image/png", "content": "iVBO" }],
            "audio_parts": [{ "mime_type": "audio/wav", "attachment_key": "key\n" }],
        },
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{ "name": "f", "arguments": { "a": [1, "x\ty"] }, "tool_id": "1", "type": "function" }],
        },
        { "role": "assistant", "content": "", "tool_calls": [{ "name": "g", "arguments": {} }] },
        {
            "role": "tool",
            "content": "",
            "tool_results": [
                { "result": "4\"2", "name": "f", "tool_id": "1", "type": "tool_result" },
                { "result": "" },
            ],
        },
        { "role": "", "content": "" },
    ]);
    assert_eq!(
        shown(ids, &messages, usize::MAX),
        ids.event(Kind::Task, &json!({ "output": { "messages": expected } }))
    );
    assert_eq!(
        shown(ids, &Content::Messages(Vec::new()), usize::MAX),
        ids.event(Kind::Task, &json!({ "output": { "messages": [] } }))
    );
}

#[test]
fn documents_have_name_id_and_score() {
    let ids = Ids::new();
    let documents = Content::Documents(vec![
        Document::new("It \"rains\".").name("weather.md").id("7").score(0.5),
        Document::new("").name("").id(""),
        Document::new("x").score(-3),
    ]);
    let expected = json!([
        { "text": "It \"rains\".", "name": "weather.md", "id": "7", "score": 0.5 },
        { "text": "", "name": "", "id": "" },
        { "text": "x", "score": -3 },
    ]);
    assert_eq!(
        shown(ids, &documents, usize::MAX),
        ids.event(Kind::Task, &json!({ "output": { "documents": expected } }))
    );
}

#[test]
fn a_body_allocates_no_memory_for_omitted_content() {
    const LIMIT: usize = 100_000;
    let identity = Identity::default();
    let large = || "7".repeat(10 * LIMIT);
    let by_content = Ids::new().span(Kind::Task).input_value(large());
    let by_metadata = Ids::new().span(Kind::Task).annotate(|note| {
        note.metadata("large", large());
    });
    for span in [by_content, by_metadata] {
        let mut bodies = [(); 2].map(|()| String::new());
        let encoder = || Encoder::new(&identity, "app", LIMIT);
        span.read(|finished| encoder().encode_finished(finished, &mut bodies[0]));
        encoder().encode_data(&span.data(&identity), &mut bodies[1]);
        let capacities = bodies.map(|body| body.capacity());
        assert!(capacities.iter().all(|capacity| *capacity < 3 * LIMIT), "{capacities:?}");
    }
}

/// The result is the same whether the length of the content is known before it is written or only after.
#[test]
fn content_of_each_form_is_shortened() {
    let ids = Ids::new();
    let text = |letters: usize| "x".repeat(letters);
    let base64 = || format!("aB1{}", text(2000));
    let newlines = |count: usize| "\n".repeat(count);
    for (content, expected) in [
        (Content::Text(text(2000)), json!({ "value": "x*x" })),
        (Content::Text(newlines(1000)), json!({ "value": "\n*\n" })),
        (
            Content::Messages(vec![Message::user("Hi"), Message::user(text(2000))]),
            json!({ "messages": [{ "role": "user", "content": "Hi" }, { "role": "user", "content": "x*x" }] }),
        ),
        (
            Content::Messages(vec![Message::user(newlines(1000))]),
            json!({ "messages": [{ "role": "user", "content": "\n*\n" }] }),
        ),
        (
            Content::Messages(vec![Message::tool().tool_result(ToolResult::new(text(2000)).tool_id("7"))]),
            json!({ "messages": [
                { "role": "tool", "content": "", "tool_results": [{ "result": "x*x", "tool_id": "7" }] },
            ] }),
        ),
        (
            Content::Messages(vec![Message::user("").image(MediaPart::base64("image/png", base64()))]),
            json!({ "messages": [{
                "role": "user", "content": "",
                "image_parts": [{ "mime_type": "image/png", "content": "… [2003 bytes of base64]" }],
            }] }),
        ),
        (
            Content::Documents(vec![Document::new(text(2000)).score(1), Document::new("short")]),
            json!({ "documents": [{ "text": "x*x", "score": 1 }, { "text": "short" }] }),
        ),
    ] {
        let mut event = shown(ids, &content, 2000);
        // Compares the first and last character of shortened texts, because their length depends on the version.
        each_string(&mut event["meta"]["output"], &mut |text| {
            if let Some((head, tail)) = text.split_once("… [").filter(|(head, _)| !head.is_empty()) {
                let (first, last) = (head.chars().next().unwrap(), tail.chars().last().unwrap());
                *text = format!("{first}*{last}");
            }
        });
        let mut whole = ids.event(Kind::Task, &json!({ "output": expected }));
        whole["collection_errors"] = json!(["trimmed_io"]);
        assert_eq!(event, whole);
        assert_eq!(shown(ids, &content, 4000).get("collection_errors"), None);
    }
}

fn each_string(value: &mut Value, edit: &mut impl FnMut(&mut String)) {
    llmobs_capture::value::for_each_string(value, edit);
}
