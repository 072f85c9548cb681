//! Annotation contexts, processors, links, and propagation through headers.

use std::collections::HashMap;
use std::sync::Mutex;

use llmobs::content::{Content, Message};
use llmobs::processor::SpanData;
use llmobs::prompt::Prompt;
use llmobs::{Config, FutureSpanExt as _};
use serde_json::{Value, json};

use super::{Difference, TIMEOUT, flushed};

pub(super) fn annotation_context() -> Value {
    flushed(|| {
        let outer = llmobs::annotation_context().tag("ctx", "outer").tag("o", 1).name("renamed");
        outer.enter(|| {
            llmobs::workflow("orig").start().enter(|| {
                let inner = llmobs::annotation_context().tag("ctx", "inner").name("inner-name");
                inner.prompt(Prompt::new("p").template("t")).enter(|| {
                    let llm = llmobs::llm("llm1").model_name("m").start();
                    llm.annotate(|note| {
                        note.input("x").tag("ctx", "explicit");
                    });
                });
                llmobs::task("after-inner").start().finish();
            });
        });
        llmobs::workflow("outside").start().finish();
        llmobs::annotation_context().tag("a", 1).enter(|| {
            llmobs::annotation_context()
                .tag("a", 2)
                .tag("b", 2)
                .enter(|| llmobs::task("two-before-span").start().finish());
            llmobs::task("second-root-same-ctx").start().finish();
        });
        let task = async { llmobs::task("async-task").start().finish() };
        pollster::block_on(task.in_context(llmobs::annotation_context().tag("async", 1).context()));
    })
}

pub(super) fn span_links() -> Value {
    flushed(|| {
        let a = llmobs::workflow("a").start();
        let reference = a.export();
        a.finish();
        llmobs::annotation_context().link(reference).enter(|| llmobs::workflow("b").start().finish());
    })
}

fn texts(content: Option<&Content>) -> Value {
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    match content {
        None => json!([]),
        Some(Content::Text(text)) => json!([message("", text)]),
        Some(Content::Messages(messages)) => {
            messages.iter().map(|each| message(&each.role, &each.content)).collect()
        }
        Some(Content::Documents(documents)) => documents.iter().map(|each| message("", &each.text)).collect(),
        Some(_) => Value::Null,
    }
}

fn replace(content: Option<&mut Content>, with: &str) {
    if let Some(content) = content {
        content.for_each_text(|text| with.clone_into(text));
    }
}

pub(super) fn processor_redact() -> Value {
    static SEEN: Mutex<Vec<Value>> = Mutex::new(Vec::new());
    let redact = |mut span: SpanData| {
        let tag = |key: &str| span.tags.get(key).cloned();
        SEEN.lock().expect("the list").push(json!({
            "input": texts(span.input.as_ref()),
            "output": texts(span.output.as_ref()),
            "metadata": span.metadata,
            "kind": span.kind().as_str(),
            "t": tag("t"),
            "nope": tag("nope"),
            "tags": span.tags.keys().collect::<Vec<_>>(),
        }));
        replace(span.input.as_mut(), "[in]");
        replace(span.output.as_mut(), "[out]");
        span.metadata.remove("secret");
        span.metadata.insert("added".to_owned(), json!(1));
        Some(span)
    };
    let _llmobs = Config::from_env().processor(redact).init();
    let llm = llmobs::llm("").model_name("m").start();
    llm.annotate(|note| {
        note.input([Message::user("x")]).output("y");
        note.metadata("secret", 1).metadata("k", 2).tag("t", "T");
    });
    llm.finish();
    llmobs::workflow("w").start().annotate(|note| {
        note.input(json!({ "a": 1 })).output("out");
    });
    let found = json!([{ "text": "d1", "score": 0.1, "name": "n" }, { "text": "d2" }]);
    llmobs::retrieval("r").start().annotate(|note| {
        note.input("q").output(found);
    });
    llmobs::embedding("").model_name("e").start().annotate(|note| {
        note.input(["d1"]).output("o");
    });
    llmobs::task("nothing").start().finish();
    llmobs::flush(TIMEOUT);
    let seen = std::mem::take(&mut *SEEN.lock().expect("the list"));
    json!({ "seen": seen })
}

