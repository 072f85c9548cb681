//! Values of many types, annotated as input and output.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Difference, flushed};

#[derive(Serialize)]
struct Model {
    z: i64,
    a: &'static str,
}

fn annotated(span: &llmobs::Span, value: &impl Serialize) {
    span.annotate(|note| {
        note.input(value).output(value);
    });
}

pub(super) fn annotate_text_shapes() -> Value {
    flushed(|| {
        let shape = |name: &'static str| llmobs::workflow(name).start();
        annotated(&shape("string"), &"s");
        annotated(&shape("empty"), &"");
        annotated(&shape("int"), &5);
        annotated(&shape("float"), &1.5);
        annotated(&shape("float_int"), &2.0);
        annotated(&shape("big"), &1e21);
        annotated(&shape("small"), &1e-7);
        annotated(&shape("true"), &true);
        annotated(&shape("false"), &false);
        annotated(&shape("zero"), &0);
        annotated(&shape("list"), &(1, "a", None::<u8>, 1.5, true));
        annotated(&shape("empty_list"), &[0_u8; 0]);
        annotated(&shape("empty_dict"), &BTreeMap::<u8, u8>::new());
        annotated(&shape("dict_unsorted"), &json!({ "b": 1, "a": { "d": [], "c": {} } }));
        annotated(&shape("tuple"), &(1, 2));
        annotated(&shape("none_in"), &json!({ "a": null }));
        annotated(&shape("pydantic"), &Model { z: 1, a: "s" });
        annotated(&shape("int_keys"), &BTreeMap::from([(1, "a"), (2, "b")]));
        annotated(&shape("tuple_key"), &BTreeMap::from([((1, 2), "x")]));
        annotated(&shape("json_string"), &r#"{"already": "json"}"#);
        annotated(&shape("unicode"), &BTreeMap::from([("k", "caf\u{e9} \u{2603} \u{1f600}")]));
        annotated(&shape("quote"), &"a\"b\\c\n\t\u{1}</script>");
        llmobs::tool("tool-kind").start().annotate(|note| {
            note.input(json!({ "x": 1 })).output([1]);
        });
        llmobs::agent("agent-kind").start().annotate(|note| {
            note.input(json!({ "x": 1 })).output([1]);
        });
    })
}

pub(super) const ANNOTATE_TEXT_SHAPES: &[Difference] = &[
    Difference {
        name: "values that only Python has",
        reason: "sets, bytes, dataclasses, objects with __str__, dates, decimals and keys of mixed types have no counterpart in serde, or one with another JSON form",
        apply: |events| {
            let python = ["set", "bytes", "nan", "inf", "dataclass", "datetime", "decimal", "uuid", "plain"];
            let more = ["badstr", "nested_obj", "mixed_keys"];
            events.retain(|event| !python.iter().chain(&more).any(|name| event["name"] == *name));
        },
    },
    Difference {
        name: "a key that is not a string is kept",
        reason: "Python loses the whole value if a key is a tuple",
        apply: |events| {
            for event in events.iter_mut().filter(|event| event["name"] == "tuple_key") {
                let value = json!({ "value": r#"{"[1,2]":"x"}"# });
                event["meta"]["input"] = value.clone();
                event["meta"]["output"] = value;
            }
        },
    },
];
