//! What Datadog is shown for what a program put in and got out, by kind of span.

#[path = "content_tests/documents.rs"]
mod documents;
#[path = "content_tests/messages.rs"]
mod messages;

use serde::Serialize;
use serde_json::{Value, json};

use super::Content;
use crate::capture::Captured;
use crate::kind::Kind;

/// What an attribute captures of a function with these arguments: the inside of a JSON object, in their order.
fn arguments(fields: &str) -> Captured {
    Captured::arguments(format!("{{{fields}}}"))
}

fn annotated<T: Serialize>(value: &T) -> Captured {
    Captured::annotated(value, usize::MAX)
}

fn returned<T: Serialize>(value: &T) -> Captured {
    Captured::value(annotated(value).into_json())
}

fn shown(content: Content) -> Value {
    if content.is_empty() { Value::Null } else { content.into_json() }
}

/// `meta.input`, or null where there is none.
fn input(kind: Kind, captured: Captured) -> Value {
    shown(Content::of_input(kind, captured))
}

/// `meta.output`, or null where there is none.
fn output(kind: Kind, captured: Captured) -> Value {
    shown(Content::of_output(kind, captured))
}

#[test]
fn other_kinds_show_a_string_as_it_is_and_anything_else_as_json() {
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
fn arguments_of_other_kinds_are_an_object_in_the_order_of_the_signature() {
    let fields = r#""zeta":"a","alpha":{"messages":[]},"text":[1]"#;
    for kind in [Kind::Workflow, Kind::Agent, Kind::Task, Kind::Tool, Kind::Retrieval] {
        assert_eq!(
            input(kind, arguments(fields)),
            json!({ "value": r#"{"zeta":"a","alpha":{"messages":[]},"text":[1]}"# })
        );
        // A lone string keeps its name.
        assert_eq!(input(kind, arguments(r#""q":"x""#)), json!({ "value": r#"{"q":"x"}"# }));
    }
}