pub(super) fn seen_by_processor() -> Value {
    let all = ["agent_service", "ddtrace.version", "env", "language", "ml_app", "service", "source"];
    let tags = |more: &[&'static str]| {
        let mut tags: Vec<&str> = all.iter().chain(more).copied().chain(["version"]).collect();
        tags.sort_unstable();
        tags
    };
    let one = |role: &str, content: &str| json!({ "role": role, "content": content });
    let span = |kind: &str, input: Value, output: Value| json!({ "input": input, "output": output, "metadata": {}, "kind": kind, "t": null, "nope": null, "tags": tags(&[]) });
    let mut llm = span("llm", json!([one("user", "x")]), json!([one("", "y")]));
    llm["metadata"] = json!({ "k": 2, "secret": 1 });
    llm["t"] = json!("T");
    llm["tags"] = json!(tags(&["t"]));
    json!({ "seen": [
        llm,
        span("workflow", json!([one("", r#"{"a":1}"#)]), json!([one("", "out")])),
        span("retrieval", json!([one("", "q")]), json!([one("", "d1"), one("", "d2")])),
        span("embedding", json!([one("", "d1")]), json!([one("", "o")])),
        span("task", json!([]), json!([])),
    ] })
}

/// The reference sends a tag that it creates only for the processor.
fn without_kind_tag(events: &mut Vec<Value>) {
    for event in events {
        let tags = event["tags"].as_array_mut().expect("tags");
        tags.retain(|tag| tag.as_str().is_some_and(|tag| !tag.starts_with("span.kind:")));
    }
}

const NO_KIND_TAG: Difference = Difference {
    name: "a processor does not add the tag span.kind",
    reason: "the kind is a field; in the reference, the tag is a side effect of a processor",
    apply: without_kind_tag,
};

pub(super) const PROCESSOR_REDACT: &[Difference] = &[
    NO_KIND_TAG,
    Difference {
        name: "documents keep their names if a processor rewrites all texts",
        reason: "the processor in Rust edits the documents, the one in Python cannot",
        apply: |events| events[2]["meta"]["output"]["documents"][0]["name"] = json!("[out]"),
    },
];

pub(super) fn processor_drop() -> Value {
    let process = |mut span: SpanData| {
        let act = span.tags.get("act").cloned().unwrap_or_default();
        match act.as_str() {
            "drop" => return None,
            "empty" => {
                for content in [&mut span.input, &mut span.output] {
                    *content = match content {
                        Some(Content::Messages(_)) => Some(Content::Messages(Vec::new())),
                        _ => None,
                    };
                }
            }
            "raise" => {
                span.input = Some(Content::Text("partial".to_owned()));
                std::panic::resume_unwind(Box::new("proc"));
            }
            "new" => {
                let llm = span.kind() == llmobs::Kind::Llm;
                let brand_new = Content::Messages(vec![Message::user("brand new")]);
                span.input = Some(if llm { brand_new } else { Content::Text("brand new".to_owned()) });
                if llm {
                    span.output = Some(Content::Messages(Vec::new()));
                }
            }
            "grow" => {
                if let Some(Content::Messages(messages)) = &mut span.input {
                    messages.push(Message::new("x", "extra"));
                }
            }
            _ => {}
        }
        Some(span)
    };
    let _llmobs = Config::from_env().processor(process).init();
    for act in ["keep", "drop", "empty", "raise", "wrong", "new", "grow"] {
        let llm = llmobs::llm(format!("llm-{act}")).model_name("m").start();
        llm.annotate(|note| {
            note.input("i").output("o").tag("act", act);
        });
        llm.finish();
        let workflow = llmobs::workflow(format!("wf-{act}")).start();
        workflow.annotate(|note| {
            note.input("i").output("o").tag("act", act);
        });
        if act == "drop" {
            workflow.enter(|| llmobs::task("child-of-dropped").start().finish());
        }
    }
    // In the reference, the processor is removed before this span.
    let after = llmobs::llm("after-deregister").model_name("m").start();
    after.annotate(|note| {
        note.input("i").tag("act", "drop");
    });
    after.finish();
    let report = llmobs::flush(TIMEOUT);
    json!({ "report": report.to_string() })
}

pub(super) const PROCESSOR_DROP: &[Difference] = &[
    NO_KIND_TAG,
    Difference {
        name: "a processor cannot be replaced or removed",
        reason: "finished spans may still wait for it, and must not be sent with content that it would have removed",
        apply: |events| events.retain(|event| event["name"] != "after-deregister"),
    },
    Difference {
        name: "if a processor panics, the span is sent without content",
        reason: "the reference sends the partly edited span, with content that the processor would have removed",
        apply: |events| {
            for event in events
                .iter_mut()
                .filter(|event| event["name"].as_str().is_some_and(|name| name.ends_with("-raise")))
            {
                let meta = event["meta"].as_object_mut().expect("meta");
                meta.remove("input");
                meta.remove("output");
            }
        },
    },
    Difference {
        name: "a processor can remove a whole text",
        reason: "in the reference, an empty list restores the original text, and leaks it",
        apply: |events| {
            let event = events.iter_mut().find(|event| event["name"] == "wf-empty").expect("the event");
            let meta = event["meta"].as_object_mut().expect("meta");
            meta.remove("input");
            meta.remove("output");
        },
    },
];

pub(super) fn distributed() -> Value {
    let _llmobs = llmobs::init();
    let mut headers: HashMap<String, String> = HashMap::new();
    let client = llmobs::workflow("client").session_id("SD").ml_app("dist-app").start();
    client.enter(|| llmobs::inject(&mut headers));
    client.finish();
    llmobs::extract(&headers).enter(|| {
        llmobs::workflow("server").start().enter(|| llmobs::task("server-child").start().finish());
    });
    let mut under_agent: HashMap<String, String> = HashMap::new();
    let agent = llmobs::agent("the agent, with comma").start();
    agent.inject(&mut under_agent);
    agent.finish();
    llmobs::extract(&under_agent).enter(|| llmobs::workflow("server2").start().finish());
    let mut none: HashMap<String, String> = HashMap::new();
    llmobs::inject(&mut none);
    let apm_only = [
        ("x-datadog-trace-id", "1234"),
        ("x-datadog-parent-id", "5678"),
        ("x-datadog-sampling-priority", "1"),
    ];
    llmobs::extract(apm_only.as_slice()).enter(|| {
        let _nothing_more = llmobs::extract(&none).attach();
        llmobs::workflow("after-apm-only").start().finish();
    });
    let tags = "_dd.p.llmobs_parent_id=999,_dd.p.llmobs_ml_app=up-app";
    let no_trace =
        [("x-datadog-trace-id", "1234"), ("x-datadog-parent-id", "5678"), ("x-datadog-tags", tags)];
    llmobs::extract(no_trace.as_slice()).enter(|| llmobs::workflow("no-llmobs-trace-id").start().finish());
    llmobs::flush(TIMEOUT);
    let keys = |headers: &HashMap<String, String>| {
        let state = headers.get("tracestate").expect("a tracestate");
        let keys = state.split([';', ',']).filter_map(|entry| entry.split_once(':'));
        keys.map(|(key, _)| key.to_owned()).collect::<Vec<_>>()
    };
    json!({ "state": keys(&headers), "state_under_agent": keys(&under_agent), "without_span": none.len() })
}

/// The keys in the `tracestate` of the reference, in its order.
pub(super) fn propagated() -> Value {
    json!({
        "state": [
            "dd=p", "s", "t.dm", "t.llmobs_sid", "t.llmobs_parent_id", "t.llmobs_trace_id", "t.llmobs_ml_app",
            "t.llmobs_sr", "t.llmobs_sd",
        ],
        "state_under_agent": [
            "dd=p", "s", "t.dm", "t.llmobs_parent_id", "t.llmobs_trace_id", "t.llmobs_ml_app", "t.llmobs_sr",
            "t.llmobs_sd", "t.llmobs_pagent_span_id",
        ],
        "without_span": 0,
    })
}

pub(super) const DISTRIBUTED: &[Difference] = &[Difference {
    name: "both families of headers are always written, and none without a current span",
    reason: "the reference leaves out Datadog's own headers without APM tracing, and raises without a span",
    apply: |_| {},
}];
