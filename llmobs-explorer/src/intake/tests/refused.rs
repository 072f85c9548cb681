//! Refused bodies and events, with their reasons.

use serde_json::{Value, json};

use super::{bare, batch, with, wrapped};
use crate::intake::{Rejected, read_api, read_spans};

const START: &str = "expected a whole number of nanoseconds since 1970, from 0 to 9223372036854775807";
const DURATION: &str = "expected a number of nanoseconds, from 0 to 9223372036854775807";

/// The reason for rejecting the middle one of three events. The others are accepted.
fn reason(event: &str) -> String {
    let body =
        format!(r#"[{{"spans": [{}]}}, {{"spans": [{event}]}}, {{"spans": [{}]}}]"#, bare("a"), bare("z"));
    let intake = read_spans(body.as_bytes()).expect("a body that can be read");
    let kept: Vec<&str> = intake.accepted.iter().map(|span| span.span_id.as_str()).collect();
    assert_eq!(kept, ["a", "z"], "{event}");
    let [Rejected { index: 1, reason }] = intake.rejected.as_slice() else { panic!("{:?}", intake.rejected) };
    reason.clone()
}

#[test]
fn events() {
    let long = "x".repeat(1_000_000);
    for (fields, expected) in [
        (json!({ "trace_id": null }), "`trace_id` is missing: expected a text or an integer".to_owned()),
        (json!({ "span_id": "" }), "`span_id` is missing: expected a text or an integer".to_owned()),
        (json!({ "span_id": 1.5 }), "`span_id` is 1.5: expected a text or an integer".to_owned()),
        (json!({ "trace_id": ["T"] }), "`trace_id` is a list: expected a text or an integer".to_owned()),
        (json!({ "parent_id": true }), "`parent_id` is true: expected a text or an integer".to_owned()),
        (json!({ "name": { "a": 1 } }), "`name` is an object: expected a text".to_owned()),
        (json!({ "start_ns": null }), format!("`start_ns` is `null`, `NaN` or infinite: {START}")),
        (json!({ "start_ns": -1 }), format!("`start_ns` is -1: {START}")),
        (json!({ "start_ns": 1.5 }), format!("`start_ns` is 1.5: {START}")),
        (json!({ "start_ns": "17" }), format!("`start_ns` is \"17\": {START}")),
        (json!({ "start_ns": 1_u64 << 63 }), format!("`start_ns` is 9223372036854775808: {START}")),
        (json!({ "start_ns": long }), format!("`start_ns` is \"{}\"…: {START}", "x".repeat(40))),
        (json!({ "duration": null }), format!("`duration` is `null`, `NaN` or infinite: {DURATION}")),
        (json!({ "duration": -5 }), format!("`duration` is -5: {DURATION}")),
        (json!({ "duration": 1e19 }), format!("`duration` is 1e+19: {DURATION}")),
        (json!({ "meta": "x\ny" }), "`meta` is \"x\\ny\": expected an object".to_owned()),
        (json!({ "metrics": [] }), "`metrics` is a list: expected an object".to_owned()),
        (
            json!({ "tags": { "a": "b" } }),
            "`tags` is an object: expected a list of texts `key:value`".to_owned(),
        ),
    ] {
        assert_eq!(reason(&with(bare("S"), fields).to_string()), expected);
    }
    assert_eq!(reason("{}"), "`trace_id` is missing: expected a text or an integer");
    assert_eq!(reason("null"), "it is null: expected an object");
    assert_eq!(
        reason(r#"{"trace_id": "T", "metrics": {"a": 1e400}}"#),
        "it cannot be read: number out of range at line 1 column 40 of the event"
    );
}

#[test]
fn depth() {
    let nested = |levels: usize| {
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"trace_id": "T", "span_id": "S", "start_ns": 1, "duration": 2, "meta": {deep}}}"#)
    };
    // The event itself is the first of 127 levels.
    assert_eq!(reason(&nested(126)), "`meta` is a list: expected an object");
    for levels in [127, 128, 1_000_000] {
        assert_eq!(
            reason(&nested(levels)),
            "it cannot be read: recursion limit exceeded at line 1 column 199 of the event"
        );
    }
}

