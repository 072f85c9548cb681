//! Recorded requests of the reference SDK.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{evaluations, wrapped};
use crate::intake::{read_metrics, read_spans};
use crate::span::{Attribute, Span, Tokens};

/// The events or metrics of each recorded request of a scenario.
fn requests(scenario: &str, what: &str) -> Vec<Vec<Value>> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(scenario).with_extension("json");
    let text = fs::read_to_string(path).expect("the capture can be read");
    let capture: Value = serde_json::from_str(&text).expect("the capture is JSON");
    let requests = capture["requests"].as_array().cloned().unwrap_or_default();
    requests.iter().filter_map(|request| request[what].as_array().cloned()).collect()
}

/// The events of each request.
fn events(scenario: &str) -> Vec<Vec<Value>> {
    let spans = |events: Vec<Value>| events.into_iter().map(|mut event| event["span"].take()).collect();
    requests(scenario, "events").into_iter().map(spans).collect()
}

fn scenarios() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let files = fs::read_dir(folder).expect("captures").map(|file| file.expect("a capture").path());
    files.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

/// The span of that name, as the intake reads it.
fn span(scenario: &str, name: &str) -> Span {
    let read = |events: Vec<Value>| read_spans(&wrapped(&events)).expect("a body that can be read").accepted;
    events(scenario).into_iter().flat_map(read).find(|span| span.name == name).expect(name)
}

/// All fields of an event, except those that all spans of the reference SDK share.
fn picture(scenario: &str, name: &str) -> String {
    let span = span(scenario, name);
    let Tokens { input, output, total, cached } = span.tokens;
    let mut lines = vec![format!(
        "{}{} {:?} of {}, span {} in {}",
        if span.failed { "failed " } else { "" },
        span.kind,
        span.name,
        span.parent_id.as_deref().unwrap_or("nothing"),
        span.span_id,
        span.trace_id
    )];
    let counts = [("input", input), ("output", output), ("total", total), ("cached", cached)];
    lines.extend(counts.iter().filter_map(|(name, count)| Some(format!("{name} tokens: {}", (*count)?))));
    for (name, value) in [
        ("session", span.session_id),
        ("provider", span.model_provider),
        ("model", span.model_name),
        ("error", span.error_type),
        ("input", Some(span.input_preview).filter(|preview| !preview.is_empty())),
        ("output", Some(span.output_preview).filter(|preview| !preview.is_empty())),
        (
            "text",
            Some(span.short_texts).filter(|text| !text.is_empty()).map(|text| text.replace('\n', " | ")),
        ),
        ("long", (!span.long_texts.is_empty()).then(|| span.long_texts.join(" | "))),
    ] {
        lines.extend(value.map(|value| format!("{name}: {value}")));
    }
    lines.extend(own(&span.attributes));
    lines.join("\n")
}

/// The attributes, except those that all spans of the reference SDK share.
fn own(attributes: &[Attribute]) -> Vec<String> {
    let common = [
        "agent_service",
        "ddtrace.version",
        "env",
        "error",
        "language",
        "ml_app",
        "service",
        "source",
        "version",
    ];
    attributes
        .iter()
        .filter(|attribute| !attribute.path.starts_with("_dd."))
        .filter(|attribute| !attribute.path.strip_prefix("tag.").is_some_and(|tag| common.contains(&tag)))
        .map(|attribute| format!("{} = {}", attribute.path, attribute.text))
        .collect()
}

#[test]
fn all_recorded_requests_are_accepted() {
    let (mut spans, mut metrics) = (0, 0);
    for scenario in scenarios() {
        for events in events(&scenario) {
            let intake = read_spans(&wrapped(&events)).expect(&scenario);
            assert_eq!(intake.rejected, [], "{scenario}");
            assert_eq!(intake.accepted.len(), events.len(), "{scenario}");
            for (span, event) in intake.accepted.iter().zip(&events) {
                assert_eq!(span.event, event.to_string(), "{scenario}");
                assert_eq!(span.kind, event["meta"]["span"]["kind"], "{scenario}");
                assert_eq!(span.failed, event["status"] == "error", "{scenario}");
                assert!(
                    span.input_preview.chars().count() <= 160 && span.output_preview.chars().count() <= 160
                );
            }
            spans += events.len();
        }
        for recorded in requests(&scenario, "metrics") {
            let intake = read_metrics(&evaluations(&recorded.clone().into()), 5).expect(&scenario);
            assert_eq!(intake.rejected, [], "{scenario}");
            assert_eq!(intake.accepted.len(), recorded.len(), "{scenario}");
            metrics += recorded.len();
        }
    }
    assert!(spans > 100 && metrics > 10, "{spans} spans, {metrics} metrics");
}

