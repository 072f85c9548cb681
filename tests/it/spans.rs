//! Spans and trees.

use std::time::{Duration, UNIX_EPOCH};

use llmobs::testing::Collector;
use llmobs::{Kind, SpanRef};
use serde_json::json;

#[test]
fn s01_a_span_that_is_started_and_finished_is_one_event() {
    let collector = Collector::new();
    collector.enter(|| llmobs::workflow("w").start().finish());
    let [span] = &*collector.spans() else { panic!("{}", collector.tree()) };
    assert_eq!(
        (span.kind(), span.name.as_str(), &collector.event(span)["status"]),
        (Kind::Workflow, "w", &json!("ok"))
    );
}

#[test]
fn s02_an_empty_name_is_the_kind() {
    let collector = Collector::new();
    collector.enter(|| llmobs::retrieval("").start().finish());
    assert_eq!(collector.tree(), "retrieval retrieval\n");
}

#[test]
fn s03_a_child_has_the_id_of_its_parent_and_its_trace() {
    let collector = Collector::new();
    collector.enter(|| llmobs::workflow("parent").start().enter(|| llmobs::task("child").start().finish()));
    let (parent, child) = (collector.span("parent"), collector.span("child"));
    assert_eq!(child.parent_id(), Some(parent.span_id()));
    assert_eq!(child.trace_id(), parent.trace_id());
}

#[test]
fn s04_siblings_and_nested_spans_form_a_tree() {
    let collector = Collector::new();
    collector.enter(|| {
        llmobs::workflow("a").start().enter(|| {
            llmobs::task("b")
                .start()
                .enter(|| llmobs::tool("c").start().enter(|| llmobs::llm("d").start().finish()));
            llmobs::task("e").start().finish();
        });
    });
    let tree = "workflow a\n├─ task b\n│  └─ tool c\n│     └─ llm d\n└─ task e\n";
    assert_eq!(collector.tree(), tree);
}

#[test]
fn s05_a_root_has_no_parent() {
    let collector = Collector::new();
    collector.enter(|| llmobs::task("t").start().finish());
    assert_eq!(collector.event(&collector.span("t"))["parent_id"], "undefined");
}

#[test]
fn s07_two_roots_of_one_request_are_two_llm_traces() {
    let collector = Collector::new();
    let request = [("x-datadog-trace-id", "12"), ("x-datadog-parent-id", "34")];
    let context = collector.enter(|| llmobs::extract(request.as_slice()));
    context.enter(|| ["a", "b"].map(|name| llmobs::task(name).start().finish()));
    let (a, b) = (collector.span("a"), collector.span("b"));
    assert_ne!(a.trace_id(), b.trace_id());
    assert_eq!((a.parent_id(), b.parent_id()), (None, None));
    for span in [a, b] {
        assert_eq!(collector.event(&span)["_dd"]["apm_trace_id"], format!("{:032x}", 12));
    }
}

#[test]
fn s08_times_can_be_set_by_the_program() {
    let collector = Collector::new();
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    collector.enter(|| {
        llmobs::task("past").start_time(at(100)).start().finish_at(at(102));
        llmobs::task("backwards").start_time(at(100)).start().finish_at(at(99));
    });
    let times = |name| {
        (
            collector.span(name).start_time().duration_since(UNIX_EPOCH).unwrap(),
            collector.span(name).duration(),
        )
    };
    assert_eq!(times("past"), (Duration::from_secs(100), Duration::from_secs(2)));
    assert_eq!(times("backwards"), (Duration::from_secs(100), Duration::ZERO));
}

#[test]
fn s14_a_trace_id_is_32_hexadecimal_digits() {
    let collector = Collector::new();
    collector.enter(|| llmobs::task("t").start().finish());
    let id = collector.span("t").trace_id().to_owned();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}

#[test]
fn s15_links_name_spans_by_decimal_ids() {
    let collector = Collector::new();
    collector.enter(|| {
        let source = SpanRef { trace_id: "0af".into(), span_id: "7".into() };
        llmobs::task("t").start().annotate(|note| {
            note.link(source.clone()).link(None).link(Some(source));
        });
    });
    let link =
        json!({ "trace_id": "0af", "span_id": "7", "attributes": { "from": "output", "to": "input" } });
    assert_eq!(collector.event(&collector.span("t"))["span_links"], json!([link, link]));
}
