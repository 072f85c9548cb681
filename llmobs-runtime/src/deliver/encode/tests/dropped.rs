//! Events that a receiver refuses as too large.

use serde_json::{Value, json};

use super::super::Encoder;
use super::super::dropped::{DROPPED_IO, without_content};
use super::Ids;
use crate::base::kind::Kind;
use crate::model::sample::Sample;
use crate::model::tags::Identity;

/// Returns the text of an event with its wrapper object.
fn wrapped(span: &Sample, limit: usize) -> String {
    let mut body = String::new();
    Encoder::new(&Identity::default(), "app", limit).encode_data(&span.data(&Identity::default()), &mut body);
    body
}

#[test]
fn content_is_removed_from_an_event() {
    let span = Ids::new().span(Kind::Llm).annotate(|note| {
        note.input("Why?").output("x".repeat(3000)).metadata("kept", 0.25).metric("input_tokens", u64::MAX);
    });
    assert_eq!(
        DROPPED_IO,
        "[This value has been dropped because this span's size exceeds the 5MB size limit.]"
    );
    for limit in [usize::MAX, 3000] {
        let whole = wrapped(&span, limit);
        let without = without_content(&whole).unwrap();
        let mut expected: Value = serde_json::from_str(&whole).unwrap();
        let event = &mut expected["spans"][0];
        event["meta"]["input"] = json!({ "value": DROPPED_IO });
        event["meta"]["output"] = json!({ "value": DROPPED_IO });
        event["collection_errors"] = json!(["dropped_io"]);
        assert_eq!(serde_json::from_str::<Value>(&without).unwrap(), expected);
        assert_eq!(without_content(&without), None);
    }
}

#[test]
fn other_collection_errors_of_an_event_are_kept() {
    let span = Ids::new().span(Kind::Task).annotate(|note| {
        note.input("in").metadata("large", "x".repeat(5000));
    });
    let without = without_content(&wrapped(&span, 3000)).unwrap();
    let event: Value = serde_json::from_str(&without).unwrap();
    assert_eq!(event["spans"][0]["collection_errors"], json!(["dropped_io", "trimmed_metadata"]));
}

#[test]
fn an_event_without_content_is_unchanged() {
    assert_eq!(without_content(&wrapped(&Ids::new().span(Kind::Task), usize::MAX)), None);
    for no_event in ["", "{", "[]", "7", r#"{"spans":[]}"#, r#"{"spans":[7]}"#, r#"{"spans":[{"meta":7}]}"#] {
        assert_eq!(without_content(no_event), None, "{no_event}");
    }
}
