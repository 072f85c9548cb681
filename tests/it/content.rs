//! Input, output, and the processor.

use llmobs::content::{Document, Message, ToolCall, ToolResult};
use llmobs::processor::SpanData;
use llmobs::testing::Collector;
use llmobs::{Config, Kind};
use serde_json::json;

use crate::support::meta;

#[test]
fn s24_s25_messages_of_llm_spans() {
    let collector = Collector::new();
    let call = ToolCall::new("f", json!({ "x": 1 })).tool_id("c1").kind("function");
    let result = ToolResult::new("done").name("f").tool_id("c1").kind("tool_result");
    collector.enter(|| {
        llmobs::llm("text").start().annotate(|note| {
            note.input("hi").output("ho");
        });
        llmobs::llm("tools").start().annotate(|note| {
            note.input([Message::tool().tool_result(result)]).output(Message::assistant("").tool_call(call));
        });
    });
    assert_eq!(meta(&collector, "text")["input"], json!({ "messages": [{ "content": "hi", "role": "" }] }));
    let called = json!({ "name": "f", "arguments": { "x": 1 }, "tool_id": "c1", "type": "function" });
    let answered = json!({ "name": "f", "result": "done", "tool_id": "c1", "type": "tool_result" });
    assert_eq!(
        (&meta(&collector, "tools")["input"], &meta(&collector, "tools")["output"]),
        (
            &json!({ "messages": [{ "content": "", "role": "tool", "tool_results": [answered] }] }),
            &json!({ "messages": [{ "content": "", "role": "assistant", "tool_calls": [called] }] }),
        )
    );
}

#[test]
fn s26_s27_documents_of_embedding_and_retrieval_spans() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::embedding("e").start().annotate(|note| {
            note.input(Document::new("t").name("n")).output("[1 x 3]");
        });
        llmobs::retrieval("r").start().annotate(|note| {
            note.input("q").output([Document::new("t"), Document::new("u").score(0.5)]);
        });
    });
    assert_eq!(meta(&collector, "e")["input"], json!({ "documents": [{ "text": "t", "name": "n" }] }));
    assert_eq!(meta(&collector, "e")["output"], json!({ "value": "[1 x 3]" }));
    assert_eq!(meta(&collector, "r")["input"], json!({ "value": "q" }));
    assert_eq!(
        meta(&collector, "r")["output"],
        json!({ "documents": [{ "text": "t" }, { "text": "u", "score": 0.5 }] })
    );
}

/// The other SDKs ignore such content. Here it is kept.
#[test]
fn s28_content_of_another_kind_is_shown_as_text() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::retrieval("r").start().annotate(|note| {
            note.output(Message::user("hi"));
        });
        llmobs::task("t").start().annotate(|note| {
            note.output(Document::new("hi"));
        });
    });
    let tree = "retrieval r  out {\"role\":\"user\",\"content\":\"hi\"}\ntask t  out {\"text\":\"hi\"}\n";
    assert_eq!(collector.tree(), tree);
}

#[test]
fn s29_annotations_accumulate_and_the_last_wins() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::task("t").start();
        span.annotate(|note| {
            note.metadata("a", json!({ "deep": 1 })).metric("m", 1).tag("t", "1").tag("u", "1");
        });
        span.annotate(|note| {
            let metrics = [("n", Some(2)), ("none", None)];
            note.metadata("a", json!({ "other": 2 })).metrics(metrics).tags([("t", 2), ("v", 3)]);
        });
    });
    let span = collector.span("t");
    assert_eq!(meta(&collector, "t")["metadata"], json!({ "a": { "other": 2 } }));
    assert_eq!(collector.event(&span)["metrics"], json!({ "m": 1, "n": 2 }));
    assert_eq!(["t", "u", "v"].map(|key| span.tag(key)), [Some("2"), Some("1"), Some("3")]);
}

#[test]
fn s31_fields_of_documents_have_their_types() {
    let collector = Collector::new();
    let given = json!([{ "text": "t", "name": 1, "id": 2, "score": "x" }]);
    collector.enter(|| {
        llmobs::retrieval("given").start().annotate(|note| {
            note.output(given);
        });
        llmobs::retrieval("typed").start().annotate(|note| {
            note.output(Document::new("t").score(f32::NAN));
        });
    });
    assert_eq!(
        meta(&collector, "given")["output"],
        json!({ "documents": [{ "text": "t", "name": "1", "id": "2" }] })
    );
    assert_eq!(meta(&collector, "typed")["output"], json!({ "documents": [{ "text": "t" }] }));
}

fn processed(processor: fn(SpanData) -> Option<SpanData>) -> Collector {
    let collector = Collector::with_config(&Config::from_env().processor(processor));
    collector.enter(|| {
        let span = llmobs::retrieval("r").start();
        span.annotate(|note| {
            note.input("secret")
                .output(Document::new("secret").score(0.5))
                .metadata("m", "secret")
                .tag("t", "1");
        });
        span.enter(|| llmobs::task("child").start().finish());
    });
    collector
}

#[test]
fn s33_children_of_a_dropped_span_are_kept() {
    let collector = processed(|span| (span.name != "r").then_some(span));
    let [child] = &*collector.spans() else { panic!("{}", collector.tree()) };
    assert_eq!(child.name, "child");
    assert!(child.parent_id().is_some());
}

#[test]
fn s35_a_processor_sees_the_properties_of_a_span() {
    let collector = processed(|mut span| {
        let seen = (span.kind() == Kind::Retrieval && span.parent_id().is_none())
            || (span.kind() == Kind::Task && span.parent_id().is_some());
        span.tags.insert(
            "seen".to_owned(),
            format!("{seen} {} {}", span.ml_app(), span.tags.contains_key("service")),
        );
        Some(span)
    });
    for name in ["r", "child"] {
        assert_eq!(collector.span(name).tag("seen"), Some("true unnamed-ml-app true"));
    }
}
