//! Unchanged items, and streams of mixed items.

use serde_json::{Value, json};

use super::{chunk, folded, messages, metrics, output, text_chunk, within};
use crate::base::kind::Kind;
use crate::trace::fold::Fold;

#[test]
fn items_of_unknown_form_are_a_list() {
    let items = [json!({ "b": 1, "a": [2.0, null] }), Value::Null, json!(true), json!("text"), json!([])];
    for kind in [Kind::Llm, Kind::Task] {
        assert_eq!(folded(kind, 1000, &items), (json!(items), Vec::new()));
    }
    assert_eq!(output(&[json!(7)]), json!([7]));
}

#[test]
fn items_keep_their_json_text() {
    let mut fold = Fold::new(100);
    for item in [r#"{"b":1.0,"a":1e3}"#, "12345678901234567890123"] {
        fold.push(item);
    }
    assert_eq!(fold.finish(Kind::Task).json.unwrap(), r#"[{"b":1.0,"a":1e3},12345678901234567890123]"#);
}

#[test]
fn a_long_list_is_cut_with_a_note() {
    let items: Vec<_> = (100..200).map(|item| json!(item)).collect();
    assert_eq!(within(0, &items), json!(["… [first 0 of 100 items]"]));
    assert_eq!(within(1, &items), json!([100, "… [first 1 of 100 items]"]));
    assert_eq!(within(7, &items), json!([100, 101, "… [first 2 of 100 items]"]));
    assert_eq!(within(8, &items), json!([100, 101, 102, "… [first 3 of 100 items]"]));
    assert_eq!(within(400, &items), json!(items));
}

#[test]
fn text_followed_by_other_items_is_a_list() {
    let items = [json!("a"), json!("b"), json!({ "done": true }), json!("c"), Value::Null];
    assert_eq!(messages(&items), json!(["ab", { "done": true }, "c", null]));
    assert_eq!(within(3, &items), json!(["ab", "… [first 1 of 4 items]"]));
    assert_eq!(within(1, &items), json!(["a… [1 bytes left out] …", "… [first 1 of 4 items]"]));
    assert_eq!(output(&[json!("a"), text_chunk("b")]), json!(["a", text_chunk("b")]));
}

#[test]
fn a_chat_followed_by_other_items_is_a_list_with_its_metrics() {
    let two =
        json!([{ "index": 1, "delta": { "content": "B" } }, { "index": 0, "delta": { "content": "A" } }]);
    let items = [
        chunk(&two),
        json!({ "choices": [], "usage": { "prompt_tokens": 1 } }),
        json!({ "weather": "dry" }),
        text_chunk("c"),
    ];
    let list = json!([
        { "role": "assistant", "content": "A" },
        { "role": "assistant", "content": "B" },
        { "weather": "dry" },
        text_chunk("c"),
    ]);
    assert_eq!(output(&items), list);
    assert_eq!(messages(&items), list);
    assert_eq!(metrics(&items), [("input_tokens", 1)]);
    assert_eq!(metrics(&items[..2]), [("input_tokens", 1)]);
    assert_eq!(output(&[text_chunk("a"), json!("b")]), json!([{ "role": "assistant", "content": "a" }, "b"]));
}
