//! A function for each fuzz target: it reads the bytes, and panics if the result breaks a rule.

#![allow(dead_code, unused_imports, reason = "targets use a part of the modules of other packages")]

// The explorer is a program without a library.
#[path = "../../llmobs-explorer/src/id.rs"]
mod id;
#[path = "../../llmobs-explorer/src/intake/mod.rs"]
mod intake;
#[path = "../../llmobs-providers/tests/support/checks.rs"]
mod providers;
#[path = "../../llmobs-explorer/src/query/mod.rs"]
mod query;
#[path = "../../llmobs-explorer/src/span.rs"]
mod span;
#[path = "../../llmobs-explorer/src/unspaced.rs"]
mod unspaced;

use std::collections::BTreeMap;
use std::sync::Mutex;

use intake::{
    ApmVersion, Intake, OtlpEncoding, read_api, read_apm, read_merged, read_metrics, read_otlp, read_spans,
    read_updates,
};
use llmobs_runtime::propagation::Extractor;
use llmobs_runtime::testing::Collector;
use query::{Condition, Query, Source, filter};
use serde_json::Value;
use span::Span;

/// Answers of the protocols of a family.
macro_rules! families {
    ($($target:ident $protocols:ident)*) => {
        $(
            pub fn $target(data: &[u8]) {
                providers::answer(providers::$protocols, data);
            }
        )*
    };
}

families! {
    openai OPENAI
    anthropic ANTHROPIC
    gemini GEMINI
    ollama OLLAMA
    bedrock BEDROCK
    cohere COHERE
    libraries LIBRARIES
}

/// Requests of all protocols, attributes of spans, and values of MCP.
pub fn request(data: &[u8]) {
    providers::request(data);
}

/// JSON, compared with `serde_json`.
pub fn json(data: &[u8]) {
    providers::json(data);
}

/// Headers of a request, one per line: the next program continues their trace.
pub fn headers(data: &[u8]) {
    let received = Lines(data);
    let mut sent = BTreeMap::<String, String>::new();
    let collector = Collector::new();
    collector.enter(|| {
        llmobs_runtime::integration::extract_request(&received).enter(|| {
            let span = llmobs_runtime::task("here").start();
            span.enter(|| llmobs_runtime::inject(&mut sent));
        });
        llmobs_runtime::extract(&sent).enter(|| llmobs_runtime::task("next").start().finish());
    });
    for (name, value) in &sent {
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value:?}");
    }
    let spans = collector.spans();
    let [here, next] = &*spans else { panic!("{} spans", spans.len()) };
    // The next program would write an id of 64 bits in decimal: SDKs send hexadecimal digits only of longer ids.
    if here.trace_id().starts_with("0000000000000000") {
        return;
    }
    assert_eq!(next.trace_id(), here.trace_id(), "{sent:?}");
    assert_eq!(next.parent_id(), Some(here.span_id()), "{sent:?}");
}

/// Lines such as `traceparent: 00-…`.
struct Lines<'a>(&'a [u8]);

impl Extractor for Lines<'_> {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        let lines = self.0.split(|byte| *byte == b'\n');
        let headers = lines.filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        });
        headers
            .filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
            .collect()
    }
}

/// Bodies of the JSON routes. The first byte selects the route.
pub fn spans(data: &[u8]) {
    let Some((route, body)) = data.split_first() else { return };
    match route % 4 {
        0 => assert_spans(read_spans(body)),
        1 => assert_spans(read_api(body)),
        2 => assert_answer(&read_metrics(body, 1), |evaluation| &evaluation.event),
        _ => match read_updates(body) {
            Ok(updates) => {
                let event =
                    r#"{"trace_id":"T","span_id":"1","start_ns":1,"duration":1,"meta":{"metadata":{}}}"#;
                assert_spans(Ok(read_merged(updates.iter().map(|update| update.merged(event)).collect())));
            }
            Err(reason) => assert_reason(&reason),
        },
    }
}

/// Bodies of OTLP. The first byte selects the encoding.
pub fn otlp(data: &[u8]) {
    let Some((encoding, body)) = data.split_first() else { return };
    let encoding = if encoding % 2 == 0 { OtlpEncoding::Protobuf } else { OtlpEncoding::Json };
    assert_created(read_otlp(body, encoding, None, &Mutex::default()).map(|read| read.intake));
}

/// Bodies of Datadog's tracers. The first byte selects the version.
pub fn apm(data: &[u8]) {
    let Some((version, body)) = data.split_first() else { return };
    let version = [ApmVersion::V04, ApmVersion::V07, ApmVersion::V10][usize::from(version % 3)];
    assert_created(read_apm(body, version).map(|read| read.intake));
}

/// Events that the intake created are read again as the same spans.
fn assert_created(read: Result<Intake<Span>, String>) {
    if let Ok(intake) = &read {
        let events = intake.accepted.iter().map(|span| span.event.clone()).collect();
        assert_eq!(read_merged(events).accepted, intake.accepted);
    }
    assert_spans(read);
}

fn assert_spans(read: Result<Intake<Span>, String>) {
    for span in read.iter().flat_map(|intake| &intake.accepted) {
        assert!(!span.trace_id.is_empty() && !span.span_id.is_empty(), "{}", span.event);
    }
    assert_answer(&read, |span| &span.event);
}

/// The reasons are short, and the events are JSON.
fn assert_answer<T>(read: &Result<Intake<T>, String>, event: fn(&T) -> &str) {
    match read {
        Ok(intake) => {
            for accepted in &intake.accepted {
                let event = event(accepted);
                assert!(matches!(serde_json::from_str(event), Ok(Value::Object(_))), "{event}");
            }
            if let Some(reason) = intake.refusal() {
                assert_reason(&reason);
            }
        }
        Err(reason) => assert_reason(reason),
    }
}

fn assert_reason(reason: &str) {
    assert!(!reason.is_empty() && reason.len() < 1000, "{} bytes: {reason}", reason.len());
}

/// Two queries, one per line, that the explorer combines. They are also used as the name and the value of a field.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (first, second) = text.split_once('\n').unwrap_or((text, ""));
    for (before, after) in [("meta.metadata.", ""), ("metrics.", ""), ("tag.", ""), ("evaluation.", ".value")]
    {
        // No evaluation has an empty label.
        if first.is_empty() && before == "evaluation." {
            continue;
        }
        let term = filter(&format!("{before}{first}{after}"), second);
        let query = parsed(&term);
        assert!(query.has(&term), "{term:?}");
        match query.condition() {
            Condition::Filter(field, _) => match &field.source {
                Source::Attribute(path) => assert_eq!(path.strip_prefix(before), Some(first)),
                Source::Evaluation { label, .. } => assert_eq!(label, first),
                _ => {}
            },
            other => panic!("{term:?}: {other:?}"),
        }
    }
    match Query::parse(first) {
        Ok(query) => {
            let Ok(term) = Query::parse(second) else { return };
            let with = parsed(&query.with(second));
            assert!(term.is_all() || !is_single(&term) || with.has(second), "{with:?}: {second:?}");
            let without = parsed(&with.without(second));
            assert!(term.is_all() || !without.has(second), "{without:?}: {second:?}");
        }
        Err(error) => {
            assert!(error.column <= first.chars().count() + 1, "{first:?}: {error}");
            assert!(error.to_string().len() < 4 * first.len() + 500, "{error}");
        }
    }
}

fn parsed(text: &str) -> Query {
    Query::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Whether it is not a conjunction, whose parts are terms of their own.
fn is_single(query: &Query) -> bool {
    !matches!(query.condition(), Condition::And(_))
}
