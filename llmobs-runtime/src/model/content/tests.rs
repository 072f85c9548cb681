//! How Datadog shows input and output, by kind of span.

mod documents;
mod messages;

use serde::Serialize;
use serde_json::{Value, json};

use super::Content;
use crate::base::kind::Kind;
use crate::deliver::encode::Encoder;
use crate::model::captured::{Captured, Source};
use crate::model::sample::Sample;
use crate::model::tags::Identity;

/// The JSON text of a value and its source.
struct Given(String, Source);

/// Returns what an attribute captures for these arguments, given as the members of a JSON object in order.
fn arguments(fields: &str) -> Given {
    Given(format!("{{{fields}}}"), Source::Arguments)
}

fn annotated<T: Serialize>(value: &T) -> Given {
    annotated_within(value, usize::MAX)
}

/// Returns what is captured for an annotated value within a limit.
fn annotated_within<T: Serialize>(value: &T, limit: usize) -> Given {
    let captured = Captured::annotated(value, limit);
    Given(captured.json().to_owned(), captured.source)
}

fn returned<T: Serialize>(value: &T) -> Given {
    Given(annotated(value).0, Source::Value)
}

/// Returns a content as Datadog shows it.
fn shown(content: Content) -> Value {
    let identity = Identity::default();
    let mut span = Sample::new(Kind::Task, "").data(&identity);
    span.output = Some(content).filter(|content| !content.is_empty());
    Encoder::new(&identity, "", usize::MAX).event(&span)["meta"]["output"].take()
}

/// Returns `meta.input`, or null if there is none.
fn input(kind: Kind, Given(json, source): Given) -> Value {
    shown(super::read_input(kind, &json, source).0)
}

/// Returns `meta.output`, or null if there is none.
fn output(kind: Kind, Given(json, source): Given) -> Value {
    shown(super::read_output(kind, &json, source).0)
}

#[test]
fn other_kinds_show_strings_unchanged_and_other_values_as_json() {
    let texts = [
        (json!("two\nlines, \"quoted\", \\ and 🦀"), "two\nlines, \"quoted\", \\ and 🦀"),
        (json!(""), ""),
        (json!({ "b": [1, 2.0, null], "a": "é" }), r#"{"a":"é","b":[1,2.0,null]}"#),
        (json!([]), "[]"),
        (json!(0), "0"),
        (json!(false), "false"),
        // Text that looks like JSON is text.
        (json!("{\"a\": 1}"), "{\"a\": 1}"),
        (json!("\"quoted\""), "\"quoted\""),
    ];
    for (value, text) in texts {
        let shown = json!({ "value": text });
        for kind in [Kind::Workflow, Kind::Agent, Kind::Task, Kind::Tool] {
            assert_eq!(input(kind, annotated(&value)), shown);
            assert_eq!(output(kind, annotated(&value)), shown);
            assert_eq!(output(kind, returned(&value)), shown);
        }
        assert_eq!(input(Kind::Retrieval, annotated(&value)), shown);
        assert_eq!(output(Kind::Embedding, annotated(&value)), shown);
    }
}

#[test]
fn arguments_of_other_kinds_are_an_object_in_signature_order() {
    let fields = r#""zeta":"a","alpha":{"messages":[]},"text":[1]"#;
    for kind in [Kind::Workflow, Kind::Agent, Kind::Task, Kind::Tool, Kind::Retrieval] {
        assert_eq!(
            input(kind, arguments(fields)),
            json!({ "value": r#"{"zeta":"a","alpha":{"messages":[]},"text":[1]}"# })
        );
        // A single string keeps its name.
        assert_eq!(input(kind, arguments(r#""q":"x""#)), json!({ "value": r#"{"q":"x"}"# }));
    }
}
