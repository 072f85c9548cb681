//! Deep and large events.

use serde_json::{Value, json};

use super::{Ids, LIMIT, event, text};
use crate::base::kind::Kind;
use crate::model::tags::Identity;

/// Nested objects or arrays with `core` in the innermost one.
fn nest(levels: usize, array: bool, core: &Value) -> Value {
    (0..levels).fold(core.clone(), |inner, _| if array { json!([inner]) } else { json!({ "k": inner }) })
}

#[test]
fn values_twelve_levels_deep_in_meta_become_text() {
    let ids = Ids::new();
    let core = json!("core");
    for array in [false, true] {
        for levels in 0..20 {
            // The value of a metadata key is at level two, so that ten levels of it are kept.
            let span = ids.span(Kind::Task);
            let span = span.annotate(|note| {
                note.metadata("key", nest(levels, array, &core));
            });
            let expected = match levels.checked_sub(10) {
                None | Some(0) => nest(levels, array, &core),
                Some(below) => nest(10, array, &Value::String(nest(below, array, &core).to_string())),
            };
            assert_eq!(
                event(&span),
                ids.event(Kind::Task, &json!({ "metadata": { "key": expected } })),
                "{levels} levels"
            );
        }
    }
}

#[test]
fn deep_arguments_of_tool_calls_become_text() {
    let ids = Ids::new();
    let call = |arguments: &Value| {
        let calls = json!([{ "name": "f", "arguments": arguments }]);
        json!([{ "role": "assistant", "content": "", "tool_calls": calls }])
    };
    let output = call(&nest(8, false, &json!([1])));
    let span = ids.span(Kind::Llm).annotate(|note| {
        note.output(output);
    });
    // meta 0, output 1, messages 2, the message 3, tool_calls 4, the call 5, arguments 6: six levels of objects are kept.
    let shown = call(&nest(6, false, &Value::String(nest(2, false, &json!([1])).to_string())));
    assert_eq!(
        event(&span),
        ids.event(
            Kind::Llm,
            &json!({ "model_name": "unknown", "model_provider": "unknown", "output": { "messages": shown } })
        )
    );
}

#[test]
fn at_the_limit_the_largest_text_loses_its_middle() {
    let ids = Ids::new();
    let span = |letters: usize| {
        let span = ids.span(Kind::Workflow).session_id("s");
        span.annotate(|note| {
            note.input("in").output("x".repeat(letters));
        })
    };
    let identity = Identity::default();
    let around = text(&span(0), &identity).len();
    let largest = LIMIT - 1 - around;
    let whole = text(&span(largest), &identity);
    assert_eq!(whole.len(), LIMIT - 1);
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole, event(&span(largest)));
    assert_eq!(whole["meta"]["output"]["value"].as_str().map(str::len), Some(largest));
    assert_eq!(whole.get("collection_errors"), None);

    let short = text(&span(largest + 1), &Identity::default());
    assert!((LIMIT - 1000..LIMIT).contains(&short.len()), "{}", short.len());
    let short: Value = serde_json::from_str(&short).unwrap();
    let output = short["meta"]["output"]["value"].as_str().unwrap();
    let (head, rest) = output.split_once("… [").unwrap();
    let (left_out, tail) = rest.split_once(" bytes left out] …").unwrap();
    assert_eq!(head.len() + tail.len() + left_out.parse::<usize>().unwrap(), largest + 1);
    let mut expected = whole;
    expected["meta"]["output"]["value"] = json!(output);
    expected["collection_errors"] = json!(["trimmed_io"]);
    assert_eq!(short, expected);
    assert_eq!(short, event(&span(largest + 1)));
}

#[test]
fn large_metadata_does_not_shorten_input_and_output() {
    let ids = Ids::new();
    let long = "m".repeat(5_100_000);
    let span = ids.span(Kind::Workflow);
    let span = span.annotate(|note| {
        note.metadata("long", &long).metadata("short", [1, 2]).input("in").output("out");
    });
    let event = event(&span);
    let short = &event["meta"]["metadata"]["long"];
    let mut expected = ids.event(
        Kind::Workflow,
        &json!({
            "metadata": { "long": short, "short": [1, 2] },
            "input": { "value": "in" },
            "output": { "value": "out" },
        }),
    );
    expected["collection_errors"] = json!(["trimmed_metadata"]);
    assert_eq!(event, expected);
    let short = short.as_str().unwrap();
    assert!(short.starts_with("mmm") && short.ends_with("mmm") && short.len() > 4_990_000, "{}", short.len());
}

#[test]
fn numbers_in_metadata_keep_their_digits() {
    let mut random = fastrand::Rng::with_seed(7);
    // Six digits, like numbers of settings and scores. The last of 17 digits may change, because
    // `serde_json` does not always read floats to the nearest.
    let numbers: Vec<f64> = (0..2000).map(|_| f64::from(random.u32(..1_000_000)) / 1e6).collect();
    let values = (1e21, 2.0, -0.5, u64::MAX, &numbers);
    let span = Ids::new().span(Kind::Task).annotate(|note| {
        note.metadata("numbers", values);
    });
    let event = text(&span, &Identity::default()).replace("1e+21", "1e21");
    let digits = serde_json::to_string(&numbers).unwrap();
    let expected = format!("\"numbers\":[1e21,2.0,-0.5,18446744073709551615,{digits}]");
    assert!(event.contains(&expected), "a number of the metadata changed: {event}");
}