#[test]
fn of_two_spans_with_one_id_the_second_is_rejected() {
    let changed = with(bare("a"), json!({ "name": "other" }));
    let elsewhere = with(bare("a"), json!({ "trace_id": "T2" }));
    let intake = read_spans(&wrapped(&[bare("a"), bare("b"), bare("a"), changed, elsewhere, json!(1)]))
        .expect("a body");
    let kept: Vec<(&str, &str)> =
        intake.accepted.iter().map(|span| (span.trace_id.as_str(), span.span_id.as_str())).collect();
    assert_eq!(kept, [("T", "a"), ("T", "b"), ("T2", "a")]);
    let reasons: Vec<String> = intake.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "event 3: `span_id` is \"a\" as in event 0: expected a unique id in the trace",
            "event 5: it is a number: expected an object",
        ]
    );
}

#[test]
fn wrappers() {
    let body = format!(r#"[1, "x", {{"spans": {{}}}}, {{"a": 1}}, null, [], {{"spans": [{}]}}]"#, bare("a"));
    let intake = read_spans(body.as_bytes()).expect("a body that can be read");
    assert_eq!(intake.accepted.len(), 1);
    let reasons: Vec<String> = intake.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "event 0: it is a number: expected an object with `spans`",
            "event 1: it is a text: expected an object with `spans`",
            "event 2: `spans` is an object: expected a list of events",
            "event 3: `spans` is missing: expected a list of events",
            "event 4: it is null: expected an object with `spans`",
            "event 5: it is a list: expected an object with `spans`",
        ]
    );
    assert_eq!(
        intake.refusal().as_deref(),
        Some("event 0: it is a number: expected an object with `spans` (6 of 7 events rejected)")
    );
    let good = read_spans(&wrapped(&[bare("a")])).expect("a body");
    assert_eq!(good.refusal(), None);
}

#[test]
fn bodies() {
    let wrappers = r#"expected an array of `{"event_type": "span", "spans": […]}`"#;
    for (body, expected) in [
        ("", format!("the body is empty: {wrappers}")),
        (" \n", format!("the body is empty: {wrappers}")),
        ("5", format!("the body is a number: {wrappers}")),
        ("\"spans\"", format!("the body is a text: {wrappers}")),
        ("null", format!("the body is null: {wrappers}")),
        ("hello", format!("the body is not JSON: expected value at line 1 column 1; {wrappers}")),
        ("[{}", format!("the body is not JSON: EOF while parsing a list at line 1 column 3; {wrappers}")),
        ("[\n{},]", format!("the body is not JSON: trailing comma at line 2 column 4; {wrappers}")),
        ("{\"spans\": [}", format!("the body is not JSON: expected value at line 1 column 12; {wrappers}")),
        ("[] []", format!("the body is not JSON: trailing characters at line 1 column 4; {wrappers}")),
    ] {
        assert_eq!(read_spans(body.as_bytes()).unwrap_err(), expected, "{body}");
    }
    assert_eq!(
        read_spans(b"[\xc3\x28]").unwrap_err(),
        "the body is not UTF-8: no character begins at byte 1"
    );
    assert_eq!(
        read_spans(&[0x1f, 0x8b, 8, 0]).unwrap_err(),
        "the body is not UTF-8: no character begins at byte 1"
    );
}

#[test]
fn batches() {
    let expected = r#"expected `{"data": {"type": "span", "attributes": {"ml_app": …, "spans": […]}}}`"#;
    for (body, reason) in [
        (json!([]), "the body is a list"),
        (json!({}), "`data` is missing"),
        (json!({ "data": [] }), "`data` is a list"),
        (json!({ "data": {} }), "`attributes` is missing"),
        (json!({ "data": { "attributes": {} } }), "`spans` is missing"),
        (json!({ "data": { "attributes": { "spans": "x" } } }), "`spans` is a text"),
    ] {
        assert_eq!(read_api(body.to_string().as_bytes()).unwrap_err(), format!("{reason}: {expected}"));
    }
    let intake = read_api(&batch(&json!({ "spans": [Value::Null, bare("a")] }))).expect("a body");
    assert_eq!(intake.accepted.len(), 1);
    assert_eq!(intake.rejected[0].to_string(), "event 0: it is null: expected an object");
}

#[test]
fn too_many() {
    let expected = "there are more than 100000 events: send several requests";
    let list = |items: usize| format!("[{}1]", "1,".repeat(items - 1));
    assert_eq!(read_spans(list(100_000).as_bytes()).expect("a body").rejected.len(), 100_000);
    assert_eq!(
        read_spans(list(100_001).as_bytes()).unwrap_err(),
        format!("{expected} at line 1 column 200003")
    );
    let wrapper = format!("{{\"spans\": {}}}", list(60_000));
    assert_eq!(read_spans(format!("[{wrapper}, {wrapper}]").as_bytes()).unwrap_err(), expected);
}