#[test]
fn a_workflow() {
    let pair =
        |path: &str, text: &str, number| Attribute { path: path.to_owned(), text: text.to_owned(), number };
    let span = span("workflow_basic", "wf");
    assert_eq!(
        span,
        Span {
            trace_id: "T1".to_owned(),
            span_id: "S1".to_owned(),
            parent_id: None,
            name: "wf".to_owned(),
            kind: "workflow".to_owned(),
            ml_app: Some("golden-app".to_owned()),
            service: Some("svc-golden".to_owned()),
            input_preview: "hello".to_owned(),
            output_preview: "world".to_owned(),
            attributes: vec![
                pair("tag.agent_service", "golden-app", None),
                pair("tag.ddtrace.version", "<v>", None),
                pair("tag.env", "", None),
                pair("tag.error", "0", Some(0.0)),
                pair("tag.language", "<lang>", None),
                pair("tag.ml_app", "golden-app", None),
                pair("tag.service", "svc-golden", None),
                pair("tag.source", "integration", None),
                pair("tag.version", "", None),
                pair("_dd.apm_trace_id", "A1", None),
                pair("_dd.sample_rate", "1", Some(1.0)),
                pair("_dd.sampling_decision", "1", Some(1.0)),
                pair("_dd.trace_id", "A1", None),
            ],
            short_texts: "hello\nworld".to_owned(),
            event: events("workflow_basic")[0][0].to_string(),
            ..Span::default()
        }
    );
}

#[test]
fn one_span_of_each_kind_is_read() {
    let dropped = "[This value has been dropped because this span's size exceeds the 5MB size limit.]";
    let llm = format!(
        "llm \"over\" of nothing, span S1 in T1
input tokens: 1
total tokens: 1
provider: unknown
model: m
input: {dropped}
output: {dropped}
long: {dropped} | {dropped}
tag.prompt_tracking_instrumentation_method = annotated
tag.t = 1
collection_errors = dropped_io
meta.metadata.k = v"
    );
    for (scenario, name, expected) in [
        ("oversize_span", "over", llm.as_str()),
        (
            "processor_redact",
            "r",
            "retrieval \"r\" of nothing, span S3 in T3
input: [in]
output: 2 documents: [out]
text: [in] | [out] | n | [out]
tag.span.kind = retrieval
meta.metadata.added = 1",
        ),
        (
            "processor_redact",
            "embedding",
            "embedding \"embedding\" of nothing, span S4 in T4
provider: unknown
model: e
input: 1 document: [in]
output: [out]
text: [in] | [out]
tag.span.kind = embedding
meta.metadata.added = 1",
        ),
        ("no_annotation_each_kind", "tool", "tool \"tool\" of nothing, span S3 in T3"),
        ("no_annotation_each_kind", "agent", "agent \"agent\" of nothing, span S4 in T4"),
        (
            "async_fn",
            "step",
            "task \"step\" of S1, span S2 in T1
input: 0
output: r0
text: i | 0 | r0
tag.decorator = 1",
        ),
        (
            "decorator_args",
            "custom-name",
            "workflow \"custom-name\" of nothing, span S4 in T4
session: sess-1
input: x
output: x
text: x | x | x
tag.decorator = 1
tag.session_id = sess-1",
        ),
        (
            "exception_raised",
            "boom",
            "failed task \"boom\" of nothing, span S1 in T1
error: __main__.MyErr
input: 7
text: x | 7 | bad thing: 7 | __main__.MyErr
meta.error.message = bad thing: 7
tag.decorator = 1
tag.error_type = __main__.MyErr",
        ),
        (
            "non_serialisable",
            "tool-arg-obj",
            "llm \"tool-arg-obj\" of nothing, span S5 in T5
provider: unknown
model: m
output: f({\"o\":\"PLAIN-STR\"})
text: f | o | PLAIN-STR",
        ),
        (
            "prompt_annotation",
            "template",
            "llm \"template\" of nothing, span S1 in T1
provider: unknown
model: m
input: i
text: i | Hello {{name}} | name | Al
tag.prompt_tracking_instrumentation_method = annotated",
        ),
    ] {
        assert_eq!(picture(scenario, name), expected);
    }
}

#[test]
fn half_an_emoji_is_replaced() {
    assert_eq!(span("lone_surrogate", "s").input_preview, "bad \u{fffd} surrogate");
    // The SDK replaces lone surrogates. This body contains one.
    let body = String::from_utf8(wrapped(&events("lone_surrogate")[0])).expect("UTF-8");
    let body = body.replace('\u{fffd}', r"\ud83d");
    let intake = read_spans(body.as_bytes()).expect("a body");
    assert_eq!(intake.rejected, []);
    assert_eq!(intake.accepted[0].input_preview, "bad \u{fffd} surrogate");
    assert!(intake.accepted[0].event.contains(r"bad \ufffd surrogate"));
}
