//! Input, output, and the processor.

use llmobs::content::{Content, Document, Message, ToolCall, ToolResult};
use llmobs::processor::SpanData;
use llmobs::testing::Collector;
use llmobs::{Config, Kind};
use serde_json::json;

use super::meta;

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

/// The other SDKs ignore it; here nothing is lost.
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
fn s29_annotations_add_up_and_the_last_wins() {
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

/// Texts and lists are refused by the compiler: `Metric` is for numbers.
#[test]
fn s30_metrics_are_finite_numbers() {
    let collector = Collector::new();
    collector.enter(|| {
        let numbers = llmobs::task("t").start();
        numbers.annotate(|note| {
            note.metric("nan", f64::NAN).metric("none", None::<u8>).metric("a.b", 1_u64);
        });
    });
    assert_eq!(collector.event(&collector.span("t"))["metrics"], json!({ "a_b": 1 }));
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
fn s32_redaction_keeps_the_other_fields() {
    let collector = processed(|mut span| {
        span.for_each_text(|text| *text = text.replace("secret", "*"));
        Some(span)
    });
    let meta = meta(&collector, "r");
    assert_eq!(meta["input"], json!({ "value": "*" }));
    assert_eq!(meta["output"], json!({ "documents": [{ "text": "*", "score": 0.5 }] }));
    assert_eq!(meta["metadata"], json!({ "m": "*" }));
}

#[test]
fn s33_a_span_that_is_dropped_leaves_its_children() {
    let collector = processed(|span| (span.name != "r").then_some(span));
    let [child] = &*collector.spans() else { panic!("{}", collector.tree()) };
    assert_eq!(child.name, "child");
    assert!(child.parent_id().is_some());
}

/// The Python SDK sends the span as the processor left it, the Node SDK drops it.
#[test]
fn s34_after_a_processor_that_panics_nothing_is_shown() {
    let collector = processed(|mut span| {
        span.input = Some(Content::Text("half done".to_owned()));
        std::panic::resume_unwind(Box::new("on the way"));
    });
    let span = collector.span("r");
    assert_eq!(collector.event(&span)["meta"], json!({ "span": { "kind": "retrieval" }, "metadata": {} }));
    assert_eq!(span.tag("t"), Some("1"));
    let report = collector.enter(|| llmobs::flush(std::time::Duration::from_secs(10)));
    assert_eq!(report.to_string(), "2 delivered, 0 dropped, 0 pending, 2 stripped");
}

#[test]
fn s35_a_processor_sees_what_a_span_is() {
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
