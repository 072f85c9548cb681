//! What the test of a program can read from a collector.

use std::panic::{AssertUnwindSafe, catch_unwind};

use llmobs::Kind;
use llmobs::content::{Content, Document};
use llmobs::testing::Collector;
use serde_json::json;

fn same_names() -> Collector {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::workflow("search").start().enter(|| {
            llmobs::tool("search").start().annotate(|note| {
                note.input(1);
            });
            llmobs::tool("search").start().annotate(|note| {
                note.input(2);
            });
            llmobs::tool("other").start().finish();
        });
    });
    collector
}

#[test]
fn spans_are_found_by_kind_and_name_in_the_order_of_their_starts() {
    let collector = same_names();
    let inputs = |kind, name| -> Vec<_> {
        collector.spans_of(kind, name).iter().map(|span| span.input.clone()).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(Content::Text(text.to_owned()));
    assert_eq!(inputs(Kind::Tool, "search"), [text("1"), text("2")]);
    assert_eq!(inputs(Kind::Workflow, "search"), [None]);
    assert_eq!((inputs(Kind::Tool, "nobody").len(), inputs(Kind::Task, "search").len()), (0, 0));
}

#[test]
fn span_panics_unless_exactly_one_span_has_the_name() {
    let collector = same_names();
    assert_eq!(collector.span("other").kind(), Kind::Tool);
    let message = |name| {
        let panic = catch_unwind(AssertUnwindSafe(|| collector.span(name))).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let tree = collector.tree();
    assert_eq!(message("search"), format!("3 spans are called \"search\", not one:\n{tree}"));
    assert_eq!(message("nobody"), format!("0 spans are called \"nobody\", not one:\n{tree}"));
}

#[test]
fn each_kind_and_its_content_are_read_back() {
    let collector = Collector::new();
    let document = || Document::new("t").name("n").id("i").score(0);
    collector.enter(|| {
        llmobs::retrieval("retrieval").start().annotate(|note| {
            note.output([document(), Document::new("u")]);
        });
        llmobs::embedding("embedding").start().annotate(|note| {
            note.input(document()).metadata("m", [1]);
        });
        llmobs::agent("agent").start().finish();
        llmobs::llm("llm").start().finish();
        llmobs::task("task").start().finish();
    });
    let kinds = [Kind::Retrieval, Kind::Embedding, Kind::Agent, Kind::Llm, Kind::Task];
    assert_eq!(collector.spans().iter().map(llmobs::processor::SpanData::kind).collect::<Vec<_>>(), kinds);
    let documents = |documents: &[Document]| Some(Content::Documents(documents.to_vec()));
    assert_eq!(collector.span("retrieval").output, documents(&[document(), Document::new("u")]));
    assert_eq!(collector.span("embedding").input, documents(&[document()]));
    assert_eq!(collector.span("embedding").metadata.get("m"), Some(&json!([1])));
}
