//! Large, many and rejected spans: which events arrive.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Difference, TIMEOUT, flushed};

pub(super) fn oversize_span() -> Value {
    let _llmobs = llmobs::Config::from_env().max_capture_bytes(usize::MAX).init();
    let over = llmobs::llm("over").model_name("m").start();
    over.annotate(|note| {
        note.input("x".repeat(5_100_000)).output("small").metadata("k", "v").metric("input_tokens", 1);
        note.tag("t", "1").prompt(llmobs::prompt::Prompt::new("p").template("t"));
    });
    over.finish();
    let over = llmobs::workflow("over-by-metadata").start();
    over.annotate(|note| {
        note.input("in").output("out").metadata("big", "m".repeat(5_100_000));
    });
    over.finish();
    llmobs::flush(TIMEOUT);
    llmobs::workflow("under").start().annotate(|note| {
        note.input("y".repeat(4_900_000));
    });
    llmobs::flush(TIMEOUT);
    json!({})
}

pub(super) const OVERSIZE_SPAN: &[Difference] = &[Difference {
    name: "an event that is too large is shortened until it fits, the largest parts first",
    reason: "the rest can still be read; the reference drops input and output, whichever part is too large, and sends larger metadata, tags or metrics, which Datadog rejects",
    apply: |events| {
        let short = |letter: &str| format!("{}<elided: shortened>", letter.repeat(48));
        let prompt = json!({
            "id": "p", "ml_app": "golden-app", "template": "t",
            "_dd_context_variable_keys": ["context"], "_dd_query_variable_keys": ["question"],
        });
        events[0]["meta"]["input"] =
            json!({ "messages": [{ "role": "", "content": short("x") }], "prompt": prompt });
        events[0]["meta"]["output"] = json!({ "messages": [{ "role": "", "content": "small" }] });
        events[0]["collection_errors"] = json!(["trimmed_io"]);
        events[1]["meta"]["input"] = json!({ "value": "in" });
        events[1]["meta"]["output"] = json!({ "value": "out" });
        events[1]["meta"]["metadata"]["big"] = short("m").into();
        events[1]["collection_errors"] = json!(["trimmed_metadata"]);
    },
}];

pub(super) fn payload_batch_splitting() -> Value {
    flushed(|| {
        for number in 0..12 {
            llmobs::workflow(format!("big{number}")).start().annotate(|note| {
                note.input("b".repeat(1_000_000));
            });
        }
    })
}

pub(super) fn one_then_another() -> Value {
    let observed = flushed(|| llmobs::workflow("w").start().finish());
    flushed(|| llmobs::workflow("next").start().finish());
    observed
}

pub(super) fn intake_unreachable() -> Value {
    let _llmobs = llmobs::init();
    llmobs::workflow("w").start().finish();
    json!({ "flush": llmobs::flush(Duration::from_millis(300)).to_string() })
}

/// After all requests were rejected, the next attempt follows a minute later, or at the next flush.
pub(super) fn one_workflow_rejected() -> Value {
    let _llmobs = llmobs::init();
    llmobs::workflow("w").start().finish();
    llmobs::flush(Duration::from_millis(300));
    llmobs::flush(TIMEOUT);
    json!({})
}

/// The process ends with no guard dropped and nothing flushed.
pub(super) fn exit_by_os_exit() -> Value {
    std::mem::forget(llmobs::init());
    llmobs::workflow("lost").start().finish();
    json!({})
}

pub(super) fn sampling_zero() -> Value {
    flushed(|| llmobs::workflow("w").start().enter(|| llmobs::task("t").start().finish()))
}

pub(super) fn fork_child() -> Value {
    flushed(|| {
        llmobs::workflow("parent-before-fork").start().finish();
        llmobs::workflow("parent-after-fork").start().finish();
    })
}

pub(super) const KEPT: &[Difference] = &[Difference {
    name: "spans wait if the intake is unreachable, busy, or rejects all requests",
    reason: "they are kept within the configured memory, for 15 minutes, or until requests are accepted again; the reference drops them after at most three attempts within a second",
    apply: |_| (),
}];

pub(super) const FORK_CHILD: &[Difference] = &[Difference {
    name: "a forked child process must initialize llmobs itself",
    reason: "the delivery thread does not exist in the child; fork is unsafe in Rust, and programs that fork start threads afterwards",
    apply: |events| events.retain(|event| event["name"] != "child"),
}];
