//! Instrumented functions with little memory: spans lose content, but do not mix their data.

use std::time::Duration;

use llmobs::testing::Collector;
use llmobs::{Config, Span};
use serde_json::{Value, json};

/// Room for some open spans and little else.
const BYTES: usize = 24_000;

#[llmobs::task]
fn annotated(number: u64, long: &str) -> String {
    llmobs::annotate(|note| {
        note.metadata("long", long);
    });
    format!("output {number}")
}

#[llmobs::task]
fn captured(number: u64, long: &str) -> String {
    format!("output {number} {}", long.len())
}

#[llmobs::task]
fn failed(number: u64, long: &str) -> Result<(), String> {
    llmobs::annotate(|note| {
        note.metadata("long", long);
    });
    Err(format!("error {number}"))
}

/// Spans that use nearly all memory.
fn holders() -> Vec<Span> {
    let holder = |number| {
        let span = llmobs::workflow(format!("holder {number}")).start();
        span.annotate(|note| {
            note.input("x".repeat(4000));
        });
        span
    };
    (0..4).map(holder).collect()
}

#[test]
fn texts_of_spans_are_not_mixed_if_some_are_lost() {
    let collector = Collector::with_config(&Config::from_env().max_queue_bytes(BYTES));
    let long = "long ".repeat(400);
    collector.enter(|| {
        let holders = holders();
        for number in 0..3 {
            assert_eq!(annotated(number, &long), format!("output {number}"));
            assert_eq!(captured(number, &long), format!("output {number} 2000"));
            assert_eq!(failed(number, &long), Err(format!("error {number}")));
            assert_eq!(captured(number, ""), format!("output {number} 0"));
        }
        drop(holders);
    });
    let report = collector.enter(|| llmobs::flush(Duration::from_secs(20)));
    assert_eq!((report.started, report.delivered + report.dropped_total()), (16, 16), "{report:?}");
    assert!(report.stripped > 0 && report.delivered > 8, "{report:?}");
    for event in collector.events() {
        let shown = |name: &str| event["meta"][name]["value"].as_str().map(str::to_owned);
        let (input, output) = (shown("input"), shown("output"));
        let input: Value =
            input.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap_or(json!(text)));
        let number = &input["number"];
        match event["name"].as_str().unwrap() {
            "captured" if !number.is_null() => {
                let length = input["long"].as_str().unwrap().len();
                assert_eq!(output, Some(format!("output {number} {length}")), "{event}");
            }
            "annotated" if !number.is_null() => {
                assert_eq!(output, Some(format!("output {number}")), "{event}");
            }
            "failed" => {
                assert_eq!(event["status"], "error");
                assert_eq!(event["meta"]["error"]["type"], "alloc::string::String", "{event}");
            }
            _ => {}
        }
        // Values are complete, or they are omitted.
        assert!(
            input.is_null() || input.is_object() || input.as_str().unwrap().starts_with("xxx"),
            "{event}"
        );
        assert!(output.is_none() || output.unwrap().starts_with("output "), "{event}");
    }
}

#[llmobs::llm]
fn inner(_prompt: &str) {
    llmobs::annotate(|note| {
        note.tag("of", "inner").metric("input_tokens", 7).input("inner");
    });
}

/// The data of a span without room is lost, and is not added to the enclosing span.
#[test]
fn a_span_that_is_not_recorded_adds_nothing_to_the_enclosing_span() {
    let collector = Collector::with_config(&Config::from_env().max_queue_bytes(BYTES));
    collector.enter(|| {
        let outer = llmobs::workflow("outer").start();
        let open: Vec<Span> = (0..100).map(|_| outer.enter(|| llmobs::task("open").start())).collect();
        outer.enter(|| inner("prompt"));
        outer.enter(|| {
            llmobs::llm("by hand").start().enter(|| {
                llmobs::annotate(|note| {
                    note.tag("of", "by hand");
                });
                // There is room again.
                drop(open);
                llmobs::flush(Duration::from_secs(20));
                llmobs::tool("recorded").start().finish();
            });
        });
    });
    let report = collector.enter(|| llmobs::flush(Duration::from_secs(20)));
    assert_eq!(report.started, report.delivered + report.dropped_total(), "{report:?}");
    assert_eq!(report.lost_annotations, 2);
    let events = collector.events();
    let event = |name: &str| events.iter().find(|event| event["name"] == name).unwrap();
    let outer = event("outer");
    assert!(!outer.to_string().contains("of:"), "{outer}");
    assert_eq!((&outer["metrics"], &outer["meta"]["input"]), (&json!({}), &Value::Null));
    assert_eq!(event("recorded")["parent_id"], outer["span_id"]);
}
